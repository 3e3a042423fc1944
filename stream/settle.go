package stream

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Held is the token of an entry that a consumer holds: with the consumer's name
// it is what every fenced operation compares.
type Held struct {
	ID         ID
	Deliveries int
}

// Held is the delivery's token.
func (d *Delivery) Held() Held { return Held{d.EntryID, d.Deliveries} }

// chunk is how many entries one script handles: enough to make the round trip
// cheap, few enough to keep the server free for others (14 us an entry).
const chunk = 500

func appendHeld(args []any, held []Held) []any {
	for _, h := range held {
		args = append(args, h.ID.String(), h.Deliveries)
	}
	return args
}

// ackBuffers are for the commands of Ack.
var ackBuffers = sync.Pool{New: func() any { return new([]byte) }}

// Ack acknowledges by plain XACK, which has no owner check: only for entries
// whose lease cannot have run out. It returns how many were pending; fewer than
// were sent means that the others were settled by somebody else, or that the
// group is gone (XACK does not say NOGROUP).
func (g *Group) Ack(ctx context.Context, ids []ID) (acked int, err error) {
	return g.AckBy(ctx, ids, time.Time{})
}

// AckBy is [Group.Ack] that is sent by that time or not at all, which is an error of
// [ClassNotExecuted]: when the first of the leases ends. A process may be stopped, and a
// connection may take long to come, between a look at the leases and the sending. The
// zero time is no limit.
func (g *Group) AckBy(ctx context.Context, ids []ID, end time.Time) (acked int, err error) {
	if len(ids) == 0 {
		return 0, nil
	}
	buf := ackBuffers.Get().(*[]byte) //nolint:errcheck // nothing else is in the pool
	defer ackBuffers.Put(buf)
	commands := appendCommand((*buf)[:0], 3+len(ids))
	commands = appendArg(appendArg(appendArg(commands, "XACK"), g.keys.Stream), g.name)
	commands = appendIDArgs(commands, ids)
	*buf = commands
	g.conn.exchange(ctx, g.keys.Stream, &exchange{commands: commands, n: 1, sendBy: end, read: func(_ int, reply *cursor, failed error) (bad error) {
		err = failed
		if failed == nil {
			var n int64
			n, bad = reply.int()
			acked = int(n)
		}
		return bad
	}})
	if err != nil {
		return 0, g.wrap(fmt.Sprintf("ack %d entries of", len(ids)), err)
	}
	return acked, nil
}

var ackScript = newScript("ack", ackLua)

// AckFenced acknowledges what the consumer still holds, and forgets the failures
// of it; ok tells for each whether it was still held.
func (g *Group) AckFenced(ctx context.Context, consumer string, held []Held) (ok []bool, err error) {
	ok, err = g.fenced(ctx, ackScript, consumer, held)
	return ok, g.wrap(fmt.Sprintf("ack %d entries of", len(held)), err)
}

// fenced runs a script that answers 1 or 0 for each entry, in chunks.
func (g *Group) fenced(ctx context.Context, s *script, consumer string, held []Held, first ...any) ([]bool, error) {
	ok := make([]bool, 0, len(held))
	for len(held) > 0 {
		n := min(chunk, len(held))
		args := append(make([]any, 0, len(first)+2*n), first...)
		states, err := g.states(ctx, s, consumer, appendHeld(args, held[:n]), n)
		if err != nil {
			return ok, err
		}
		for _, state := range states {
			ok = append(ok, state == 1)
		}
		held = held[n:]
	}
	return ok, nil
}

func (g *Group) states(ctx context.Context, s *script, consumer string, args []any, n int) ([]int64, error) {
	reply, err := g.run(ctx, s, consumer, args...)
	if err != nil {
		return nil, err
	}
	states, err := reply.ints()
	if err == nil && len(states) != n {
		err = reply.fail(fmt.Sprintf("%d answers for %d entries", len(states), n))
	}
	return states, err
}

// LeaseState is what a heartbeat found of one entry.
type LeaseState uint8

const (
	// LeaseLost: the entry is another consumer's, or settled.
	LeaseLost LeaseState = iota
	// LeaseHeld: the entry is held for another lease.
	LeaseHeld
	// PayloadLost: the entry was held, but its payload was deleted from the
	// stream; it is not pending any more, a tombstone is with the dead letters.
	PayloadLost
	// LeaseGone: the entry is nobody's, it is not pending: settled, or the group
	// was deleted and made anew.
	LeaseGone
)

var extendScript = newScript("extend", extendLua)

// Extend begins the lease of what the consumer still holds anew, without taking
// back what others have taken. On an error the states of the first entries may
// be there already.
func (g *Group) Extend(ctx context.Context, consumer string, held []Held) ([]LeaseState, error) {
	out := make([]LeaseState, 0, len(held))
	for len(held) > 0 {
		n := min(chunk, len(held))
		states, err := g.states(ctx, extendScript, consumer, appendHeld(nil, held[:n]), n)
		if err != nil {
			return out, g.wrap("extend leases of", err)
		}
		for _, s := range states {
			out = append(out, LeaseState(s))
		}
		held = held[n:]
	}
	return out, nil
}

// maxErrorText is how much of an error's text is stored with an entry.
const maxErrorText = 1024

var failScript = newScript("fail", failLua)

// Fail counts a failure and parks the entry until delay has passed on the
// server's clock. The number of failures comes back; [ErrLost] when the entry is
// not the consumer's any more, [ErrPayloadLost] when there is nothing to try again.
func (g *Group) Fail(ctx context.Context, consumer string, h Held, delay time.Duration, cause string) (failures int, err error) {
	return g.fail(ctx, consumer, h, 0, delay, cause, "park")
}

// FailKeep counts a failure of an entry that the consumer keeps, to try it again
// by itself. The entry stays the consumer's, so that the fence does not keep a
// call from being repeated: attempt says the how manieth failure this is.
func (g *Group) FailKeep(ctx context.Context, consumer string, h Held, attempt int, cause string) (failures int, err error) {
	return g.fail(ctx, consumer, h, attempt, 0, cause, "keep")
}

func (g *Group) fail(ctx context.Context, consumer string, h Held, attempt int, delay time.Duration, cause, mode string) (int, error) {
	reply, err := g.run(ctx, failScript, consumer, h.ID.String(), h.Deliveries,
		max(delay, 0).Milliseconds(), clip([]byte(cause), maxErrorText), mode, attempt)
	if err != nil {
		return 0, g.wrap("retry "+h.ID.String()+" of", err)
	}
	n, err := reply.int()
	switch {
	case err != nil:
	case n == 0:
		err = ErrLost
	case n < 0:
		err = ErrPayloadLost
	}
	return int(max(n, 0)), g.wrap("retry "+h.ID.String()+" of", err)
}

var releaseScript = newScript("release", releaseLua)

// Release hands entries back: they may be taken at once by any consumer, and the
// delivery that is undone does not count. XNACK SILENT does it where the server
// has it (Redis 8.8), XCLAIM elsewhere; both behind the fence.
func (g *Group) Release(ctx context.Context, consumer string, held []Held) (ok []bool, err error) {
	nack := 0
	if has, err := g.conn.Supports(ctx, "XNACK"); err == nil && has {
		nack = 1
	}
	ok, err = g.fenced(ctx, releaseScript, consumer, held, nack)
	return ok, g.wrap(fmt.Sprintf("hand back %d entries of", len(held)), err)
}
