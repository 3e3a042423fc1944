package growth

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/leat-io/leat/bench/contender"
	"github.com/leat-io/leat/bench/measure"
	"github.com/leat-io/leat/bench/result"
)

const (
	// telling is how many messages of a backlog have to be handled before their rate
	// tells something: fewer are over in milliseconds.
	telling = 100_000
	// mostLengths is how many short backlogs are worked off for that at the most.
	mostLengths = 10
)

// lengthsOf are the backlogs of the job's length, which are worked off one behind the
// other: one, or several short ones.
func lengthsOf(r measure.Request) []contender.Setup {
	n := min(max(1, telling/r.Job.N), mostLengths)
	all := make([]contender.Setup, n)
	for i := range all {
		all[i] = r.Setup()
		all[i].Queue = fmt.Sprintf("%s-%d", all[i].Queue, i)
	}
	return all
}

// fillLengths makes the backlogs, and what is needed to warm up.
func fillLengths(ctx context.Context, r measure.Request, c contender.Contender) error {
	if err := measure.Backlog(ctx, c, warmSetup(r), warmUp, r.Job.Payload); err != nil {
		return err
	}
	for _, s := range lengthsOf(r) {
		if err := measure.Backlog(ctx, c, s, r.Job.N, r.Job.Payload); err != nil {
			return err
		}
	}
	return nil
}

// rewind gives all of it to the groups once more.
func rewind(ctx context.Context, r measure.Request) error {
	rdb := redis.NewClient(&redis.Options{Addr: r.Addr})
	defer rdb.Close() //nolint:errcheck // all that was asked has been answered by then
	for _, s := range append(lengthsOf(r), warmSetup(r)) {
		// A new group: the old one knows what it has been given, and by whom.
		err := rdb.XGroupDestroy(ctx, s.Queue, s.Group).Err()
		if err == nil {
			err = rdb.XGroupCreate(ctx, s.Queue, s.Group, "0").Err()
		}
		if err != nil {
			return fmt.Errorf("make group %s of %s anew: %w", s.Group, s.Queue, err)
		}
	}
	return nil
}

// lengths measures how backlogs of the job's length are worked off, each from its first
// message to its last: what a consumer needs to start would count for nothing in a large
// one, and for a third in a small one. What is read ahead of the first message, up to a
// thousand, speaks for the small ones.
func lengths(ctx context.Context, r measure.Request, c contender.Contender) (result.Sample, error) {
	all := result.Sample{Job: r.Job}
	if err := workOff(ctx, c, warmSetup(r), measure.NewTally(r.ServerPID, warmUp, 0)); err != nil {
		return all, fmt.Errorf("warm up: %w", err)
	}
	setups := lengthsOf(r)
	for _, s := range setups {
		t := measure.NewTally(r.ServerPID, r.Job.N, 0)
		if err := workOff(ctx, c, s, t); err != nil {
			return all, fmt.Errorf("%d messages of %s handled: %w", t.Count(), s.Queue, err)
		}
		one, err := t.Sample(r.Job)
		if err != nil {
			return all, err
		}
		add(&all, one, len(setups))
	}
	all.PerSecond = float64(r.Job.N*len(setups)) / all.Took.Seconds()
	return all, measure.Settled(ctx, r.Addr)
}

// add adds one of so many equal parts to all.
func add(all *result.Sample, one result.Sample, parts int) {
	n := float64(parts)
	all.Took += one.Took
	all.ClientMicro += one.ClientMicro / n
	all.ServerMicro += one.ServerMicro / n
	all.Allocs += one.Allocs / n
	all.AllocBytes += one.AllocBytes / n
	all.PeakRSS = max(all.PeakRSS, one.PeakRSS)
	all.Duplicates += one.Duplicates
}
