package growth

import (
	"context"
	"fmt"

	"github.com/leat-io/leat/bench/contender"
	"github.com/leat-io/leat/bench/measure"
	"github.com/leat-io/leat/bench/result"
)

// warmUp is how many events are consumed from another stream before the window
// opens.
const warmUp = 1000

func warmSetup(r measure.Request) contender.Setup {
	s := r.Setup()
	s.Queue += "-warm"
	return s
}

// fillBacklogs spreads the job's events over the setups, and makes what is needed to
// warm up.
func fillBacklogs(ctx context.Context, r measure.Request, c contender.Contender, setups ...contender.Setup) error {
	if err := measure.Backlog(ctx, c, warmSetup(r), warmUp, r.Job.Payload); err != nil {
		return err
	}
	for i, s := range setups {
		// The first ones get what is over.
		n := r.Job.N / len(setups)
		if i < r.Job.N%len(setups) {
			n++
		}
		if err := measure.Backlog(ctx, c, s, n, r.Job.Payload); err != nil {
			return err
		}
	}
	return nil
}

// backlog measures how the job's stream is worked off.
func backlog(ctx context.Context, r measure.Request, c contender.Contender) (result.Sample, error) {
	t := measure.NewTally(r.ServerPID, r.Job.N, 0)
	return drain(ctx, r, c, t, measure.ConsumerOf(c, r.Setup(), contender.Work{Handle: t.Handle}))
}

// drain measures how consumers work off what there is, from the moment they are
// started, in a process that has consumed before. A window that opened at the first
// message would leave out how the server was read ahead of it: nothing in a large
// backlog, a part of a small one, and more the more streams and groups there are.
func drain(ctx context.Context, r measure.Request, c contender.Contender, t *measure.Tally, consumers ...measure.Consumer) (result.Sample, error) {
	s := result.Sample{Job: r.Job}
	if err := workOff(ctx, c, warmSetup(r), measure.NewTally(r.ServerPID, warmUp, 0)); err != nil {
		return s, fmt.Errorf("warm up: %w", err)
	}
	t.Open()
	if err := measure.Drain(ctx, r.Addr, t, consumers...); err != nil {
		return s, err
	}
	return t.Sample(r.Job)
}

// workOff runs a consumer until the tally is full.
func workOff(ctx context.Context, c contender.Contender, s contender.Setup, t *measure.Tally) error {
	workers := measure.StartWorkers(ctx, measure.ConsumerOf(c, s, contender.Work{Handle: t.Handle}))
	err := workers.Until(ctx, t.All)
	if stopErr := workers.Stop(); err == nil {
		err = stopErr
	}
	return err
}
