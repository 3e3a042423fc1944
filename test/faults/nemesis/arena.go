package nemesis

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/leat-io/leat/internal/history"
	"github.com/leat-io/leat/test/faults/crew"
	"github.com/leat-io/leat/test/faults/world"
)

// Fault is something that can be done.
type Fault struct {
	// Name is what it is called in histories and results.
	Name string
	// Servers: it is done to servers or to the way to them, not to a single process.
	Servers bool
	// Do does it, undoes it, and returns then. It always undoes it: when ctx ends, at once.
	Do func(ctx context.Context, a *Arena) error
}

// Arena is where faults happen, as those see it that happen one after the other. What they choose follows from a seed of their own.
type Arena struct {
	World         *world.World
	Crew          *crew.Crew
	Record        *history.Writer
	Stream, Group string
	Lease         time.Duration
	// Patience is how long a worker that is told to end may take.
	Patience time.Duration
	// LaxExit: a worker that is told to end while Redis is away may say that it could not settle all.
	LaxExit bool

	rnd  *rand.Rand
	done *done
}

// done is what was done by all together.
type done struct {
	mu     sync.Mutex
	counts map[string]int
	number int
}

// Lane is the arena for other faults, which happen beside those of a. The first one is made of an Arena without lanes.
func (a *Arena) Lane(seed, number uint64) *Arena {
	if a.done == nil {
		a.done = &done{counts: map[string]int{}}
	}
	lane := *a
	lane.rnd = rand.New(rand.NewPCG(seed, number))
	return &lane
}

// name is a new name for a fault, which counts where somebody has made it.
func (d *done) name(kind string, counts bool) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.number++
	if counts {
		d.counts[kind]++
	}
	return fmt.Sprintf("%s#%d", kind, d.number)
}

// process is the name under which faults are noted.
const process = "nemesis"

// begin notes that a fault begins, and returns its ID.
func (a *Arena) begin(kind string, e history.Excuse) (id string, err error) {
	id = a.done.name(kind, true)
	return id, a.Record.Write(history.Begin(history.Now(), process, id, e))
}

func (a *Arena) end(id string) error {
	return a.Record.Write(history.End(history.Now(), process, id))
}

// Slow notes that a server did not answer from one time to another, by nobody's doing.
func (a *Arena) Slow(from, to int64) error {
	id := a.done.name(history.Slow, false)
	return a.Record.Write(history.Begin(from, process, id, history.Excuse{Late: true}), history.End(to, process, id))
}

// MastersChanged notes that others were masters from one time to another than before: what they had not got is lost.
func (a *Arena) MastersChanged(from, to int64) error {
	id := a.done.name("masters-changed", false)
	excuse := history.Excuse{Loses: true, Rollback: true, Since: from - int64(behind)}
	return a.Record.Write(history.Begin(from, process, id, excuse), history.End(to, process, id))
}

// Counts are how often which fault was done.
func (a *Arena) Counts() map[string]int {
	a.done.mu.Lock()
	defer a.done.mu.Unlock()
	return maps.Clone(a.done.counts)
}

// float is a random number from low to high.
func (a *Arena) float(low, high float64) float64 {
	return low + a.rnd.Float64()*(high-low)
}

// leases is a random time of so many leases.
func (a *Arena) leases(low, high float64) time.Duration {
	return time.Duration(a.float(low, high) * float64(a.Lease))
}

// Pick is a random number below n.
func (a *Arena) Pick(n int) int { return a.rnd.IntN(n) }

// Jitter is a random time around d: from half of it to one and a half.
func (a *Arena) Jitter(d time.Duration) time.Duration {
	return time.Duration(a.float(0.5, 1.5) * float64(d))
}

// victim is a worker chosen at random; nil when there is none.
func (a *Arena) victim() *crew.Process { return a.Crew.Victim(a.rnd) }

// wait waits; false when ctx ends before.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// client calls do with a client of the server that has the stream. What do does is carried out however the run ends.
func (a *Arena) client(do func(ctx context.Context, c *redis.Client) error) error {
	c, err := a.World.Client(a.Stream)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	return do(ctx, c)
}
