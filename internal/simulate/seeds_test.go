package simulate

import (
	"flag"
	"os"
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/embedded"
)

var (
	seeds  = flag.Uint64("simulate.seeds", usualSeeds, "how many histories TestSeeds runs")
	from   = flag.Uint64("simulate.from", 0, "the first seed; 0 goes on where -simulate.result ends, else 1")
	seed   = flag.Uint64("simulate.seed", 0, "show the history of this seed only")
	budget = flag.Duration("simulate.for", 0, "stop behind the seed at which that much time has passed; 0 for never")
	result = flag.String("simulate.result", "", "add what was run to this file, as JSON")
	shrink = flag.Bool("simulate.shrink", true, "look for the smallest plan that breaks the same")
	goOn   = flag.Bool("simulate.all", false, "go on behind a violation, and count")
)

func TestMain(m *testing.M) {
	// One processor: who comes next is then decided by time alone, which the seed decides.
	runtime.GOMAXPROCS(1)
	debug.SetGCPercent(800)
	os.Exit(m.Run())
}

func newBroker(t *testing.T) *embedded.Broker {
	t.Helper()
	broker, err := embedded.NewSilent()
	require.NoError(t, err)
	t.Cleanup(func() { _ = broker.Close() })
	return broker
}

// No promise is broken, whatever goes wrong.
func TestSeeds(t *testing.T) { //nolint:paralleltest // one processor: see TestMain
	broker := newBroker(t)
	if *seed != 0 {
		show(t, broker, *seed)
		return
	}
	sum, err := resume(*result)
	require.NoError(t, err)
	first, begun := max(*from, 1), time.Now()
	if *from == 0 && sum.Next > 0 {
		first = sum.Next
	}
	if sum.Histories == 0 {
		sum.From = first
	}
	for s := first; s < first+*seeds; s++ {
		began := time.Now()
		h := Run(t, broker, NewPlan(s))
		sum.add(h, time.Since(began))
		if s%100 == 0 { // what is in a sync.Pool keeps its producer until the second collection
			runtime.GC()
			runtime.GC()
		}
		if len(h.Violations) > 0 && !*goOn {
			if *shrink {
				h = Shrink(t, broker, h)
			}
			t.Errorf("seed %d; the smallest that breaks the same:\n%s", s, h)
			break
		}
		if *budget > 0 && time.Since(begun) > *budget {
			break
		}
	}
	t.Logf("%d histories in %.0f s (%.0f s of theirs), %d events, %d starts, faults %v, %d with violations %v",
		sum.Histories, sum.Seconds, sum.Simulated, sum.Events, sum.Starts, sum.Faults, sum.Violations, sum.Seeds)
	if *result != "" {
		require.NoError(t, sum.save(*result))
	}
}

// show prints the history of one seed, and the smallest that breaks the same rule, if
// it breaks one.
func show(t *testing.T, broker *embedded.Broker, seed uint64) {
	t.Helper()
	h := Run(t, broker, NewPlan(seed))
	t.Log("\n" + h.String())
	if len(h.Violations) > 0 {
		t.Errorf("the smallest that breaks the same:\n%s", Shrink(t, broker, h))
	}
}
