package growth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/leat-io/leat/bench/contender"
	"github.com/leat-io/leat/bench/measure"
	"github.com/leat-io/leat/bench/result"
)

// slowCopy is how long a copy of a million entries may take.
const slowCopy = time.Minute

const (
	// shortLease is the lease of workers that take over or scan, so that what a
	// dead one left may soon be taken.
	shortLease = 3 * time.Second
	// dead is the name of the consumer that never comes back.
	dead = "dead"
	// flowLimit is how many events of the flow there can be during a takeover.
	flowLimit = 100_000
)

// idleSetup is a stream of its own for the flow without a takeover.
func idleSetup(r measure.Request) contender.Setup {
	s := r.Setup()
	s.Queue += "-idle"
	return s
}

// fillPending makes a backlog, reads all of it in the name of a consumer that dies,
// and waits until its lease is over.
func fillPending(ctx context.Context, r measure.Request, c contender.Contender) error {
	if err := c.Prepare(ctx, idleSetup(r)); err != nil {
		return fmt.Errorf("prepare the idle stream: %w", err)
	}
	if err := measure.Backlog(ctx, c, r.Setup(), r.Job.N, r.Job.Payload); err != nil {
		return err
	}
	rdb := redis.NewClient(&redis.Options{Addr: r.Addr, ReadTimeout: slowCopy})
	defer rdb.Close() //nolint:errcheck // all that was asked has been answered by then
	last, err := readAsDead(ctx, rdb, r)
	if err != nil {
		return err
	}
	err = until(ctx, "the dead consumer's lease is over", func() (bool, error) {
		idle, err := rdb.XPendingExt(ctx, &redis.XPendingExtArgs{
			Stream: r.Setup().Queue, Group: r.Setup().Group, Idle: shortLease, Start: last, End: last, Count: 1,
		}).Result()
		return len(idle) == 1, err
	})
	if err != nil {
		return err
	}
	// With the group and what is pending. It is elsewhere: all here has to be settled.
	return copied(rdb.Copy(ctx, r.Setup().Queue, r.Setup().Queue, copies, true))
}

// copies is the database that has the stream as it was before it was taken over.
const copies = 1

// refillPending makes the stream anew of its copy, and the idle one.
func refillPending(ctx context.Context, r measure.Request, c contender.Contender) error {
	rdb := redis.NewClient(&redis.Options{Addr: r.Addr, DB: copies, ReadTimeout: slowCopy})
	defer rdb.Close() //nolint:errcheck // all that was asked has been answered by then
	if err := copied(rdb.Copy(ctx, r.Setup().Queue, r.Setup().Queue, 0, true)); err != nil {
		return err
	}
	if err := c.Prepare(ctx, idleSetup(r)); err != nil {
		return fmt.Errorf("prepare the idle stream: %w", err)
	}
	return nil
}

func copied(reply *redis.IntCmd) error {
	n, err := reply.Result()
	if err == nil && n == 0 {
		err = errors.New("it is not there")
	}
	if err != nil {
		return fmt.Errorf("copy the stream: %w", err)
	}
	return nil
}

// readAsDead reads the whole backlog and answers the last ID.
func readAsDead(ctx context.Context, rdb *redis.Client, r measure.Request) (last string, err error) {
	const count, calls = 1000, 4
	for read := 0; read < r.Job.N; {
		pipe := rdb.Pipeline()
		var replies [calls]*redis.XStreamSliceCmd
		for i := range replies {
			replies[i] = pipe.XReadGroup(ctx, &redis.XReadGroupArgs{
				Group: r.Setup().Group, Consumer: dead, Streams: []string{r.Setup().Queue, ">"}, Count: count, Block: -1,
			})
		}
		// The commands say what became of each; the last ones find nothing more.
		if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
			return "", fmt.Errorf("read %s in the name of the dead consumer: %w", r.Setup().Queue, err)
		}
		before := read
		for _, reply := range replies {
			for _, s := range reply.Val() {
				if len(s.Messages) > 0 {
					read += len(s.Messages)
					last = s.Messages[len(s.Messages)-1].ID
				}
			}
		}
		if read == before {
			return "", fmt.Errorf("read %s in the name of the dead consumer: %d of %d entries are there", r.Setup().Queue, read, r.Job.N)
		}
	}
	return last, nil
}

// until waits for a condition; what says which, should ctx end first.
func until(ctx context.Context, what string, holds func() (bool, error)) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		ok, err := holds()
		if err != nil {
			return fmt.Errorf("wait until %s: %w", what, err)
		}
		if ok {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("wait until %s: %w", what, ctx.Err())
		}
	}
}

// pending measures how one of our workers takes over and handles what a dead one
// left, while a flow of new entries goes on; and that flow without a takeover.
func pending(ctx context.Context, r measure.Request, c contender.Contender) (result.Sample, error) {
	s := result.Sample{Job: r.Job}
	idle, err := idleFlow(ctx, r, c)
	if err != nil {
		return s, fmt.Errorf("the flow without a takeover: %w", err)
	}
	flow, t := measure.NewFlow(0, flowLimit, r.Job.Payload), measure.NewTally(r.ServerPID, r.Job.N, 0)
	t.Opened = flow.CountFromNow
	handle := func(data []byte) {
		if !flow.Handle(data) {
			t.Handle(data)
		}
	}
	if err := flowing(ctx, r.Addr, c, r.Setup(), flow, t.All, handle); err != nil {
		return s, fmt.Errorf("%d entries taken over: %w", t.Count(), err)
	}
	if err := measure.Settled(ctx, r.Addr); err != nil {
		return s, err
	}
	if s, err = t.Sample(r.Job); err != nil {
		return s, err
	}
	flow.Quantiles(&s)
	s.IdleP99 = measure.Quantile(idle.Latencies(), 0.99)
	return s, nil
}

// idleFlow is the flow on a stream in which nothing else is to be done.
func idleFlow(ctx context.Context, r measure.Request, c contender.Contender) (*measure.Flow, error) {
	const warm = 100
	n := 2000
	if r.Quick {
		n = 200
	}
	flow := measure.NewFlow(warm, n, r.Job.Payload)
	return flow, flowing(ctx, r.Addr, c, idleSetup(r), flow, nil, func(data []byte) { flow.Handle(data) })
}

// flowing publishes a flow until it ends, or stop is closed, beside one of our
// workers, and waits until all of it is handled.
func flowing(ctx context.Context, addr string, c contender.Contender, s contender.Setup, flow *measure.Flow, stop <-chan struct{}, handle func([]byte)) error {
	p, err := c.Publisher(ctx, s)
	if err != nil {
		return fmt.Errorf("open a publisher: %w", err)
	}
	w := worker{addr: addr, streams: []string{s.Queue}, group: s.Group, lease: shortLease, handle: handle}
	workers := measure.StartWorkers(ctx, w.run)
	err = flow.Publish(ctx, p, stop, nil)
	if err == nil {
		err = workers.Until(ctx, flow.All)
	}
	if err == nil && stop != nil {
		err = workers.Until(ctx, stop)
	}
	return errors.Join(err, workers.Stop(), p.Close())
}
