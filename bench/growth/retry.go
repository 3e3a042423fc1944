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
	"github.com/leat-io/leat/stream"
)

const (
	// fresh is how many new events are handled beside the retry set.
	fresh, freshQuick = 20_000, 2_000
	// scanLease is the worker's lease, and scans for how long it runs at the least: it
	// looks at what is idle for a lease several times.
	scanLease = time.Second
	scans     = 2*scanLease + scanLease/2
)

func freshOf(r measure.Request) int {
	if r.Quick {
		return freshQuick
	}
	return fresh
}

// fillRetry lets the handlers of one of our workers fail on a backlog, so that all
// of it waits for its next try, and publishes new events.
func fillRetry(ctx context.Context, r measure.Request, c contender.Contender) error {
	s := r.Setup()
	if err := measure.Backlog(ctx, c, s, r.Job.N, r.Job.Payload); err != nil {
		return err
	}
	w := worker{addr: r.Addr, streams: []string{s.Queue}, group: s.Group, handle: func([]byte) {}, fails: errors.New("not yet")}
	workers := measure.StartWorkers(ctx, w.run)
	err := until(ctx, fmt.Sprintf("all %d entries are in the retry set", r.Job.N), func() (bool, error) {
		n, err := waiting(ctx, r)
		return n == r.Job.N, err
	})
	if err = errors.Join(err, workers.Stop()); err != nil {
		return err
	}
	return publishFresh(ctx, r, c)
}

// publishFresh publishes the new events.
func publishFresh(ctx context.Context, r measure.Request, c contender.Contender) error {
	p, err := c.Publisher(ctx, r.Setup())
	if err != nil {
		return fmt.Errorf("open a publisher: %w", err)
	}
	return errors.Join(p.Many(ctx, freshOf(r), measure.Payload(r.Job.Payload)), p.Close())
}

// waiting is how many entries are in the group's retry set.
func waiting(ctx context.Context, r measure.Request) (int, error) {
	keys, err := stream.KeysOf(r.Setup().Queue)
	if err != nil {
		return 0, err
	}
	rdb := redis.NewClient(&redis.Options{Addr: r.Addr})
	defer rdb.Close() //nolint:errcheck // all that was asked has been answered by then
	n, err := rdb.ZCard(ctx, keys.Retry(r.Setup().Group)).Result()
	return int(n), err
}

// retrySet measures the memory of one of our workers that handles new events, and
// scans what is idle, while the retry set is large.
func retrySet(ctx context.Context, r measure.Request, _ contender.Contender) (result.Sample, error) {
	t := measure.NewTally(r.ServerPID, freshOf(r), 0)
	w := worker{addr: r.Addr, streams: []string{r.Setup().Queue}, group: r.Setup().Group, lease: scanLease, handle: t.Handle}
	scanned := make(chan struct{})
	time.AfterFunc(scans, func() { close(scanned) })
	workers := measure.StartWorkers(ctx, w.run)
	err := workers.Until(ctx, t.All)
	if err == nil {
		err = workers.Until(ctx, scanned)
	}
	if err = errors.Join(err, workers.Stop()); err != nil {
		return result.Sample{Job: r.Job}, fmt.Errorf("%d of %d new events handled: %w", t.Count(), freshOf(r), err)
	}
	s, err := t.Sample(r.Job)
	if err != nil {
		return s, err
	}
	s.PeakRSS = measure.PeakRSS()
	if n, err := waiting(ctx, r); err != nil || n != r.Job.N {
		return s, errors.Join(err, fmt.Errorf("the retry set has %d entries, and had %d", n, r.Job.N))
	}
	return s, nil
}
