package consumer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/leat-io/leat/stream"
)

// executor calls the handler: one that takes single deliveries, or one that takes
// batches. For all else a single delivery is a batch of one.
type executor struct {
	c           *Consumer
	handle      Handler
	handleBatch BatchHandler
	most        int           // deliveries a call
	fill        time.Duration // how long to wait for as many
}

// run is one of Config.Concurrency workers. It ends when the queue is closed.
func (e *executor) run(of *calls) {
	w := worker{hooks: e.c.cfg.Hooks.worker(), usual: time.Second} // until it knows better
	defer w.hooks.Idle()
	for {
		items, waited := e.next(&w)
		if items == nil {
			return
		}
		if waited || w.now == 0 {
			w.now = e.c.now()
		}
		if ready := e.screen(items, &w); len(ready) > 0 {
			e.call(of, ready, &w)
		}
	}
}

// next takes what is to be done, and waits for it if need be.
func (e *executor) next(w *worker) (items []*item, waited bool) {
	if e.most == 1 {
		if items := e.c.queue.takeOne(w.usual); items != nil {
			return items, false
		}
	}
	w.hooks.Idle()
	return e.c.queue.take(e.most, e.fill, w.usual)
}

// worker is what one of them remembers from call to call.
type worker struct {
	// now is when the last call ended: the next one begins then, and a look at the
	// clock is saved. 0 when time may have passed since.
	now   time.Duration
	usual time.Duration // how long calls have been taking
	hooks WorkerHooks
}

// took notes that a call has ended.
func (w *worker) took(now time.Duration) {
	w.usual += (now - w.now - w.usual) / 8
	w.now = now
}

// screen settles what no handler must see, and returns the rest.
func (e *executor) screen(items []*item, w *worker) []*item {
	ready := items[:0]
	for _, it := range items {
		d, cfg := it.d, &e.c.cfg
		addressee := d.AddressedTo()
		switch {
		case it.isLost():
			e.c.finish(it, Lost)
		case cfg.Guarantee == AtLeastOnce && !e.stillHeld(it, w):
			// settled or handed back by stillHeld
		case addressee != "" && addressee != cfg.Group:
			e.c.ack(it, Skipped, w.now)
		case d.Malformed() != nil:
			e.c.bury(it, stream.ReasonMalformed, d.Malformed(), false)
		case cfg.MaxDeliveries > 0 && d.Deliveries-(d.Attempt-1) > cfg.MaxDeliveries:
			e.c.bury(it, stream.ReasonDeliveries, fmt.Errorf("delivered %d times without an outcome", d.Deliveries-d.Attempt), false)
		default:
			ready = append(ready, it)
			continue
		}
		w.now = e.c.now() // that may have taken time
	}
	return ready
}

// stillHeld makes sure of the lease of an entry that has waited long, before its
// handler starts: after a pause of this process (SIGSTOP, a suspended machine)
// others have what we hold.
func (e *executor) stillHeld(it *item, w *worker) bool {
	if it.orphan.Load() {
		e.c.finish(it, Lost)
		return false
	}
	if it.leaseAge(w.now) < safeAge(e.c.cfg.Lease) {
		return true
	}
	l := leaser{it.src}
	pause := pauses(e.c.cfg.Random)
	for !it.isLost() && !it.orphan.Load() {
		err := l.extendWith(e.c.settleCtx, it)
		if err == nil {
			break
		}
		it.src.failed("executor", err)
		it.src.regroup(err)
		if !sleep(e.c.settleCtx, pause.NextBackOff()) {
			e.c.finish(it, Lost)
			return false
		}
	}
	w.now = e.c.now() // Redis may have taken its time
	if it.isLost() || it.orphan.Load() {
		e.c.finish(it, Lost)
		return false
	}
	return true
}

// safeAge is until what age of a lease nobody else can have the entry: the
// server's clock may run a little faster than ours, and a command takes time.
func safeAge(lease time.Duration) time.Duration { return lease * 8 / 10 }

