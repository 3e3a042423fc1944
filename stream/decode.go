package stream

import "fmt"

// Batch is what one read brought: deliveries of one stream, in the order of the
// reply. All of them alias one buffer.
type Batch []Delivery

// decodeRead decodes a complete reply of XREADGROUP.
func decodeRead(raw []byte, stream string) (Batch, error) {
	c := cursor{buf: raw}
	return c.read(stream)
}

// read decodes the reply of XREADGROUP of one stream in RESP2 (an array of
// [name, entries]) or RESP3 (a map of name to entries), and leaves the cursor
// behind it. A null is no entries. When the reply is an error of the server, the
// cursor is behind it too; after any other error it is somewhere inside.
func (c *cursor) read(stream string) (Batch, error) {
	h, err := c.header()
	switch {
	case err != nil:
		return nil, err
	case h.null():
		return nil, nil
	case h.n == 0 && (h.kind == '*' || h.kind == '%'):
		return nil, nil
	case h.kind == '*' && h.n == 1:
		if n, ok, err := c.array(); err != nil || !ok || n != 2 {
			return nil, orProtocol(err, c, "no [stream, entries]")
		}
	case h.kind == '%' && h.n == 1:
	default:
		return nil, c.fail("no reply of one stream")
	}
	if err := c.skip(); err != nil { // the stream's name, which we asked for
		return nil, err
	}
	return c.entries(stream, nil)
}

// taken decodes what the scripts that take entries over answer: an array of
// [id, fields, deliveries, failures].
func (c *cursor) taken(stream string) (Batch, error) {
	return c.entries(stream, func(d *Delivery) error {
		deliveries, err := c.int()
		if err != nil {
			return err
		}
		failures, err := c.int()
		d.Deliveries, d.Attempt = int(deliveries), int(failures)+1
		return err
	})
}

// entries decodes an array of entries [id, [name, value, ...], more...]; rest reads
// what more there is, nil: nothing. One slice holds all deliveries.
func (c *cursor) entries(stream string, rest func(*Delivery) error) (Batch, error) {
	n, ok, err := c.array()
	if err != nil || !ok || n == 0 {
		return nil, err
	}
	if c.begun != nil {
		c.begun(n)
	}
	// An entry takes 17 bytes at the least ("*2 $3 0-0 *0"), whatever n claims.
	batch := c.memory.begin(c.ahead(n, 17))
	for len(batch) < n {
		if len(batch) < cap(batch) {
			batch = batch[:len(batch)+1] // its memory is zero
		} else {
			batch = append(batch, Delivery{})
		}
		d := &batch[len(batch)-1]
		// What '>' gives is delivered for the first time.
		d.Stream, d.Attempt, d.Deliveries = stream, 1, 1
		if err = c.entry(d, rest); err != nil {
			return nil, c.inside(err)
		}
	}
	if c.memory != nil {
		c.memory.end(batch, c.buf)
	}
	return batch, nil
}

// entry decodes one entry.
func (c *cursor) entry(d *Delivery, rest func(*Delivery) error) error {
	size, ok, err := c.array()
	if err != nil || !ok || size < 2 || (size > 2 && rest == nil) {
		return orProtocol(err, c, "no [id, fields]")
	}
	if d.EntryID, err = c.id(); err != nil {
		return err
	}
	if err = c.fields(d); err == nil && rest != nil {
		err = rest(d)
	}
	return err
}

// inside is an error that ended the decoding among the entries. One of the server's
// is none of the reply then: entries came in front of it, and are the consumer's.
func (c *cursor) inside(err error) error {
	if text, ok := serverError(err); ok {
		return c.fail(fmt.Sprintf("error %q in place of a value", clip([]byte(text), 64)))
	}
	return err
}

func orProtocol(err error, c *cursor, what string) error {
	if err != nil {
		return err
	}
	return c.fail(what)
}
