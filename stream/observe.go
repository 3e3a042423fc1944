package stream

import (
	"context"
	"errors"
	"slices"
	"time"
)

// Observing says what [Conn.Observe] looks at.
type Observing struct {
	// Groups are the groups to look at; all of the stream's, 100 at the most, when
	// nil.
	Groups []string
	// Lease is after what silence a delivery can be taken over, and a consumer counts
	// as gone: 30 s when 0.
	Lease time.Duration
	// CountTo bounds what is counted one by one: 1,000 when 0.
	CountTo int
	// Samples is how many nodes of the stream MEMORY USAGE looks at: 5 when 0, and
	// negative for not asking.
	Samples int
	// DeadLetters names the dead-letter streams of groups that have one of their own.
	DeadLetters map[string]string
}

// Unknown is a number that the server does not say, or that this user may not ask for.
const Unknown = -1

// Observation is what a server says about a stream at one moment, or nearly so: it
// takes three round trips.
type Observation struct {
	// At is when, by the server's clock.
	At time.Time
	// Exists tells whether there is such a stream. What follows is 0 without it.
	Exists bool
	// Entries are in the stream now, Added have been since it was made.
	Entries, Added int64
	// Memory is about how many bytes the stream takes, its groups included; Unknown
	// where MEMORY USAGE is refused.
	Memory int64
	Groups []ObservedGroup
}

// ObservedGroup is one group of an [Observation].
type ObservedGroup struct {
	Name string
	// Read are the entries that the group has been given since it was made; Unknown
	// when Redis has lost count.
	Read int64
	// Unread are the entries that it has not been given. Where Redis does not know
	// (an entry was deleted before it was read) they are counted up to CountTo: then
	// that many are there or more, and Exact is false.
	Unread int64
	Exact  bool
	// Pending are delivered and not settled, those that wait for their next try
	// included.
	Pending int64
	// Claimable are pending ones for which nobody has extended a lease: whose
	// consumer has been silent for one, or, up to CountTo for each consumer, that have
	// been idle for one themselves. Those that wait for their next try are not.
	Claimable int64
	// OldestPending and OldestUnread are the lowest IDs of both, zero for none.
	OldestPending, OldestUnread ID
	// Waiting are the entries in the retry set, Due those of them whose time has
	// come, up to CountTo.
	Waiting, Due int64
	// Dead are the letters in the dead-letter stream.
	Dead int64
	// Alive and Idle are the consumers that have talked to the server within a lease,
	// and the others.
	Alive, Idle int
}

// maxObserved bounds what is looked at one by one: the groups of a stream, and the
// consumers of a group that hold something.
const maxObserved = 100

// Observe looks at a stream and its groups from outside, in three round trips
// whatever their size. No command takes longer than some milliseconds: nothing is
// counted beyond CountTo. A stream that is not there is no error.
func (c *Conn) Observe(ctx context.Context, stream string, what Observing) (Observation, error) {
	if what.Lease <= 0 {
		what.Lease = 30 * time.Second
	}
	if what.CountTo <= 0 {
		what.CountTo = 1000
	}
	if what.Samples == 0 {
		what.Samples = 5
	}
	if _, err := KeysOf(stream); err != nil {
		return Observation{}, err
	}
	o := &observer{Observing: what, conn: c, stream: stream}
	err := o.lookAtStream(ctx)
	if err == nil && len(o.groups) > 0 {
		err = o.lookAtGroups(ctx)
	}
	if err == nil {
		err = o.lookAtConsumers(ctx)
	}
	if err != nil {
		return Observation{}, wrapStream("observe", stream, err)
	}
	for i := range o.groups {
		o.found.Groups = append(o.found.Groups, o.groups[i].ObservedGroup)
	}
	return o.found, nil
}

// observer is one Observe.
type observer struct {
	Observing
	conn   *Conn
	stream string
	found  Observation
	groups []observed
}

// observed is a group, and what is needed to go on.
type observed struct {
	ObservedGroup
	last  ID
	lag   bool             // Redis knows it
	idle  map[string]int64 // ms, by consumer
	holds map[string]int64 // pending entries, by consumer
}

func (o *observer) lookAtStream(ctx context.Context) error {
	commands := [][]any{{"TIME"}, {"XINFO", "STREAM", o.stream}, {"XINFO", "GROUPS", o.stream}}
	if o.Samples > 0 {
		commands = append(commands, []any{"MEMORY", "USAGE", o.stream, "SAMPLES", o.Samples})
	}
	replies, errs := o.conn.pipeline(ctx, o.stream, commands)
	if errs[0] != nil {
		return errs[0]
	}
	now, err := replies[0].ints()
	if err != nil || len(now) != 2 {
		return errors.Join(err, replies[0].fail("no time"))
	}
	o.found.At, o.found.Memory = time.Unix(now[0], now[1]*1000), Unknown
	if Code(errs[1]) == "ERR" || Code(errs[2]) == "ERR" { // "no such key"
		o.found.Memory = 0
		return nil
	}
	if err := errors.Join(errs[1], errs[2]); err != nil {
		return err
	}
	o.found.Exists, o.found.Added = true, Unknown
	if err := replies[1].numbers(map[string]*int64{"length": &o.found.Entries, "entries-added": &o.found.Added}); err != nil {
		return err
	}
	if o.Samples > 0 && errs[3] == nil {
		if o.found.Memory, err = replies[3].int(); err != nil {
			o.found.Memory = Unknown // a key that has gone meanwhile
		}
	}
	return o.readGroups(replies[2])
}

func (o *observer) readGroups(reply *cursor) error {
	n, _, err := reply.array()
	for range n {
		g := observed{ObservedGroup: ObservedGroup{Read: Unknown}}
		err = reply.record(func(name string, value []byte, ok bool) {
			switch {
			case !ok:
			case name == "name":
				g.Name = string(value)
			case name == "pending":
				g.Pending = int64(atoi(value))
			case name == "last-delivered-id":
				g.last, _ = parseID(value)
			case name == "entries-read":
				g.Read = int64(atoi(value))
			case name == "lag":
				g.Unread, g.Exact, g.lag = int64(atoi(value)), true, true
			}
		})
		if err != nil {
			return err
		}
		if (o.Groups == nil || slices.Contains(o.Groups, g.Name)) && len(o.groups) < maxObserved {
			o.groups = append(o.groups, g)
		}
	}
	return err
}
