package stream

import (
	"context"
	"errors"
	"time"
)

// ErrPayloadLost says that an entry was deleted from the stream (XDEL, XTRIM,
// MAXLEN) while it was pending.
var ErrPayloadLost = errors.New("entry was deleted from the stream while it was pending")

// Taken is what a consumer took over of entries that were pending.
type Taken struct {
	// Batch are the entries, now the consumer's, with their counts.
	Batch Batch
	// Lost are entries whose payload was deleted while they were pending. They
	// are settled; a tombstone of each is in the dead-letter stream.
	Lost []ID
}

var dueScript = newScript("due", dueLua)

// TakeDue takes at most limit entries whose time in the retry set has come. It
// says when the next one is due (negative: none waits) and how many wait.
func (g *Group) TakeDue(ctx context.Context, consumer string, limit int) (t Taken, next time.Duration, waiting int, err error) {
	reply, err := g.run(ctx, dueScript, consumer, limit)
	if err != nil {
		return t, 0, 0, g.wrap("take what is due of", err)
	}
	if err = reply.open(4); err == nil {
		t, err = g.takenReply(reply)
	}
	var ms, n int64
	if err == nil {
		ms, err = reply.int()
	}
	if err == nil {
		n, err = reply.int()
	}
	return t, time.Duration(ms) * time.Millisecond, int(n), g.wrap("take what is due of", err)
}

var reclaimScript = newScript("reclaim", reclaimLua)

// Reclaiming says what [Group.Reclaim] may take.
type Reclaiming struct {
	// Lease is for how long an entry must have been idle.
	Lease time.Duration
	// Cursor is where the scan goes on; the zero ID for its begin.
	Cursor ID
	// Limit is how many entries may be taken at the most.
	Limit int
	// NotAfter is the server's time after which nothing may be taken, because the
	// call would mean something else by then: a server that stood still for longer
	// than the lease, or whose clock has jumped, shows all entries as idle. The zero
	// time is no limit.
	NotAfter time.Time
}

// Reclaimed is what [Group.Reclaim] took.
type Reclaimed struct {
	Taken
	// Next is the cursor to go on with, the zero ID when a round is complete.
	Next ID
	// At is the server's time.
	At time.Time
	// Late says that NotAfter had passed, so that nothing was taken.
	Late bool
	// Floor is the highest position at which the group could be made again, should it
	// be deleted, without passing over anything that is not settled now: see
	// [Group.Floor]. The zero ID when Late.
	Floor ID
}

// Reclaim takes entries over that have been idle for longer than the lease,
// whoever had them, by XAUTOCLAIM. One call looks at a part of the pending entries
// only (COUNT x 10), so it may take none and not be at the end. An error of
// [ClassUnknown] may have left entries pending under the consumer's name that it does
// not know of: see [Group.Recover]; what comes with it is the consumer's for sure.
func (g *Group) Reclaim(ctx context.Context, consumer string, what Reclaiming) (Reclaimed, error) {
	r := Reclaimed{Next: what.Cursor}
	latest := int64(0)
	if !what.NotAfter.IsZero() {
		latest = what.NotAfter.UnixMilli()
	}
	reply, err := g.run(ctx, reclaimScript, consumer, what.Lease.Milliseconds(), what.Cursor.String(), what.Limit, latest)
	if err != nil {
		return r, g.wrap("reclaim from", err)
	}
	claims, at, late := []claim(nil), int64(0), int64(0)
	if err = reply.open(7); err == nil {
		r.Next, err = reply.id()
	}
	if err == nil {
		claims, err = reply.claims()
	}
	if err == nil {
		r.Lost, err = reply.idArray()
	}
	if err == nil {
		at, err = reply.int()
	}
	if err == nil {
		late, err = reply.int()
	}
	if err == nil {
		r.Floor, err = reply.floor()
	}
	if err != nil {
		return Reclaimed{Next: what.Cursor}, g.wrap("reclaim from", err)
	}
	r.At, r.Late = time.UnixMilli(at), late == 1
	t, err := g.fetch(ctx, consumer, claims)
	r.Batch, r.Lost = t.Batch, append(r.Lost, t.Lost...)
	return r, g.wrap("reclaim from", err)
}

