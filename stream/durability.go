package stream

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Durability is what an add waits for beyond the master's own word. The zero value
// waits for nothing: an entry is stored when the master says so.
type Durability struct {
	// Replicas is how many replicas must have the entries (in memory): WAIT. 0: none.
	Replicas int
	// Fsync asks for the entries to be on disk, in the append-only file of the master
	// and of that many replicas: WAITAOF, Redis 7.2 or newer. With appendfsync everysec
	// that takes up to a second.
	Fsync bool
	// Timeout is how long the master waits for that before it says how far it came. It
	// counts in whole milliseconds, of which there must be one at the least; below that
	// it is one.
	Timeout time.Duration
}

// ErrNotDurable is wrapped by [NotDurableError].
var ErrNotDurable = errors.New("stored on the master, but not as durably as asked for")

// NotDurableError says that the master has stored an entry, and that what
// [Durability] asks for beyond that was not reached in its time. As long as that
// master lives the entry is there, and consumers may have it already; a failover may
// lose it, or not, since the replicas may get it later. So the error wraps
// [ErrUnknownOutcome], too: to send the event again may add it twice.
type NotDurableError struct {
	ID       ID         // of the entry
	Asked    Durability // what was asked for
	Replicas int        // how many replicas were known to have it
	Fsynced  bool       // whether the master was known to have it on disk, where Asked.Fsync is set
	// Err is why nothing is known of replicas and disk: the server refused WAIT, or its
	// reply did not come. Nil when it answered in time.
	Err error
}

// Error says which entry is how far.
func (e *NotDurableError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%v: entry %s, replicas unknown: %v", ErrNotDurable, e.ID, e.Err)
	}
	text := fmt.Sprintf("%v: entry %s, %d of %d replicas have it after %s", ErrNotDurable, e.ID, e.Replicas, e.Asked.Replicas, e.Asked.Timeout)
	if e.Asked.Fsync && !e.Fsynced {
		text += ", the master not on disk"
	}
	return text
}

// Unwrap is [ErrNotDurable], [ErrUnknownOutcome] and Err.
func (e *NotDurableError) Unwrap() []error {
	if e.Err == nil {
		return []error{ErrNotDurable, ErrUnknownOutcome}
	}
	return []error{ErrNotDurable, ErrUnknownOutcome, e.Err}
}

// asks tells whether there is anything to wait for.
func (d Durability) asks() bool { return d.Replicas > 0 || d.Fsync }

// block is how long the server may keep its answer back.
func (d Durability) block() time.Duration {
	if !d.asks() {
		return 0
	}
	return max(d.Timeout, time.Millisecond) // 0 would be for ever
}

// appendTo encodes the command that waits. It is about the writes that were made on
// its own connection before it, and says OK at once on any other.
func (d Durability) appendTo(b []byte) []byte {
	if d.Fsync {
		b = appendArg(appendCommand(b, 4), "WAITAOF")
		b = appendIntArg(b, 1)
	} else {
		b = appendArg(appendCommand(b, 3), "WAIT")
	}
	b = appendIntArg(b, int64(d.Replicas))
	return appendIntArg(b, d.block().Milliseconds())
}

// judge reads the answer and gives an error to each entry that is stored, where it is
// not stored as it was asked to be. bad is what is wrong with the answer itself.
func (d Durability) judge(stream string, reply *cursor, err error, ids []ID, errs []error) (bad error) {
	reached := NotDurableError{Asked: d, Err: err}
	if err == nil {
		if reached.Fsynced, reached.Replicas, bad = d.answer(reply); bad != nil {
			return bad
		}
		if reached.Replicas >= d.Replicas && reached.Fsynced == d.Fsync {
			return nil
		}
	}
	for i := range errs {
		if errs[i] != nil {
			continue // it is not stored at all, or nobody knows
		}
		one := reached
		one.ID = ids[i]
		errs[i] = fmt.Errorf("add to stream %s: %w", stream, &one)
	}
	return nil
}

// answer is one number of WAIT, two of WAITAOF.
func (d Durability) answer(reply *cursor) (fsynced bool, replicas int, err error) {
	if !d.Fsync {
		n, err := reply.int()
		return false, int(n), err
	}
	both, err := reply.ints()
	if err != nil {
		return false, 0, err
	}
	if len(both) != 2 {
		return false, 0, reply.fail("no answer of WAITAOF")
	}
	return both[0] > 0, int(both[1]), nil
}

var errNoFsync = errors.New("nothing was sent: the server has no WAITAOF (Redis 7.2), or does not let this user ask (COMMAND INFO)")

// possible is nil when the server can be asked for as much. To find out later would
// leave an entry behind at each try.
func (d Durability) possible(ctx context.Context, c *Conn) error {
	if !d.Fsync {
		return nil
	}
	has, err := c.Supports(ctx, "WAITAOF")
	switch {
	case err == nil && has:
		return nil
	case err == nil:
		return fmt.Errorf("%w: %w", errUnusable, errNoFsync)
	case Classify(err) == ClassUnknown: // of the question, which can be asked again
		return fmt.Errorf("%w: ask whether the server has WAITAOF: %s", errNoNode, err.Error())
	}
	return fmt.Errorf("ask whether the server has WAITAOF: %w", err)
}
