package scenario

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/leat-io/leat/test/faults/nemesis"
)

// disturb lets the faults happen for the length of the round, and returns when all are undone.
func (r *round) disturb(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, r.opts.Length)
	defer cancel()
	var running sync.WaitGroup
	var failing sync.Mutex
	lanes := uint64(0)
	for _, track := range r.Tracks {
		for range max(track.Lanes, 1) {
			lanes++
			arena := r.arena.Lane(r.opts.Seed, lanes)
			running.Go(func() {
				err := r.follow(ctx, track, arena)
				if err != nil {
					failing.Lock()
					r.result.Failed(err)
					failing.Unlock()
					cancel()
				}
			})
		}
	}
	if len(r.Tracks) == 0 {
		<-ctx.Done()
	}
	running.Wait()
}

// follow does the faults of a track, one after the other.
func (r *round) follow(ctx context.Context, track Track, arena *nemesis.Arena) error {
	// What is said about a child that has ended by itself is said in the end.
	for n := 0; (track.Most == 0 || n < track.Most) && r.crew.Err() == nil && sleep(ctx, arena.Jitter(track.Every)); n++ {
		fault := track.Faults[arena.Pick(len(track.Faults))]
		if err := fault.Do(ctx, arena); err != nil {
			return fmt.Errorf("fault %s: %w", fault.Name, err)
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
