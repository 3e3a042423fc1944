package pollmetrics_test

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/internal/streamtest"
	"github.com/leat-io/leat/stac"
	"github.com/leat-io/leat/stac/internal/stactest"
	"github.com/leat-io/leat/stac/poll"
	"github.com/leat-io/leat/stac/pollmetrics"
	"github.com/leat-io/leat/stream"
)

func TestMain(m *testing.M) { redistest.Main(m) }

// lab is a server, a stream of one test, and the metrics of its pollers.
type lab struct {
	*testing.T
	server *stactest.Server
	conn   *stream.Conn
	stream string
}

func newLab(t *testing.T, items int) *lab {
	t.Helper()
	conn, err := stream.Dial(t.Context(), redistest.Shared(t).URL())
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	start := time.Now().UTC().Truncate(time.Hour).AddDate(0, 0, -2)
	server := stactest.New(t, stactest.PgSTAC(), stactest.Items("c", items, start, time.Hour)...)
	return &lab{T: t, server: server, conn: conn, stream: redistest.Prefix(t) + "items"}
}

// poller is one of all of the server, with metrics in a registry of its own.
func (l *lab) poller(change func(*poll.Config)) (*poll.Poller, *prometheus.Registry) {
	l.Helper()
	reg := prometheus.NewRegistry()
	cfg := poll.Config{
		Stream: l.stream, Lease: time.Second, Hooks: pollmetrics.New(reg).Hooks(),
		Sources: []poll.Source{{
			Name:   "lab",
			Client: stac.ClientConfig{URL: l.server.URL, AllowNetworks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, RetryFor: stac.NoRetry},
			Start:  poll.Since(time.Time{}), Interval: 20 * time.Millisecond, Reconcile: time.Hour, Overlap: time.Hour,
		}},
	}
	if change != nil {
		change(&cfg)
	}
	p, err := poll.New(l.conn, cfg)
	require.NoError(l, err)
	l.Cleanup(p.Close)
	return p, reg
}

// run polls until stop is called.
func (l *lab) run(p *poll.Poller) (stop func()) {
	l.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	stopped := false
	stop = func() {
		if !stopped {
			stopped = true
			cancel()
			require.NoError(l, <-ended)
		}
	}
	l.Cleanup(stop)
	return stop
}

// fails makes the server answer nothing of use.
func (l *lab) fails() {
	l.server.Change(func(_ *stactest.Shape, f *stactest.Faults) {
		f.Intercept = func(w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(http.StatusTeapot)
			return true
		}
	})
}

// series are all values, by name and labels; of histograms the counts.
func series(t testing.TB, reg *prometheus.Registry) map[string]float64 {
	t.Helper()
	all := map[string]float64{}
	for _, f := range gathered(t, reg) {
		for _, m := range f.Metric {
			name := f.GetName()
			for _, l := range m.Label {
				name += fmt.Sprintf(" %s=%s", l.GetName(), l.GetValue())
			}
			all[name] = m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return all
}

func gathered(t testing.TB, reg *prometheus.Registry) []*dto.MetricFamily {
	t.Helper()
	families, err := reg.Gather()
	require.NoError(t, err)
	return families
}

// sees waits until a series has a value.
func (l *lab) sees(reg *prometheus.Registry, name string, ok func(v float64, there bool) bool) {
	l.Helper()
	streamtest.Eventually(l, func() bool {
		v, there := series(l, reg)[name]
		return ok(v, there)
	}, "%s", name)
}

func is(want float64) func(float64, bool) bool {
	return func(v float64, there bool) bool { return there && v == want }
}

func atLeast(want float64) func(float64, bool) bool {
	return func(v float64, there bool) bool { return there && v >= want }
}
