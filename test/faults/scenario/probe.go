package scenario

import (
	"bufio"
	"context"
	"net"
	"sync"
	"time"

	"github.com/leat-io/leat/internal/history"
	"github.com/leat-io/leat/test/faults/world"
)

// slow is what part of a lease Redis has to be silent for until that counts as a disturbance, which nobody may have meant: the
// machine is busy. It is below the fifth of a lease that is left of it when plain XACK is used last.
const slow = 0.15

// watch asks all servers all the time until stop is called.
func (r *round) watch(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var probes sync.WaitGroup
	for _, addr := range r.world.Addrs() {
		probes.Go(func() { r.probe(ctx, addr) })
	}
	if masters := r.world.WatchMasters(); masters != nil {
		probes.Go(func() {
			defer masters.Close()
			r.watchMasters(ctx, masters)
		})
	}
	return func() {
		cancel()
		probes.Wait()
	}
}

// What is known of the masters of a group: those that are looked at so often, for so long, are settled.
const (
	lookEvery = 100 * time.Millisecond
	settled   = 2 * time.Second
)

// watchMasters notes when others are masters than before, whoever made that so: on a busy machine servers take over from each other
// that nobody has killed, and what the new one had not got is lost.
func (r *round) watchMasters(ctx context.Context, masters *world.Masters) {
	usual := masters.Look(ctx)
	last, changed, began := history.Now(), int64(0), int64(0)
	now := usual
	for sleep(ctx, lookEvery) {
		before := now
		now = masters.Look(ctx)
		at := history.Now()
		switch {
		case began == 0 && now != usual:
			began, changed = last, at
		case began > 0 && now != before:
			changed = at
		case began > 0 && at-changed > int64(settled):
			if r.arena.MastersChanged(began, changed) != nil {
				return
			}
			usual, began = now, 0
		}
		if began == 0 {
			last = at
		}
	}
	if began > 0 {
		_ = r.arena.MastersChanged(began, history.Now())
	}
}

// probe asks a server all the time, and notes when it did not answer for long.
func (r *round) probe(ctx context.Context, addr string) {
	const every = 20 * time.Millisecond
	for sleep(ctx, every) {
		var dialer net.Dialer
		conn, err := dialer.DialContext(ctx, "tcp", addr)
		if err != nil {
			continue // it is down, which somebody else has noted
		}
		answers := bufio.NewReader(conn)
		for sleep(ctx, every) {
			from := history.Now()
			if _, err = conn.Write([]byte("PING\r\n")); err != nil {
				break
			}
			if _, err = answers.ReadString('\n'); err != nil {
				break
			}
			if to := history.Now(); float64(to-from) > slow*float64(r.lease) {
				if r.arena.Slow(from, to) != nil {
					break
				}
			}
		}
		_ = conn.Close()
	}
}
