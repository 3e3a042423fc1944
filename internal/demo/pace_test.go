package demo

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// Before the kill as after it there is something to do, and those who are left
// can do it.
func TestPaceFitsTheKill(t *testing.T) {
	t.Parallel()
	for _, events := range []int{1, 2, 3, 10, 60, 300, 2000, 50_000, MaxEvents} {
		for _, workers := range []int{1, 2, 3, 10, MaxWorkers} {
			for _, after := range []time.Duration{time.Millisecond, 100 * time.Millisecond, time.Second, 5 * time.Second, time.Minute} {
				p := newPace(events, workers, after)
				what := fmt.Sprintf("%d events, %d workers, kill after %s: %+v", events, workers, after, p)
				assert.Equal(t, after, p.killAfter, what)
				assert.Less(t, p.before, events, what)
				assert.Positive(t, p.burst, what)
				assert.LessOrEqual(t, p.burst, maxBurst, what)
				left := float64(max(workers-1, 1) * concurrency)
				assert.LessOrEqual(t, float64(events)*p.service.Seconds()/left, (p.killAfter + p.after).Seconds(), what)
				assert.True(t, p.service == 0 || p.service >= minService && p.service <= maxService, what)
				assert.Equal(t, after, p.due(p.before, events), what)
				if p.before > 0 {
					assert.Zero(t, p.due(0, events), what)
					assert.Less(t, p.due(p.before-1, events), after, what)
				}
				assert.Less(t, p.due(events-1, events), p.killAfter+p.after, what)
			}
		}
	}
}

func TestPaceWithoutAKill(t *testing.T) {
	t.Parallel()
	p := newPace(1000, 3, 0)
	assert.Equal(t, 1000, p.before)
	assert.Zero(t, p.due(0, 1000))
	assert.Equal(t, aim/2, p.due(500, 1000))
}
