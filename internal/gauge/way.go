package gauge

import (
	"context"
	"sync"
	"time"
)

// way is one of the two ways to do the work: through leat, or through the bare
// protocol. It is used by one piece of work at a time.
type way interface {
	name() string
	// publish adds n events, as fast as it can, and returns when all are confirmed.
	publish(ctx context.Context, key string, n int) error
	// one adds one event of that number and returns when it is confirmed.
	one(ctx context.Context, key string, number int) error
	// work begins to work the stream off in the background. handle gets the events'
	// data, which it does not keep; it is called from several goroutines.
	work(ctx context.Context, key string, handle func(data []byte)) *worker
	// ping is one round trip.
	ping(ctx context.Context) error
	// unsure tells whether events may be on their way to the server that nobody waits
	// for any more.
	unsure() bool
	close(ctx context.Context) error
}

// worker is a consumer under way.
type worker struct {
	cancel context.CancelFunc
	ended  chan struct{} // closed when it has ended, for whatever reason
	err    error         // once it has ended

	mu      sync.Mutex
	first   time.Time // when the read was sent that brought the first events
	trouble error     // the last thing that went wrong and will be tried again
}

// launch runs a consumer until cancel, or until it ends by itself.
func launch(ctx context.Context, run func(ctx context.Context, w *worker) error) *worker {
	ctx, cancel := context.WithCancel(ctx)
	w := &worker{cancel: cancel, ended: make(chan struct{})}
	go func() {
		defer close(w.ended)
		w.err = run(ctx, w)
	}()
	return w
}

// stop ends the consumer and waits until what it handled is acknowledged, and what
// it had not handled given back.
func (w *worker) stop() error {
	w.cancel()
	<-w.ended
	return w.err
}

// read says that a read brought something after took.
func (w *worker) read(took time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.first.IsZero() {
		w.first = time.Now().Add(-took)
	}
}

// fail says that something went wrong that will be tried again.
func (w *worker) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.trouble = err
}

// since is when the work began, or otherwise where nothing is known of that.
func (w *worker) since(otherwise time.Time) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.first.Before(otherwise) { // also: not known
		return otherwise
	}
	return w.first
}

// why is the last thing that went wrong, nil when nothing did.
func (w *worker) why() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.trouble
}

// grace is how long work that was begun may go on when the run is interrupted, so
// that nothing stays on its way to the server that would come after the keys have
// been deleted.
const grace = 2 * time.Second

// gracefully is a context that ends a while after ctx does.
func gracefully(ctx context.Context) (context.Context, context.CancelFunc) {
	late, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	timer := make(chan *time.Timer, 1)
	stop := context.AfterFunc(ctx, func() {
		timer <- time.AfterFunc(grace, func() { cancel(context.Cause(ctx)) })
	})
	return late, func() {
		if !stop() {
			(<-timer).Stop()
		}
		cancel(nil)
	}
}
