package stream

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// claim is an entry that a script has made ours, without its payload.
type claim struct {
	id                   ID
	deliveries, failures int
}

// claims decodes an array of id, deliveries, failures, id, ...
func (c *cursor) claims() ([]claim, error) {
	n, _, err := c.array()
	if err != nil || n%3 != 0 {
		return nil, orProtocol(err, c, "no array of triples")
	}
	out := make([]claim, n/3)
	for i := range out {
		var deliveries, failures int64
		if out[i].id, err = c.id(); err == nil {
			deliveries, err = c.int()
		}
		if err == nil {
			failures, err = c.int()
		}
		if err != nil {
			return nil, err
		}
		out[i].deliveries, out[i].failures = int(deliveries), int(failures)
	}
	return out, nil
}

// run is how many entries are read by one XRANGE. What a dead worker left lies in a row
// mostly, and costs the server a third of what it does entry by entry; where others lie
// between, no more than as many of them are read for nothing.
const run = 32

// fetch reads the payloads of entries that are the consumer's by now, which are in
// ascending order. One that has none any more is settled, with a tombstone. After an
// error, which is one of unknown outcome, those that are not there are pending in the
// consumer's name all the same.
func (g *Group) fetch(ctx context.Context, consumer string, claims []claim) (t Taken, err error) {
	if len(claims) == 0 {
		return t, nil
	}
	f := fetched{g: g, left: slices.Collect(slices.Chunk(claims, run))}
	f.Batch = make(Batch, 0, len(claims))
	f.exchange(ctx)
	if len(f.left) > 0 && f.err == nil {
		f.exchange(ctx) // each alone
		slices.SortFunc(f.Batch, func(a, b Delivery) int { return a.EntryID.Compare(b.EntryID) })
		slices.SortFunc(f.gone, func(a, b Held) int { return a.ID.Compare(b.ID) })
	}
	t, err = f.Taken, f.err
	if err == nil {
		var rest Taken
		rest, err = g.recoverThese(ctx, consumer, f.gone) // which knows what to do about them
		t.Batch, t.Lost = append(t.Batch, rest.Batch...), rest.Lost
	}
	if err != nil && !errors.Is(err, ErrUnknownOutcome) {
		err = fmt.Errorf("%w: read what was taken over: %w", ErrUnknownOutcome, err)
	}
	return t, err
}

// fetched is what the replies have brought.
type fetched struct {
	Taken
	g    *Group
	left [][]claim // still to be read, a command each
	gone []Held    // have no payload any more
	err  error
}

// exchange reads what is left. What others have crowded out of the replies is left then.
func (f *fetched) exchange(ctx context.Context) {
	asked := f.left
	f.left = nil
	x := exchange{n: len(asked), pipelined: true, read: func(i int, reply *cursor, failed error) error {
		return f.read(asked[i], reply, failed)
	}}
	for _, claims := range asked {
		b := appendArg(appendArg(appendCommand(x.commands, 6), "XRANGE"), f.g.keys.Stream)
		b = appendIDArg(appendIDArg(b, claims[0].id), claims[len(claims)-1].id)
		x.commands = appendIntArg(appendArg(b, "COUNT"), int64(len(claims)))
		x.kept += 512 * len(claims)
	}
	f.g.conn.exchange(ctx, f.g.keys.Stream, &x)
}

// read finds those of the claims in a reply, which has no more entries than there are claims.
func (f *fetched) read(claims []claim, reply *cursor, failed error) error {
	if failed != nil {
		f.err = failed
		return nil //nolint:nilerr // it is about these entries, not about the exchange
	}
	came, err := reply.entries(f.g.keys.Stream, nil)
	if err != nil {
		return err
	}
	all := len(came) < len(claims) // there are no others
	for i := range came {
		id := came[i].EntryID
		for len(claims) > 0 && claims[0].id.Compare(id) < 0 {
			f.gone = append(f.gone, Held{claims[0].id, claims[0].deliveries})
			claims = claims[1:]
		}
		if len(claims) > 0 && claims[0].id == id {
			came[i].Deliveries, came[i].Attempt = claims[0].deliveries, claims[0].failures+1
			f.Batch = append(f.Batch, came[i])
			claims = claims[1:]
		}
	}
	for i := range claims {
		if all {
			f.gone = append(f.gone, Held{claims[i].id, claims[i].deliveries})
		} else {
			f.left = append(f.left, claims[i:i+1])
		}
	}
	return nil
}
