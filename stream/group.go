package stream

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Start is where a consumer group begins when it is made. A group that exists
// goes on where it stands.
type Start struct {
	kind startKind
	id   ID
}

type startKind uint8

const (
	startOldest startKind = iota
	startNewest
	startAt
)

// Oldest begins with the first entry that is in the stream. It is the default:
// nothing that is there already is passed over.
func Oldest() Start { return Start{} }

// Newest begins with the first entry added after the group is made.
func Newest() Start { return Start{kind: startNewest} }

// At begins with the entry id, or the first one behind it.
func At(id ID) Start { return Start{startAt, id} }

// Since begins with the first entry added at t or later, by the server's clock.
func Since(t time.Time) Start { return At(ID{Ms: uint64(max(t.UnixMilli(), 0))}) }

// String is the start as a configuration says it.
func (s Start) String() string {
	switch s.kind {
	case startNewest:
		return "newest"
	case startAt:
		return s.id.String()
	}
	return "oldest"
}

// position is the start as XGROUP CREATE takes it: the last entry not to be given.
func (s Start) position() string {
	switch s.kind {
	case startNewest:
		return "$"
	case startAt:
		return s.id.Prev().String()
	}
	return "0-0"
}

// Behind is the position from which a group with this start would be made again,
// should it go: that of the start, or at, the position that it has, for [Newest].
func (s Start) Behind(at ID) ID {
	switch s.kind {
	case startNewest:
		return at
	case startAt:
		return s.id.Prev()
	}
	return ID{}
}

// DeadLetter says where a group's dead letters go.
type DeadLetter struct {
	// Stream is the key of the dead-letter stream; by default
	// leat:{stream}:dead:<group>. One of your own must be in the hash slot of
	// the stream, and may be shared by several groups of it.
	Stream string
	// MaxLen keeps about that many of the newest letters; 0 keeps all.
	MaxLen int64
}

// Group is one consumer group of one stream: all that leat reads from and
// writes to it. Every operation is one command or one script. A Group is safe
// for concurrent use.
type Group struct {
	conn *Conn
	keys Keys
	name string

	retryKey, failuresKey, deadKey string
	deadMaxLen                     int64
}

// ErrGroupName is wrapped by the errors of group names that leat cannot use.
var ErrGroupName = errors.New("group name cannot be used")

// Group is the consumer group of that name of that stream, whether it exists or
// not: see [Group.Create].
func (c *Conn) Group(stream, group string, dead DeadLetter) (*Group, error) {
	keys, err := KeysOf(stream)
	if err != nil {
		return nil, err
	}
	if group == "" {
		return nil, fmt.Errorf("%w: it is empty", ErrGroupName)
	}
	g := &Group{
		conn: c, keys: keys, name: group,
		retryKey: keys.Retry(group), failuresKey: keys.Failures(group),
		deadKey: keys.Dead(group), deadMaxLen: dead.MaxLen,
	}
	if dead.Stream != "" {
		if dead.Stream == stream {
			return nil, fmt.Errorf("dead-letter stream of %s: it is the stream itself, its letters would be handled again", g)
		}
		if !SameSlot(dead.Stream, stream) && c.clustered() {
			return nil, fmt.Errorf("dead-letter stream %q of %s: it must be in the same hash slot; name it with the tag {%s}", dead.Stream, g, hashed(stream))
		}
		g.deadKey = dead.Stream
	}
	return g, nil
}

// clustered tells whether keys live in slots on several servers.
func (c *Conn) clustered() bool {
	_, ok := c.commands.(*clusterRouter)
	return ok
}

// String is stream/group, as errors and logs name it.
func (g *Group) String() string { return g.keys.Stream + "/" + g.name }

// Stream is the stream's key.
func (g *Group) Stream() string { return g.keys.Stream }

// Name is the group's name.
func (g *Group) Name() string { return g.name }

// DeadStream is the key of the group's dead-letter stream.
func (g *Group) DeadStream() string { return g.deadKey }

// wrap says what was attempted on which group. NOGROUP and the like stay visible
// to [Classify].
func (g *Group) wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %s: %w", what, g, err)
}

// Create makes the group (and the stream, when there is none) where start says,
// by XGROUP CREATE MKSTREAM. A group that exists is left as it is: created is
// false then.
func (g *Group) Create(ctx context.Context, start Start) (created bool, err error) {
	_, err = g.conn.do(ctx, g.keys.Stream, "XGROUP", "CREATE", g.keys.Stream, g.name, start.position(), "MKSTREAM")
	if Code(err) == "BUSYGROUP" {
		return false, nil
	}
	return err == nil, g.wrap("create group", err)
}

var restoreScript = newScript("restore", restoreLua)

// Restore makes a group anew that was deleted under way (DEL, FLUSHALL, a
// failover that lost it), reading on behind position, and puts what is held back
// into the consumer's pending entries. An existing group is left where it is:
// created is false.
func (g *Group) Restore(ctx context.Context, consumer string, position ID, held []Held) (created bool, err error) {
	args := append(make([]any, 0, 1+2*len(held)), position.String())
	reply, err := g.run(ctx, restoreScript, consumer, appendHeld(args, held)...)
	if err != nil {
		return false, g.wrap("restore group", err)
	}
	n, err := reply.int()
	return n == 1, g.wrap("restore group", err)
}

// Floor is the highest position at which the group could be made again, should it be
// deleted, without passing over anything that is not settled now: below the lowest
// entry that is pending, or the group's position when nothing is.
func (g *Group) Floor(ctx context.Context) (ID, error) {
	// The position first: what is delivered in between is above it.
	at, err := g.Position(ctx)
	if err != nil {
		return ID{}, err
	}
	rows, err := g.Pending(ctx, PendingQuery{Count: 1})
	if err != nil || len(rows) == 0 {
		return at, err
	}
	return floorOf(at, rows[0].ID), nil
}

// Position is the group's last-delivered-id, from XINFO GROUPS.
func (g *Group) Position(ctx context.Context) (ID, error) {
	info, err := g.info(ctx)
	return info.LastDelivered, err
}

var leaveScript = newScript("leave", leaveLua)

// Leave removes the consumer's name from the group if nothing is pending under
// it; removed is false when something is, or when the name was not there.
func (g *Group) Leave(ctx context.Context, consumer string) (removed bool, err error) {
	names, err := g.leave(ctx, consumer, -1)
	return len(names) > 0, err
}

// RemoveIdle removes the names of other consumers that have been silent for that
// long and have nothing pending, and returns them. What is pending under a name
// keeps it: it has to be reclaimed first.
func (g *Group) RemoveIdle(ctx context.Context, consumer string, idle time.Duration) (removed []string, err error) {
	return g.leave(ctx, consumer, idle.Milliseconds())
}

func (g *Group) leave(ctx context.Context, consumer string, idleMs int64) ([]string, error) {
	reply, err := g.run(ctx, leaveScript, consumer, idleMs)
	if err != nil {
		return nil, g.wrap("remove consumers of", err)
	}
	n, _, err := reply.array()
	names := make([]string, 0, n)
	for range n {
		var name string
		if name, err = reply.str(); err != nil {
			break
		}
		names = append(names, name)
	}
	return names, g.wrap("remove consumers of", err)
}
