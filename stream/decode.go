package stream

// Batch is what one read brought: deliveries of one stream, in the order of the
// reply. All of them alias one buffer.
type Batch []Delivery

// decodeRead decodes the reply of XREADGROUP of one stream in RESP2 (an array
// of [name, entries]) or RESP3 (a map of name to entries). A null is no entries.
func decodeRead(raw []byte, stream string) (Batch, error) {
	c := cursor{buf: raw}
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
			return nil, orProtocol(err, &c, "no [stream, entries]")
		}
	case h.kind == '%' && h.n == 1:
	default:
		return nil, c.fail("no reply of one stream")
	}
	if err := c.skip(); err != nil { // the stream's name, which we asked for
		return nil, err
	}
	return c.entries(stream, func(d *Delivery) error {
		d.Deliveries = 1 // what '>' gives is delivered for the first time
		return nil
	})
}

// decodeTaken decodes what the scripts that take entries over answer: an array
// of [id, fields, deliveries, failures].
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

// entries decodes an array of entries [id, [name, value, ...], more...]; rest
// reads what more there is. One slice holds all deliveries, another all fields.
func (c *cursor) entries(stream string, rest func(*Delivery) error) (Batch, error) {
	n, ok, err := c.array()
	if err != nil || !ok || n == 0 {
		return nil, err
	}
	// An entry takes 17 bytes at the least ("*2 $3 0-0 *0"), whatever n claims.
	batch := make(Batch, 0, min(n, (len(c.buf)-c.pos)/17))
	var arena []Field
	for range n {
		if size, ok, err := c.array(); err != nil || !ok || size < 2 {
			return nil, orProtocol(err, c, "no [id, fields]")
		}
		d := Delivery{Stream: stream, Attempt: 1}
		if d.EntryID, err = c.id(); err != nil {
			return nil, err
		}
		if arena, d.Fields, err = c.fields(arena, n-len(batch)); err != nil {
			return nil, err
		}
		if err = rest(&d); err != nil {
			return nil, err
		}
		d.decode()
		batch = append(batch, d)
	}
	return batch, nil
}

// fields decodes the flat array of an entry's names and values into the arena.
// The arena is made for as many entries like this one as are still to come; when
// it is full a new one is begun, the old one stays with the entries that have it.
func (c *cursor) fields(arena []Field, entries int) ([]Field, Fields, error) {
	n, ok, err := c.array()
	if err != nil || !ok {
		return arena, nil, err
	}
	if n%2 != 0 {
		return arena, nil, c.fail("field without a value")
	}
	n /= 2
	if cap(arena)-len(arena) < n {
		// As many as the rest of the reply can hold, no more: a field takes
		// ten bytes at the least.
		arena = make([]Field, 0, max(n, min(n*entries, (len(c.buf)-c.pos)/10+n)))
	}
	from := len(arena)
	for range n {
		var f Field
		if f.Name, _, err = c.bytes(); err == nil {
			f.Value, _, err = c.bytes()
		}
		if err != nil {
			return arena, nil, err
		}
		arena = append(arena, f)
	}
	return arena, Fields(arena[from:len(arena):len(arena)]), nil
}

func orProtocol(err error, c *cursor, what string) error {
	if err != nil {
		return err
	}
	return c.fail(what)
}
