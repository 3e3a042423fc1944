package main

import (
	"context"
	"errors"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/internal/health"
	"github.com/leat-io/leat/metrics"
	"github.com/leat-io/leat/stream"
)

// seen is what a worker shows of itself on --listen: metrics and health checks.
type seen struct {
	metrics *metrics.Metrics
	redis   *metrics.Server // nil when Redis is not to be asked
	close   func()
}

// listen begins to show how the worker is, before Redis is reached, and makes the
// consumer tell of itself.
func (w *worker) listen(ctx context.Context, cfg *consumer.Config) (*seen, error) {
	reg, b := newRegistry(), build()
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
	var err error
	s.close, err = w.flags.listen.open(ctx, w.log, dog.Check, w.ready, reg)
	return s, err
}

// use lets the metrics ask Redis, until the function is called that it returns.
func (s *seen) use(conn *stream.Conn) (done func()) {
	if s == nil || s.redis == nil {
		return func() {}
	}
	s.redis.Use(conn)
	return s.redis.Close
}

// errNotConnected is why a worker is not ready before it has reached Redis.
var errNotConnected = errors.New("redis has not been reached yet")
