package history

import (
	"time"

	"github.com/leat-io/leat/stream"
)

// Final is what is in Redis in the end, when everything should be settled.
type Final struct {
	// Stored are the entries of the stream; nil when they were not looked at (I5 is then checked by what was handled alone).
	Stored []Stored
	// Pending are the rows of the group's pending entries list.
	Pending []stream.PendingEntry
	// Waiting are the members of the group's retry set.
	Waiting []stream.ID
	// Failed are the entries of whose failures the group keeps a count.
	Failed []stream.ID
	// Unread are the entries behind the last one that the group was given.
	Unread []Stored
	// Letters are the group's dead letters.
	Letters []Letter
	// Effects are how many committed effects an event has, where exactly once is promised.
	Effects map[string]int
}

// Stored is an entry of the stream, and the event in it.
type Stored struct {
	Entry stream.ID
	ID    string
}

// Letter is a dead letter.
type Letter struct {
	Entry stream.ID // where it came from
	ID    string    // of the event
	// Tombstone: the entry had been deleted, there is nothing to redrive.
	Tombstone bool
	// Reason is why it is one, as stream's Reason constants say; empty where that is not known, or not to be checked. Deliveries is
	// how often it had been delivered.
	Reason     string
	Deliveries int
}

// LetterOf is what the checker wants to know of a dead letter.
func LetterOf(l stream.Letter) Letter {
	d := stream.NewDelivery(l.Stream, l.EntryID, l.Fields)
	return Letter{Entry: l.EntryID, ID: d.ID, Tombstone: len(l.Fields) == 0, Reason: l.Reason, Deliveries: l.Deliveries}
}

// Rules are what was promised in a run.
type Rules struct {
	// Lease is the workers'. Without it reasons of further starts are not asked for.
	Lease time.Duration
	// MaxAttempts and MaxDeliveries are the workers'; 0 for no limit.
	MaxAttempts, MaxDeliveries int
	// Backoff is how long what has failed waits at the least, by the clock of whoever tells the time; 0 where that is not asked for, as
	// it must not be where the server's clock is changed or its data are lost.
	Backoff time.Duration
	// Prompt is how long what can be begun waits at the most; 0 where that is not asked for, as it must not be where workers have
	// more to do than they can.
	Prompt time.Duration
	// Idempotent: an event is stored once, however often it is sent (I5).
	Idempotent bool
	// ExactlyOnce: an event has one committed effect at the most (I2).
	ExactlyOnce bool
	// Key is the key of an event by which its process keeps order (I6), and whether it has one; nil for no order.
	Key func(id string) (key string, ok bool)
	// AllSent: no record of a producer is missing, as those are that one had not written when it was killed. What is stored and was
	// never sent is a violation then (I5).
	AllSent bool
	// PausedAcks: a worker that stood still between its last look at its clock and sending a plain XACK may acknowledge what has become
	// another's. It is counted then, and a violation otherwise.
	PausedAcks bool
	// NothingLate: that a fault may have held a command up (Excuse.Late) excuses nothing.
	NothingLate bool
	// Keeps: what a living worker works on stays its own, whatever is done to the servers: no fault explains that another one begins it
	// before the handler has returned, unless the machine itself stood still (Slow).
	Keeps bool
	// NoneTooOften: nobody dies, stands still or loses a reply, and what is handed back does not count, so that nothing is given up for
	// the number of its deliveries.
	NoneTooOften bool
	// Clean: nothing but the promised is left over: no member of the retry set, and no count of failures, without a pending entry.
	Clean bool
}
