package consumer

import (
	"context"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"
)

// start starts every loop. Takers end with ctx; leasers and ackers outlive the
// workers, which outlive the takers.
func (c *Consumer) start(ctx context.Context) *started {
	r := &started{c: c, stopAckers: make(chan struct{}), handlersFinished: make(chan struct{})}
	var work, keep context.Context
	work, r.stopWork = context.WithCancelCause(context.WithoutCancel(ctx))
	keep, r.stopLeasers = context.WithCancel(context.WithoutCancel(ctx))
	for range c.cfg.Concurrency {
		r.workers.Go(func() { r.worker(&calls{work: work, epoch: c.epoch}) })
	}
	for _, s := range c.sources {
		r.startSource(ctx, keep, s)
	}
	if c.cfg.Guarantee == AtLeastOnce {
		r.takers.Go(func() { janitor{c}.run(ctx) })
	}
	go func() {
		r.workers.Wait()
		close(r.handlersFinished)
	}()
	return r
}

// worker runs handlers until the queue is closed. Where a handler ends its
// goroutine another one goes on.
func (r *started) worker(of *calls) {
	ended := false
	defer func() {
		if !ended {
			r.workers.Go(func() { r.worker(of) })
		}
	}()
	r.c.exec.run(of)
	ended = true
}

// startSource starts the loops of one stream. What is read at most once has no
// lease, and comes back never.
func (r *started) startSource(ctx, keep context.Context, s *source) {
	atMostOnce := r.c.cfg.Guarantee == AtMostOnce
	reader := s.group.Reader(r.c.cfg.Name, atMostOnce)
	r.readers = append(r.readers, reader)
	r.takers.Go(func() { (&fetcher{source: s, reader: reader}).run(ctx) })
	if atMostOnce {
		return
	}
	s.extendedAt.Store(int64(r.c.now()))
	r.takers.Go(func() { retrier{s}.run(ctx) })
	r.takers.Go(func() { (&reclaimer{source: s}).run(ctx) })
	r.keepers.Go(func() { (&leaser{s}).run(keep) })
	r.keepers.Go(func() { s.acker.run(r.stopAckers) })
}

// abandonAfter is how long a handler whose context has ended may take to notice.
const abandonAfter = time.Second

// drain waits for ctx and ends everything in an order in which nothing is lost:
// no more reading; what has not started goes back at once; handlers finish, or
// are told to; acknowledgements are sent; the names go.
func (r *started) drain(ctx context.Context) error {
	<-ctx.Done()
	c := r.c
	c.phase.Store(phaseDraining)
	began := c.now()
	c.log.Info("consumer drains", zap.String("consumer", c.cfg.Name), zap.Int("waiting", c.queue.waiting()))

	// Redis may be away, or hang: then nothing can be settled, and we must end all
	// the same.
	limit := c.cfg.ShutdownTimeout + abandonAfter
	c.settleCtx.until(time.Now().Add(limit))
	end := time.AfterFunc(limit, c.giveUp)
	defer end.Stop()

	takersEnded := make(chan struct{})
	go func() {
		r.takers.Wait()
		close(takersEnded)
	}()
	if c.cfg.Guarantee == AtMostOnce {
		// Nobody else will be given what waits, nor what is still on its way from
		// Redis: it is handled here.
		r.unblock(takersEnded)
		c.queue.finish()
	} else {
		c.release(append(c.queue.close(), c.later.end()...))
		r.unblock(takersEnded)
	}
	running := r.awaitHandlers(began)
	r.stopLeasers()
	close(r.stopAckers)
	r.awaitKeepers()
	r.leave()
	c.log.Info("consumer has drained", zap.String("consumer", c.cfg.Name), zap.Duration("took", c.now()-began))
	return c.leftovers(running)
}

// awaitKeepers waits for leasers and ackers, not for long once the consumer has
// given up: a call of theirs may hang for as long as Redis does.
func (r *started) awaitKeepers() {
	ended := make(chan struct{})
	go func() {
		r.keepers.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return
	case <-r.c.settleCtx.Done():
	}
	timer := time.NewTimer(abandonAfter)
	defer timer.Stop()
	select {
	case <-ended:
	case <-timer.C:
	}
}

// leftovers says what a drain could not bring to an end: nil for nothing.
func (c *Consumer) leftovers(running int) error {
	unsettled := int(c.unsettled.Load())
	for _, s := range c.sources { // in a call that still waits for Redis
		unsettled += s.ledger.count((*item).settling)
	}
	switch {
	case running > 0:
		return fmt.Errorf("consumer %s: %d deliveries are still in handlers that ignore the end of their context; they stay pending and will be taken over",
			c.cfg.Name, running)
	case unsettled > 0:
		return fmt.Errorf("consumer %s: %d deliveries could not be settled before the end, since Redis did not answer; they stay pending, and will be handled again",
			c.cfg.Name, unsettled)
	}
	return nil
}

// unblock ends the blocking reads, which do not end with a context. A read that
// is just about to block is caught the next time.
func (r *started) unblock(ended <-chan struct{}) {
	ctx := r.c.settleCtx
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		var calls sync.WaitGroup
		for _, reader := range r.readers {
			if reader.Blocked() {
				calls.Go(func() { _ = reader.Unblock(ctx) }) // it ends by itself within Block
			}
		}
		calls.Wait()
		select {
		case <-ended:
			return
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// awaitHandlers waits for the workers: for ShutdownTimeout, then with their
// contexts ended for a moment more.
func (r *started) awaitHandlers(began time.Duration) (running int) {
	defer r.stopWork(nil)
	timer := time.NewTimer(max(began+r.c.cfg.ShutdownTimeout-r.c.now(), 0))
	defer timer.Stop()
	select {
	case <-r.handlersFinished:
		return 0
	case <-timer.C:
	}
	r.stopWork(ErrShutdown)
	timer.Reset(abandonAfter)
	select {
	case <-r.handlersFinished:
		return 0
	case <-timer.C:
	}
	for _, s := range r.c.sources {
		running += s.ledger.count(func(it *item) bool { return !it.settling() })
	}
	return running
}

// leave removes the consumer's name from each group where nothing is pending
// under it.
func (r *started) leave() {
	ctx := r.c.settleCtx
	if ctx.Err() != nil {
		return // others will remove the name
	}
	var all sync.WaitGroup
	for _, s := range r.c.sources {
		all.Go(func() {
			removed, err := s.group.Leave(ctx, r.c.cfg.Name)
			switch {
			case err != nil:
				r.c.log.Warn("could not leave the group; others will remove the name", zap.String("stream", s.stream), zap.Error(err))
			case !removed:
				r.c.log.Info("name stays in the group: entries are pending under it, or it never read", zap.String("stream", s.stream))
			}
		})
	}
	all.Wait()
}
