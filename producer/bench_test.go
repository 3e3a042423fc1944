package producer_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/producer"
	"github.com/leat-io/leat/stream"
)

var payload = bytes.Repeat([]byte("x"), 200)

// trim keeps the server's memory small while a benchmark runs.
func trim(b *testing.B, server *redistest.Server, name string) {
	b.Helper()
	require.NoError(b, server.Client(b).Del(b.Context(), name).Err())
}

func BenchmarkSend(b *testing.B) {
	server := redistest.Shared(b)
	conn := dial(b, server.URL())
	for _, own := range []string{"", "own-id"} {
		b.Run("id="+own, func(b *testing.B) {
			name := redistest.Prefix(b) + "s"
			p, err := producer.New(conn, producer.Config{})
			require.NoError(b, err)
			b.ReportAllocs()
			for b.Loop() {
				p.Send(b.Context(), name, stream.Event{ID: own, Type: "bench", Data: payload})
			}
			require.NoError(b, p.Close(b.Context()))
			trim(b, server, name)
		})
	}
}

// What Send itself costs, without the server and the connection to it.
func BenchmarkSendAlone(b *testing.B) {
	p := open(b, fake(b, func(cmds [][]any) []string { return replies(cmds, replyID) }), producer.Config{})
	b.ReportAllocs()
	for b.Loop() {
		p.Send(b.Context(), "s", stream.Event{ID: "own-id", Type: "bench", Data: payload})
	}
}

func BenchmarkPublish(b *testing.B) {
	server := redistest.Shared(b)
	p := open(b, dial(b, server.URL()), producer.Config{})
	for _, n := range []int{1, 100, 1_000} {
		b.Run(fmt.Sprint("events=", n), func(b *testing.B) {
			name := redistest.Prefix(b) + "s"
			batch := make([]stream.Event, n)
			for i := range batch {
				batch[i] = stream.Event{Type: "bench", Data: payload}
			}
			b.ReportAllocs()
			for b.Loop() {
				_, err := p.Publish(b.Context(), name, batch...)
				require.NoError(b, err)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/event")
			trim(b, server, name)
		})
	}
}
