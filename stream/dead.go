package stream

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// Why an entry became a dead letter.
const (
	// ReasonPermanent: a handler said that trying again is of no use.
	ReasonPermanent = "permanent"
	// ReasonAttempts: it failed as often as it may.
	ReasonAttempts = "attempts"
	// ReasonDeliveries: workers died or lost it as often as they may.
	ReasonDeliveries = "deliveries"
	// ReasonMalformed: it claims to be a CloudEvent and is none.
	ReasonMalformed = "malformed"
	// ReasonPayloadLost: it was deleted from the stream while it was pending.
	ReasonPayloadLost = "payload-lost"
)

// Letter is a dead letter: an entry that was given up, where it came from, and
// why.
type Letter struct {
	// ID is the letter's own entry ID in the dead-letter stream.
	ID ID
	// Stream, Group and EntryID are where it came from.
	Stream, Group string
	EntryID       ID
	// Reason is one of the Reason constants, Error the last error's text.
	Reason, Error string
	// Attempts and Deliveries are how often it failed and was delivered.
	Attempts, Deliveries int
	// Consumer is who gave it up, Time when, by the server's clock.
	Consumer string
	Time     time.Time
	// Fields are the original fields, nil when they had been deleted.
	Fields Fields
}

var deadScript = newScript("dead", deadLua)

// Bury moves an entry that the consumer holds to the dead-letter stream: one
// script adds the letter and acknowledges, so that the entry is always in one of
// both. failed says whether this is one failure more. [ErrLost] when the entry is
// not the consumer's any more. Of an entry whose payload was deleted, the fields
// of d are kept, with the reason [ReasonPayloadLost].
func (g *Group) Bury(ctx context.Context, consumer string, d *Delivery, reason, cause string, failed bool) error {
	add := 0
	if failed {
		add = 1
	}
	args := append(make([]any, 0, 6), d.EntryID.String(), d.Deliveries, reason, clip([]byte(cause), maxErrorText), add, g.deadMaxLen)
	state, err := g.bury(ctx, consumer, args)
	if err == nil && state == 2 {
		for _, f := range d.Fields() {
			args = append(args, f.Name, f.Value)
		}
		state, err = g.bury(ctx, consumer, args)
	}
	if err == nil && state != 1 {
		err = ErrLost
	}
	return g.wrap("dead-letter "+d.EntryID.String()+" of", err)
}

func (g *Group) bury(ctx context.Context, consumer string, args []any) (int64, error) {
	reply, err := g.run(ctx, deadScript, consumer, args...)
	if err != nil {
		return 0, err
	}
	return reply.int()
}

// Letters lists dead letters of the group from an ID on (the zero ID: from the
// first), at most count of them. What else is in a shared dead-letter stream, letters
// of other groups or no letters at all, is left out, next is where to go on, the zero ID at the end.
func (g *Group) Letters(ctx context.Context, from ID, count int) (letters []Letter, next ID, err error) {
	reply, err := g.conn.do(ctx, g.deadKey, "XRANGE", g.deadKey, from.String(), "+", "COUNT", count)
	if err != nil {
		return nil, ID{}, g.wrap("list dead letters of", err)
	}
	batch, err := reply.entries(g.deadKey, func(*Delivery) error { return nil })
	if err != nil {
		return nil, ID{}, g.wrap("list dead letters of", err)
	}
	for i := range batch {
		letter, err := parseLetter(&batch[i])
		switch {
		case errors.Is(err, errNoLetterFields):
			continue // somebody else's entry in a stream that is shared
		case err != nil:
			return nil, ID{}, g.wrap("list dead letters of", err)
		}
		if letter.Group == g.name && letter.Stream == g.keys.Stream {
			letters = append(letters, letter)
		}
	}
	if len(batch) == count {
		next = batch[len(batch)-1].EntryID.Next()
	}
	return letters, next, nil
}

// Letter is one dead letter by its ID in the dead-letter stream.
func (g *Group) Letter(ctx context.Context, id ID) (Letter, error) {
	letters, _, err := g.Letters(ctx, id, 1)
	if err == nil && (len(letters) == 0 || letters[0].ID != id) {
		err = g.wrap("dead letter "+id.String()+" of", ErrNoLetter)
	}
	if err != nil {
		return Letter{}, err
	}
	return letters[0], nil
}

// letterHead is how many fields the letter's own ones are; see bury in lib.lua.
const letterHead = 10

var errNoLetterFields = errors.New("not a dead letter: its first fields are not leat's")

