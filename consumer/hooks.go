package consumer

import (
	"time"

	"github.com/leat-io/leat/stream"
)

// Outcome is what became of a delivery.
type Outcome uint8

const (
	// Acked: the handler succeeded, and the acknowledgement holds.
	Acked Outcome = iota
	// Retried: the handler failed; the entry waits for its next try.
	Retried
	// DeadLettered: the entry is in the dead-letter stream.
	DeadLettered
	// Released: handed back at shutdown, not counted.
	Released
	// Lost: the lease was lost; whoever has the entry settles it.
	Lost
	// Dropped: failed, or never started, in AtMostOnce mode.
	Dropped
	// Skipped: addressed to another group by a redrive, acknowledged unhandled.
	Skipped
)

// String is the outcome as metrics name it.
func (o Outcome) String() string {
	return [...]string{"acked", "retried", "dead_lettered", "released", "lost", "dropped", "skipped"}[o]
}

// Taking says how a delivery came.
type Taking uint8

const (
	// Read: delivered for the first time.
	Read Taking = iota
	// Due: its time in the retry set had come, or it had been handed back.
	Due
	// Reclaimed: taken over from a worker that did not extend its lease.
	Reclaimed
	// Recovered: our own, from a reply that was lost.
	Recovered
)

// String is the taking as metrics name it.
func (t Taking) String() string { return [...]string{"read", "due", "reclaimed", "recovered"}[t] }

// Hooks are called at what happens, like net/http/httptrace.ClientTrace: any
// field may be nil. They run on the consumer's own goroutines and must not block.
// A delivery in a hook must not be kept.
type Hooks struct {
	// Bind is called by [New] with the consumer, before anything else is: the hooks
	// that it returns are called beside these. So what is by stream and group can be
	// prepared, and nothing has to be looked up when it happens.
	Bind func(c *Consumer) Hooks
	// Taken: n entries came from Redis; took is the time of the call.
	Taken func(stream string, how Taking, n int, took time.Duration)
	// Started: a handler is about to be called.
	Started func(d *stream.Delivery)
	// Handled: a handler returned after took, with err.
	Handled func(d *stream.Delivery, took time.Duration, err error)
	// Settled: what became of a delivery holds in Redis. since is the time from
	// its handling (or from its release) to that.
	Settled func(d *stream.Delivery, outcome Outcome, since time.Duration)
	// Worker is called by each of the Config.Concurrency workers when it begins: the
	// hooks that it returns are called beside these, by that worker alone. So what is
	// counted there can be in memory that is nobody else's.
	Worker func() WorkerHooks
	// Acked: what became of deliveries is Acked, of as many as one call acknowledged.
	// Settled is called for each of them before. The slice must not be kept.
	Acked func(stream string, acks []Ack)
	// AckSent: one call acknowledged n entries of a stream, and took that long.
	// Settled is called for each of them directly after it, on the same goroutine.
	AckSent func(stream string, n int, took time.Duration)
	// AckMissed: an XACK found n of its entries not pending: settled twice, or
	// the group was gone.
	AckMissed func(stream string, n int)
	// PayloadLost: an entry was deleted from the stream while it was pending.
	PayloadLost func(stream string, id stream.ID)
	// Waiting: how many entries of the group wait for their next try.
	Waiting func(stream string, n int)
	// Error: a call of one of the loops failed, and will be repeated.
	Error func(loop, stream string, err error)
	// Answered: Redis answers again after it had failed a loop of the stream.
	Answered func(stream string)
	// GroupRestored: the group had gone and was made again.
	GroupRestored func(stream string)
	// Beat: a loop has gone round. A loop that stands still does not beat; each has
	// a period at which it does when it has nothing to do, see [Config.Beats].
	Beat func(loop, stream string)
}

// WorkerHooks are told what one worker does: see [Hooks].Worker. Any field may be nil.
type WorkerHooks struct {
	// Started and Handled are as in [Hooks], and called directly after those.
	Started func(d *stream.Delivery)
	Handled func(d *stream.Delivery, took time.Duration, err error)
	// Idle: the worker has nothing to do and is about to look for more, for which it
	// may have to wait; or it ends.
	Idle func()
}

// Ack is one delivery that has been acknowledged.
type Ack struct {
	EntryID stream.ID
	// Since is the time from its handling to when the acknowledgement held.
	Since time.Duration
}

// worker are the hooks of one more worker, none of them nil.
func (h Hooks) worker() WorkerHooks {
	w := WorkerHooks{Started: h.Started, Handled: h.Handled}
	if h.Worker != nil {
		w = w.and(h.Worker())
	}
	if w.Started == nil {
		w.Started = func(*stream.Delivery) {}
	}
	if w.Handled == nil {
		w.Handled = func(*stream.Delivery, time.Duration, error) {}
	}
	if w.Idle == nil {
		w.Idle = func() {}
	}
	return w
}

// fill replaces nil hooks by ones that do nothing, so that nobody has to ask: but for
// those of workers, and Acked, which costs something to prepare.
func (h Hooks) fill() Hooks {
	if h.Taken == nil {
		h.Taken = func(string, Taking, int, time.Duration) {}
	}
	if h.Settled == nil {
		h.Settled = func(*stream.Delivery, Outcome, time.Duration) {}
	}
	if h.AckSent == nil {
		h.AckSent = func(string, int, time.Duration) {}
	}
	if h.AckMissed == nil {
		h.AckMissed = func(string, int) {}
	}
	if h.PayloadLost == nil {
		h.PayloadLost = func(string, stream.ID) {}
	}
	if h.Waiting == nil {
		h.Waiting = func(string, int) {}
	}
	if h.Error == nil {
		h.Error = func(string, string, error) {}
	}
	if h.Answered == nil {
		h.Answered = func(string) {}
	}
	if h.GroupRestored == nil {
		h.GroupRestored = func(string) {}
	}
	if h.Beat == nil {
		h.Beat = func(string, string) {}
	}
	return h
}
