package history

import (
	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/stream"
)

// Op is what happened.
type Op uint8

const (
	// Publish: an event is sent to Redis (Invoke), and what came of it: OK with its entry's ID, Fail when it is certain that it
	// is not stored, Unknown when it may be. Invoke alone means Unknown.
	Publish Op = iota
	// Start: a handler begins with a delivery. Invoke.
	Start
	// Finish: it returns. OK: the effect is done. Fail: it failed. Unknown: it was interrupted, and did nothing.
	Finish
	// Settle: OK when Redis has said that the settlement named in Settled holds, or that the entry is lost to others.
	Settle
	// Effect: an effect that is to happen once was committed. OK.
	Effect
	// Spawn: a process begins. OK.
	Spawn
	// Crash: a process is killed. Noted before it is.
	Crash
	// Stop: a process stands still from now, by a signal or because the machine is busy.
	Stop
	// Cont: it goes on.
	Cont
	// Term: it is told to end.
	Term
	// Exit: it has ended by itself. OK or Fail.
	Exit
	// Fault: something that many depend on is disturbed: Redis, the network, a clock. Invoke when it begins and OK when it is
	// over, both with the same ID. See Fault.
	Fault
	lastOp
)

// String is the operation's name.
func (o Op) String() string {
	return [...]string{"publish", "start", "finish", "settle", "effect", "spawn", "crash", "stop", "cont", "term", "exit", "fault"}[o]
}

// Outcome is what is known of an operation.
type Outcome uint8

const (
	// Invoke: it begins.
	Invoke Outcome = iota
	// OK: it was done.
	OK
	// Fail: it certainly was not done.
	Fail
	// Unknown: it may have been done.
	Unknown
	lastOutcome
)

// String is the outcome's name.
func (o Outcome) String() string { return [...]string{"invoke", "ok", "fail", "unknown"}[o] }

// Record is one thing that happened. What does not apply is zero.
type Record struct {
	// At is when, in nanoseconds of a clock that all processes of the run share and that nobody sets: see Now.
	At int64
	// Process is who did it, or to whom it was done. A name is never used twice in a run.
	Process string
	Op      Op
	Outcome Outcome
	// Settled is which settlement, of Settle.
	Settled consumer.Outcome
	// ID is the event's, or the fault's.
	ID string
	// Entry is the entry's ID in the stream.
	Entry stream.ID
	// Deliveries is what Redis counts: with the process' name the token of the delivery.
	Deliveries int
	// Attempt is 1 plus the failures so far.
	Attempt int
	// Note is for people, and of a Fault what it excuses.
	Note string
}

// Event is the record of what a process does with a delivery, now.
func Event(process string, op Op, outcome Outcome, d *stream.Delivery) Record {
	return Record{
		At: Now(), Process: process, Op: op, Outcome: outcome,
		ID: d.ID, Entry: d.EntryID, Deliveries: d.Deliveries, Attempt: d.Attempt,
	}
}

// token is what Redis knows the holder of an entry by.
type token struct {
	process    string
	deliveries int
}

func (r *Record) token() token { return token{r.Process, r.Deliveries} }

// terminal tells whether the record says that an entry is settled for good.
func (r *Record) terminal() bool {
	return r.Op == Settle && r.Outcome == OK && (r.Settled == consumer.Acked || r.Settled == consumer.DeadLettered)
}
