package stream

import (
	"context"
	"errors"
	"fmt"
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

// fetch reads the payloads of entries that are the consumer's by now. One that has
// none any more is settled, with a tombstone. After an error, which is one of unknown
// outcome, those that are not there are pending in the consumer's name all the same.
func (g *Group) fetch(ctx context.Context, consumer string, claims []claim) (t Taken, err error) {
	if len(claims) == 0 {
		return t, nil
	}
	var commands []byte
	for _, c := range claims {
		commands = appendArg(appendArg(appendCommand(commands, 4), "XRANGE"), g.keys.Stream)
		commands = appendIDArg(appendIDArg(commands, c.id), c.id)
	}
	f := fetched{g: g, claims: claims}
	f.Batch = make(Batch, 0, len(claims))
	g.conn.exchange(ctx, g.keys.Stream, &exchange{commands: commands, n: len(claims), pipelined: true, kept: 512 * len(claims), read: f.read})
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
	g      *Group
	claims []claim
	gone   []Held // have no payload any more
	err    error
}

func (f *fetched) read(i int, reply *cursor, failed error) error {
	if failed != nil {
		f.err = failed
		return nil //nolint:nilerr // it is about this entry, not about the exchange
	}
	one, err := reply.entries(f.g.keys.Stream, nil)
	switch {
	case err != nil:
		return err
	case len(one) == 0:
		f.gone = append(f.gone, Held{f.claims[i].id, f.claims[i].deliveries})
	default:
		one[0].Deliveries, one[0].Attempt = f.claims[i].deliveries, f.claims[i].failures+1
		f.Batch = append(f.Batch, one[0])
	}
	return nil
}
