package gauge

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/producer"
	"github.com/leat-io/leat/stream"
)

// leatWay is the way through leat's producer and consumer.
type leatWay struct {
	cfg      *Config
	conn     *stream.Conn
	producer *producer.Producer
	event    stream.Event

	// Of the publish under way: what is settled, how much is wanted, the first error.
	settled, wanted atomic.Int64
	failed          atomic.Pointer[error]
	complete        chan struct{}

	abandoned atomic.Bool // see unsure
}

func newLeatWay(cfg *Config, conn *stream.Conn) (*leatWay, error) {
	l := &leatWay{cfg: cfg, conn: conn, event: newEvent(newPayload(cfg.Payload)), complete: make(chan struct{}, 1)}
	var err error
	l.producer, err = producer.New(conn, producer.Config{
		MaxEventBytes: max(producer.DefaultMaxEventBytes, 2*cfg.Payload),
		// What Redis refuses is wanted to be seen, and at once.
		RetryFor: producer.NoRetry,
		Hooks:    producer.Hooks{Published: l.published},
	})
	return l, err
}

func (l *leatWay) name() string { return "leat" }

// published is told the fate of events, a pipeline at a time.
func (l *leatWay) published(p producer.Published) {
	if p.Class == stream.ClassUnknown {
		l.abandoned.Store(true)
	}
	if p.Err != nil {
		l.failed.CompareAndSwap(nil, &p.Err)
	}
	if l.settled.Add(int64(p.Events)) >= l.wanted.Load() {
		l.wake()
	}
}

func (l *leatWay) wake() {
	select {
	case l.complete <- struct{}{}:
	default:
	}
}

// begin forgets the publish before.
func (l *leatWay) begin(n int) {
	l.settled.Store(0)
	l.failed.Store(nil)
	select {
	case <-l.complete:
	default:
	}
	l.wanted.Store(int64(n))
}

func (l *leatWay) publish(ctx context.Context, key string, n int) error {
	l.begin(n)
	mark(l.event.Data, 0)
	sent := 0
	for sent < n && l.failed.Load() == nil && ctx.Err() == nil {
		receipt := l.producer.Send(ctx, key, l.event)
		if ctx.Err() != nil && refused(receipt) {
			break
		}
		sent++
	}
	// What was sent is waited for in any case: see grace.
	late, cancel := gracefully(ctx)
	defer cancel()
	l.wanted.Store(int64(sent))
	for l.settled.Load() < int64(sent) {
		select {
		case <-l.complete:
		case <-late.Done():
			l.abandoned.Store(true)
			return context.Cause(ctx)
		}
	}
	if err := l.failed.Load(); err != nil {
		return *err
	}
	return context.Cause(ctx)
}

// refused tells whether an event was not accepted, because ctx had ended.
func refused(r *producer.Receipt) bool {
	select {
	case <-r.Done():
	default:
		return false
	}
	_, err := r.Wait(context.Background())
	return errors.Is(err, context.Canceled)
}

func (l *leatWay) one(ctx context.Context, key string, number int) error {
	mark(l.event.Data, number)
	late, cancel := gracefully(ctx)
	defer cancel()
	_, err := l.producer.Publish(late, key, l.event)
	return err
}

// shutdown is how long a consumer may take to end when it is told to.
const shutdown = 5 * time.Second

func (l *leatWay) work(ctx context.Context, key string, handle func(data []byte)) *worker {
	return launch(ctx, func(ctx context.Context, w *worker) error {
		c, err := consumer.New(l.conn, func(_ context.Context, d *stream.Delivery) error {
			handle(d.Data)
			return nil
		}, consumer.Config{
			Group: group, Streams: []string{key}, Concurrency: l.cfg.Concurrency, Prefetch: l.cfg.Prefetch,
			ShutdownTimeout: shutdown,
			Hooks: consumer.Hooks{
				Taken: func(_ string, _ consumer.Taking, _ int, took time.Duration) { w.read(took) },
				Error: func(loop, _ string, err error) { w.fail(fmt.Errorf("%s: %w", loop, err)) },
			},
		})
		if err != nil {
			return err
		}
		return c.Run(ctx)
	})
}

func (l *leatWay) unsure() bool { return l.abandoned.Load() }

func (l *leatWay) ping(ctx context.Context) error { return l.conn.Ping(ctx) }

func (l *leatWay) close(ctx context.Context) error {
	late, cancel := gracefully(ctx)
	defer cancel()
	return errors.Join(l.producer.Close(late), l.conn.Close())
}
