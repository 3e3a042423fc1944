package main

import (
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.uber.org/zap"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/internal/health"
	"github.com/leat-io/leat/metrics"
	"github.com/leat-io/leat/stream"
)

// seen is what a worker shows of itself on --listen: metrics and health checks.
type seen struct {
	metrics  *metrics.Metrics
	redis    *metrics.Server // nil when Redis is not to be asked
	endpoint io.Closer
}

// listen begins to show how the worker is, before Redis is reached, and makes the
// consumer tell of itself.
func (w *worker) listen(ctx context.Context, cfg *consumer.Config) (*seen, error) {
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	b := build()
	s := &seen{metrics: metrics.New(reg, metrics.WithVersion(b.Version, b.Commit))}
	if w.flags.metricsTTL > 0 {
		var err error
		s.redis, err = metrics.NewServer(nil, metrics.ServerConfig{
			Streams: cfg.Streams, Groups: []string{cfg.Group}, Lease: cfg.Lease, TTL: w.flags.metricsTTL,
			DeadLetters: map[string]string{cfg.Group: cfg.DeadLetter.Stream},
		})
		if err != nil {
			return nil, err
		}
		reg.MustRegister(s.redis)
	}
	dog := health.NewWatchdog(*cfg)
	context.AfterFunc(ctx, dog.Stop)
	cfg.Hooks = consumer.JoinHooks(s.metrics.Consumer(), dog.Hooks())
	if w.traced {
		cfg.Middleware = append(cfg.Middleware, s.metrics.Exemplars(cfg.Group, exemplar))
	}
	server, err := health.Listen(ctx, w.flags.listen, dog.Check, w.ready, health.Route{Pattern: "GET /metrics", Handler: exposed(reg)})
	if err != nil {
		return nil, err
	}
	s.endpoint = server
	w.log.Info("answers health checks", zap.String("address", server.Addr()))
	return s, nil
}

// exposed is /metrics. One broken collector must not hide the others.
func exposed(reg *prometheus.Registry) http.Handler {
	return promhttp.HandlerFor(reg, promhttp.HandlerOpts{
		Registry: reg, EnableOpenMetrics: true, ErrorHandling: promhttp.ContinueOnError,
	})
}

// use lets the metrics ask Redis, until the function is called that it returns.
func (s *seen) use(conn *stream.Conn) (done func()) {
	if s == nil || s.redis == nil {
		return func() {}
	}
	s.redis.Use(conn)
	return s.redis.Close
}

func (s *seen) close() { _ = s.endpoint.Close() } // the process ends

// errNotConnected is why a worker is not ready before it has reached Redis.
var errNotConnected = errors.New("redis has not been reached yet")