func parseLetter(d *Delivery) (Letter, error) {
	l := Letter{ID: d.EntryID}
	fields := d.Fields()
	if len(fields) < letterHead || string(fields[0].Name) != "leat-stream" {
		return l, fmt.Errorf("entry %s: %w", d.EntryID, errNoLetterFields)
	}
	head := fields[:letterHead:letterHead]
	text := func(name string) string { v, _ := head.Get(name); return string(v) }
	number := func(name string) int { n, _ := strconv.Atoi(text(name)); return n }
	l.Stream, l.Group, l.Reason, l.Error = text("leat-stream"), text("leat-group"), text("leat-reason"), text("leat-error")
	l.Attempts, l.Deliveries, l.Consumer = number("leat-attempts"), number("leat-deliveries"), text("leat-consumer")
	ms, _ := strconv.ParseInt(text("leat-time"), 10, 64)
	l.Time = time.UnixMilli(ms).UTC()
	var err error
	if l.EntryID, err = ParseID(text("leat-entry")); err != nil {
		return l, fmt.Errorf("dead letter %s: %w", d.EntryID, err)
	}
	if number("leat-fields") >= 0 {
		l.Fields = fields[letterHead:]
		if len(l.Fields) != number("leat-fields") {
			l.Fields, err = unpackFields(l.Fields)
		}
	}
	return l, err
}

// unpackFields undoes what bury does to entries with very many fields.
func unpackFields(f Fields) (Fields, error) {
	packed, ok := f.Get("leat-packed")
	if !ok || len(f) != 1 {
		return f, nil
	}
	var all [][]byte
	for len(packed) > 0 {
		n, rest, ok := leadingUint(packed)
		if !ok || len(rest) == 0 || rest[0] != ':' || n > uint64(len(rest)-1) {
			return nil, fmt.Errorf("dead letter's packed fields: %w", errProtocol)
		}
		all = append(all, rest[1:1+n])
		packed = rest[1+n:]
	}
	out := make(Fields, 0, len(all)/2)
	for i := 0; i+1 < len(all); i += 2 {
		out = append(out, Field{all[i], all[i+1]})
	}
	return out, nil
}

var (
	// ErrNoLetter says that there is no dead letter of that ID.
	ErrNoLetter = errors.New("no such dead letter")
	// ErrTombstone says that a dead letter has no payload to give back.
	ErrTombstone = errors.New("dead letter has no payload: the entry was deleted from the stream while it was pending")
)

var redriveScript = newScript("redrive", redriveLua)

// Redrive gives a dead letter back to its group, with no failures and no
// deliveries counted: the original entry where it is still in the stream, else
// a new entry that other groups skip. The letter is removed in the same script.
// The ID under which the group gets the entry comes back. [ErrNoLetter] when the
// letter is not there or not this group's, [ErrTombstone] when it has no payload.
//
// A new entry of more than 3,500 fields does not fit into a script: it is added
// by one command and the letter removed by another. After an error such a letter
// may be there still, and the entry, too.
func (g *Group) Redrive(ctx context.Context, letter Letter) (ID, error) {
	what := "redrive dead letter " + letter.ID.String() + " of"
	if letter.Group != g.name || letter.Stream != g.keys.Stream { // of a dead-letter stream that is shared
		return ID{}, g.wrap(what, ErrNoLetter)
	}
	if len(letter.Fields) == 0 {
		return ID{}, g.wrap(what, ErrTombstone)
	}
	args := make([]any, 0, 2+2*len(letter.Fields))
	args = append(args, letter.ID.String(), letter.EntryID.String())
	fields := letter.Fields
	if string(fields[0].Name) == fieldRedriveGroup {
		fields = fields[1:] // it was redriven before
	}
	for _, f := range fields {
		args = append(args, f.Name, f.Value)
	}
	reply, err := g.run(ctx, redriveScript, "", args...)
	if err != nil {
		return ID{}, g.wrap(what, err)
	}
	answer, err := reply.str()
	switch {
	case err != nil:
		return ID{}, g.wrap(what, err)
	case answer == "":
		return ID{}, g.wrap(what, ErrNoLetter)
	case answer == "pending":
		return letter.EntryID, nil
	case answer == "large":
		id, err := g.redriveLarge(ctx, letter.ID, fields)
		return id, g.wrap(what, err)
	}
	id, err := ParseID(answer)
	return id, g.wrap(what, err)
}

// redriveLarge adds what no script can: an entry of very many fields. The letter
// goes only when the entry is there, so an error in between leaves both.
func (g *Group) redriveLarge(ctx context.Context, letter ID, fields Fields) (ID, error) {
	args := append(make([]any, 0, 5+2*len(fields)), "XADD", g.keys.Stream, "*", fieldRedriveGroup, g.name)
	for _, f := range fields {
		args = append(args, f.Name, f.Value)
	}
	reply, err := g.conn.do(ctx, g.keys.Stream, args...)
	if err != nil {
		return ID{}, err
	}
	id, err := reply.id()
	if err == nil {
		_, err = g.conn.do(ctx, g.deadKey, "XDEL", g.deadKey, letter.String())
	}
	return id, err
}
