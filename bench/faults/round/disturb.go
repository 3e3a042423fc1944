package round

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/leat-io/leat/test/faults/nemesis"
	"github.com/leat-io/leat/test/faults/network"
)

// look is the time between two looks at workers.
const look = 200 * time.Millisecond

// replyLost is the time between two lost replies, on average.
const replyLost = 200 * time.Millisecond

// disturb lets the faults happen, and returns when all are undone.
func (r *round) disturb(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, r.result.Length)
	defer cancel()
	if r.world.Tap != nil {
		r.world.Tap.Plan(r.lose())
		defer r.world.Tap.Plan(nil)
	}
	errs := make([]error, len(r.opts.Scenario.tracks))
	var running sync.WaitGroup
	for i, t := range r.opts.Scenario.tracks {
		running.Go(func() {
			if errs[i] = r.follow(ctx, t, r.arena.Lane(r.opts.Seed, uint64(i)+1)); errs[i] != nil {
				cancel()
			}
		})
	}
	var failed error
	for sleep(ctx, look) {
		if failed = r.replace(); failed != nil {
			cancel()
		}
	}
	running.Wait()
	if cause := context.Cause(ctx); failed == nil && !errors.Is(cause, context.DeadlineExceeded) {
		failed = cause
	}
	return errors.Join(failed, errors.Join(errs...))
}

// follow does the faults of a track, one after the other.
func (r *round) follow(ctx context.Context, t track, lane *nemesis.Arena) error {
	for sleep(ctx, lane.Jitter(t.every)) {
		if err := t.do(ctx, r, lane); err != nil {
			return err
		}
	}
	return nil
}

// lose is a plan by which a reply is lost now and then, with its connection: so many a second, however many there are, so that
// who asks more often is not hit more often.
func (r *round) lose() network.Plan {
	var mu sync.Mutex
	next, lane := time.Now(), r.arena.Lane(r.opts.Seed, 0)
	return func(network.Reply) network.Fault {
		mu.Lock()
		defer mu.Unlock()
		if time.Now().Before(next) {
			return network.Pass()
		}
		next = time.Now().Add(lane.Jitter(replyLost))
		return network.Lose()
	}
}

// replace starts workers in place of those that ended without a word, as those do that panic. The crew replaces the ones that
// noted their end, at once; who is seen dead twice is none of those.
func (r *round) replace() error {
	for _, p := range r.crew.Workers() {
		if p.Alive() {
			continue
		}
		if !r.dead[p] {
			r.dead[p] = true
			continue
		}
		if err := r.crew.Kill(p); err != nil { // which takes it off the list
			return err
		}
		r.result.Died++
		if _, err := r.crew.AddWorker(); err != nil {
			return err
		}
	}
	return nil
}

// sleep waits; false when ctx ends before.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}
