package tracing

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"

	"github.com/leat-io/leat/stream"
)

// TestContextsAreReadAsThePropagatorReadsThem: the quick way and the other agree about what is one and what is none.
func TestContextsAreReadAsThePropagatorReadsThem(t *testing.T) {
	t.Parallel()
	const ids = "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7"
	for parent, quick := range map[string]bool{
		"00-" + ids + "-00": true, "00-" + ids + "-01": true, "00-" + ids + "-02": false, "00-" + ids + "-03": false, "00-" + ids + "-ff": false,
		"01-" + ids + "-01": false, "ff-" + ids + "-01": false, "00-" + ids + "-01-more": false, "00-" + ids + "-0": false, "": false, "nonsense": false,
		"00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01": false, "00-00000000000000000000000000000000-00f067aa0ba902b7-01": false,
		"00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01": false, "00-4bf92f3577b34da6a3ce929d0e0e473600f067aa0ba902b7--01": false,
		"00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01": false, "00-gbf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01": false,
	} {
		for _, state := range []string{"", "vendor=value"} {
			got, ok := usual(parent, state)
			require.Equal(t, quick && state == "", ok, "%q %q", parent, state)
			want := trace.SpanContextFromContext(w3c.Extract(context.Background(), &carrier{parent, state}))
			if ok {
				require.True(t, want.Equal(got), "%q", parent)
			}
			d := stream.Delivery{Event: stream.Event{Extensions: map[string]string{traceParent: parent, traceState: state}}}
			require.True(t, want.Equal(remote(&d)), "%q %q", parent, state)
		}
	}
}
