package round

import (
	"context"
	"time"

	"github.com/leat-io/leat/bench/faults/outcome"
	"github.com/leat-io/leat/test/faults/nemesis"
)

// Scenario is something that is done to every library.
type Scenario struct {
	Name, Title string
	tracks      []track
	// byLease: faults last as long as leases, so the round is longer for a library whose lease is.
	byLease bool
	// hopeless: every so manieth message's handler always fails; 0: none's.
	hopeless int
	// lossy: connections go through a proxy that loses replies.
	lossy bool
}

// track is faults that happen one after the other, with a time between them that is every on average. Tracks run beside each
// other.
type track struct {
	every time.Duration
	do    fault
}

// fault is something that is done; lane decides what is left to chance.
type fault func(ctx context.Context, r *round, lane *nemesis.Arena) error

// short is how long faults last that have nothing to do with leases: up to twice that.
const short = time.Second

// Scenarios are all of them, in the order in which they are done: the one that may take longer last.
func Scenarios() []Scenario {
	kill := of(nemesis.KillWorker)
	return []Scenario{
		{Name: "kill", Title: "SIGKILL of a worker each second", tracks: []track{{time.Second, kill}}},
		{Name: "term", Title: "SIGTERM of a worker each second, another one started before", tracks: []track{{time.Second, term}}},
		{Name: "redis-kill", Title: "SIGKILL of Redis, which is back after 0 to 2 s", tracks: []track{{4 * time.Second, of(nemesis.KillRedis)}}},
		{
			Name: "connections", Title: "5 replies a second lost, their connections with them, and all connections closed each 2 s", lossy: true,
			tracks: []track{{2 * time.Second, of(nemesis.KillClients)}},
		},
		{Name: "failing", Title: "a handler that always fails, for one message in 100", hopeless: 100},
		{
			Name: "malformed", Title: "an entry that is no message each 4 s, and SIGKILL of a worker each 4 s",
			tracks: []track{{4 * time.Second, malform}, {4 * time.Second, kill}},
		},
		{
			Name: "stall", Title: "SIGSTOP of workers for 0.3 to 2.5 leases", byLease: true,
			tracks: []track{{time.Second, of(nemesis.StopWorker)}, {time.Second, of(nemesis.StopWorker)}},
		},
	}
}

// of is a fault of the nemesis.
func of(f nemesis.Fault) fault {
	return func(ctx context.Context, _ *round, lane *nemesis.Arena) error { return f.Do(ctx, lane) }
}

// term tells a worker to end. That it ends badly is a result, not a failure of the run.
func term(ctx context.Context, r *round, lane *nemesis.Arena) error {
	if err := nemesis.TermWorker.Do(ctx, lane); err != nil {
		r.endedBadly(err)
	}
	return nil
}

func malform(ctx context.Context, r *round, _ *nemesis.Arena) error {
	n := r.malformed
	r.malformed++
	// It is done however the round ends, so that it is counted as it is.
	if err := r.opts.Library.Malform(context.WithoutCancel(ctx), r.rdb, r.job(), n); err != nil {
		return err
	}
	r.result.Faults[outcome.Malformed]++
	return nil
}