// floor decodes last-delivered-id and the lowest pending one, which may be empty.
func (c *cursor) floor() (ID, error) {
	texts := [2]string{}
	for i := range texts {
		var err error
		if texts[i], err = c.str(); err != nil {
			return ID{}, err
		}
	}
	if texts[0] == "" {
		return ID{}, nil
	}
	at, err := ParseID(texts[0])
	if err != nil || texts[1] == "" {
		return at, err
	}
	lowest, err := ParseID(texts[1])
	return floorOf(at, lowest), err
}

// floorOf is the floor of a group at that position, of whose pending entries this is
// the lowest.
func floorOf(at, lowest ID) ID {
	if before := lowest.Prev(); before.Compare(at) < 0 {
		return before
	}
	return at
}

var recoverScript = newScript("recover", recoverLua)

// ownPage is how many of its own pending entries a consumer looks at in one call.
const ownPage = 1000

// Recover takes again what is pending under the consumer's own name and is not
// known by its token (an entry that is known with another count is another delivery
// of it): entries whose reply was lost on the way. The count of deliveries stays.
// Nobody else may take entries in the consumer's name meanwhile.
func (g *Group) Recover(ctx context.Context, consumer string, known func(Held) bool, limit int) (Taken, error) {
	var all Taken
	for from := (ID{}); len(all.Batch) < limit; {
		rows, err := g.Pending(ctx, PendingQuery{Consumer: consumer, From: from, Count: ownPage})
		if err != nil {
			return all, err
		}
		unknown := make([]Held, 0, len(rows))
		looked := 0
		for ; looked < len(rows) && len(all.Batch)+len(unknown) < limit; looked++ {
			if row := rows[looked]; !known(Held{row.ID, row.Deliveries}) {
				unknown = append(unknown, Held{row.ID, row.Deliveries})
			}
		}
		t, err := g.recoverThese(ctx, consumer, unknown)
		all.Batch, all.Lost = append(all.Batch, t.Batch...), append(all.Lost, t.Lost...)
		if err != nil || (looked == len(rows) && len(rows) < ownPage) {
			return all, err
		}
		from = rows[looked-1].ID.Next() // those behind it, when some of these were lost
	}
	return all, nil
}

func (g *Group) recoverThese(ctx context.Context, consumer string, held []Held) (all Taken, err error) {
	for len(held) > 0 {
		n := min(chunk, len(held))
		reply, err := g.run(ctx, recoverScript, consumer, appendHeld(nil, held[:n])...)
		if err != nil {
			return all, g.wrap("recover own entries of", err)
		}
		var t Taken
		if err = reply.open(2); err == nil {
			t, err = g.takenReply(reply)
		}
		if err != nil {
			return all, g.wrap("recover own entries of", err)
		}
		all.Batch, all.Lost = append(all.Batch, t.Batch...), append(all.Lost, t.Lost...)
		held = held[n:]
	}
	return all, nil
}

// open enters an array that has exactly n elements.
func (c *cursor) open(n int) error {
	size, ok, err := c.array()
	if err != nil || !ok || size != n {
		return orProtocol(err, c, "no array of the size that the script gives")
	}
	return nil
}

// takenReply decodes [entries, lost ids].
func (g *Group) takenReply(c *cursor) (t Taken, err error) {
	if t.Batch, err = c.taken(g.keys.Stream); err == nil {
		t.Lost, err = c.idArray()
	}
	return t, err
}

// idArray is an array of entry IDs.
func (c *cursor) idArray() (ids []ID, err error) {
	n, _, err := c.array()
	for range n {
		var id ID
		if id, err = c.id(); err != nil {
			return ids, err
		}
		ids = append(ids, id)
	}
	return ids, err
}