// call runs the handler on items and carries the verdicts out.
func (e *executor) call(of *calls, items []*item, w *worker) {
	ctx := items[0].group.call(items[0])
	ctx.of = of
	var expireAt time.Duration
	if timeout := e.c.cfg.HandlerTimeout; timeout > 0 {
		ctx.deadline = w.now + timeout
		expireAt = ctx.deadline + e.c.cfg.Lease
	}
	running := items[:0]
	for _, it := range items {
		if !it.begin(ctx, expireAt) {
			e.c.finish(it, Lost)
			continue
		}
		running = append(running, it)
		w.hooks.Started(it.d)
	}
	if len(running) == 0 {
		return
	}
	returned := false
	defer func() {
		if !returned { // runtime.Goexit: this goroutine ends, its items must not
			e.verdicts(ctx, running, w, errGoexit)
		}
	}()
	err := e.invoke(ctx, running)
	returned = true
	e.verdicts(ctx, running, w, err)
}

// invoke calls the handler, and makes an error of a panic.
func (e *executor) invoke(ctx context.Context, items []*item) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = panicked(v)
		}
	}()
	if e.handle != nil {
		return e.handle(ctx, items[0].d)
	}
	batch := make([]*stream.Delivery, len(items))
	for i, it := range items {
		batch[i] = it.d
	}
	return e.handleBatch(ctx, batch)
}

// verdicts carries out what came of a call. An item is not ours any more once it is
// settled.
func (e *executor) verdicts(ctx *call, items []*item, w *worker, err error) {
	from, now := w.now, e.c.now()
	w.took(now)
	var cause error
	if err != nil {
		cause = ctx.why()
	}
	ctx.end(nil)
	for _, it := range items {
		it.end()
		it.handledAt.Store(int64(now))
		var verdict error
		if err != nil {
			verdict = sound(verdictOn(it.d, err))
		}
		w.hooks.Handled(it.d, now-from, verdict)
		if !e.settle(it, verdict, cause, now) {
			w.now = 0
		}
	}
}

// verdictOn is a handler's verdict on one delivery of its batch.
func verdictOn(d *stream.Delivery, err error) error {
	if each, ok := asBatchError(err); ok {
		return each[d]
	}
	return err
}

// settle carries the verdict on one item out. It says whether that took no time.
func (e *executor) settle(it *item, verdict, cause error, now time.Duration) (atOnce bool) {
	c := e.c
	failed := verdict != nil
	switch {
	case c.cfg.Guarantee == AtMostOnce && failed:
		c.log.Warn("handler failed, entry dropped: at most once", fields(it, verdict)...)
		c.finish(it, Dropped)
	case c.cfg.Guarantee == AtMostOnce:
		c.finishAt(it, Acked, now)
		return true
	case it.isLost():
		c.finish(it, Lost)
	case !failed:
		return c.ack(it, Acked, now)
	case errors.Is(cause, ErrShutdown), errors.Is(cause, ErrLeaseLost):
		// Interrupted by us, not by its own fault (of a batch, one may be lost
		// and end the others).
		c.release([]*item{it})
	case IsPermanent(verdict):
		c.bury(it, stream.ReasonPermanent, verdict, true)
	case c.cfg.MaxAttempts > 0 && it.d.Attempt >= c.cfg.MaxAttempts:
		c.bury(it, stream.ReasonAttempts, verdict, true)
	case c.cfg.OrderBy != nil:
		c.retryInPlace(it, verdict)
	default:
		c.retry(it, verdict)
	}
	return false
}

func fields(it *item, err error) []zap.Field {
	return []zap.Field{
		zap.String("stream", it.d.Stream), zap.Stringer("entry", it.d.EntryID), zap.String("id", it.d.ID),
		zap.String("type", it.d.Type), zap.Int("attempt", it.d.Attempt), zap.Error(err),
	}
}
