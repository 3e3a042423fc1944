package plant

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/metrics"
	"github.com/leat-io/leat/producer"
	"github.com/leat-io/leat/stream"
)

// Program is a Go program that publishes, in the test's own process, with its own
// /metrics.
type Program struct {
	// Registry is what it serves.
	Registry *prometheus.Registry
	// Producer is its producer, for what Publish does not do.
	Producer *producer.Producer

	p    *Plant
	name string
	next atomic.Int64
}

// Program starts one; its hooks are those of metrics. Options are those of its
// connection.
func (p *Plant) Program(name string, cfg producer.Config, opts ...stream.Option) *Program {
	p.T.Helper()
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	cfg.Hooks = metrics.New(reg).Producer()
	conn, err := stream.Dial(p.T.Context(), p.Server.URL(), opts...)
	require.NoError(p.T, err)
	made, err := producer.New(conn, cfg)
	require.NoError(p.T, err)
	p.Serve(name, reg)
	p.T.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel() // what is not stored by now is not wanted
		_ = made.Close(ctx)
		_ = conn.Close()
	})
	return &Program{Registry: reg, Producer: made, p: p, name: name}
}

// Serve lets Prometheus scrape a registry of the test's own, as instance name.
func (p *Plant) Serve(name string, from prometheus.Gatherer) {
	p.T.Helper()
	server := httptest.NewServer(promhttp.HandlerFor(from, promhttp.HandlerOpts{EnableOpenMetrics: true}))
	p.T.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	p.Prometheus.Add(name, strings.TrimPrefix(server.URL, "http://"))
}

// Publish adds n events of a type to a stream, with IDs that nobody else has. The error
// is the producer's; where Redis is away on purpose it is not the test's.
func (g *Program) Publish(ctx context.Context, to, kind string, n int) error {
	events := make([]stream.Event, n)
	for i := range events {
		events[i] = stream.Event{ID: fmt.Sprintf("%s-%s-%d", g.name, kind, g.next.Add(1)), Source: "/plant", Type: kind, Data: []byte(`{"a":1}`)}
	}
	_, err := g.Producer.Publish(ctx, to, events...)
	return err
}
