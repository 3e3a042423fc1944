package stream

// fields decodes the flat array of an entry's names and values, and the event in
// them, into d. The fields of all entries are in one arena, which is made for as
// many entries like this one as are still to come (this one included); when it is
// full a new one is begun, the old one stays with the entries that have it.
func (c *cursor) fields(d *Delivery, arena []Field, entries int) ([]Field, error) {
	n, ok, err := c.array()
	if err != nil || !ok { // the body of an entry that is deleted is a null
		return arena, err
	}
	if n%2 != 0 {
		return arena, c.fail("field without a value")
	}
	n /= 2
	if n > cap(arena)-len(arena) || (len(arena) == 0 && n > 0) {
		arena = c.arena(arena, n, entries)
	}
	from := len(arena)
	if n > cap(arena)-from {
		// More than is believed: they have to come first.
		if arena, err = c.appendPairs(arena, n); err != nil {
			return arena, err
		}
		d.Fields = Fields(arena[from:len(arena):len(arena)])
		d.decode()
		return arena, nil
	}
	arena = arena[:from+n]
	d.Fields = Fields(arena[from : from+n : from+n])
	if n > 0 && c.eventBegins() {
		return arena, c.event(d)
	}
	err = c.pairs(d.Fields)
	d.decode()
	return arena, err
}

// arena is a place for n fields now, and as many for each of the other entries: the one
// of a memory that is used again, where that is large enough.
func (c *cursor) arena(used []Field, n, entries int) []Field {
	size := c.arenaSize(n, entries)
	if len(used) == 0 && size <= cap(used) {
		return used
	}
	if c.memory != nil {
		size = roundUp(size)
	}
	return make([]Field, 0, size)
}

// arenaSize is how many fields are made room for when n come now, of the first of
// as many entries: no more than the rest of the reply can hold (a field takes ten
// bytes at the least) or, where that is not known, than is sane.
func (c *cursor) arenaSize(n, entries int) int {
	if c.more == nil {
		return n * min(entries, (len(c.buf)-c.pos)/(10*n)+1)
	}
	if n > maxAhead {
		return maxAhead
	}
	return n * min(entries, 8*maxAhead/n)
}

// appendPairs reads n fields that there may be no room for.
func (c *cursor) appendPairs(arena []Field, n int) ([]Field, error) {
	for range n {
		var f Field
		if err := c.pair(&f); err != nil {
			return arena, err
		}
		arena = append(arena, f)
	}
	return arena, nil
}

// pairs reads a name and a value into each field.
func (c *cursor) pairs(fields []Field) error {
	buf, pos := c.buf, c.pos // in registers for as long as bulk does
	for i := range fields {
		f := &fields[i]
		if name, next := bulk(buf, pos); next > 0 {
			if value, next := bulk(buf, next); next > 0 {
				f.Name, f.Value, pos = name, value, next
				continue
			}
		}
		c.pos = pos
		if err := c.pair(f); err != nil {
			return err
		}
		buf, pos = c.buf, c.pos
	}
	c.pos = pos
	return nil
}

// pair reads a name and a value of any kind.
func (c *cursor) pair(f *Field) (err error) {
	if f.Name, _, err = c.bytes(); err == nil {
		f.Value, _, err = c.bytes()
	}
	return err
}

// What every entry that leat wrote begins with: the field specversion, 1.0.
const (
	versionName  = "$11\r\nspecversion\r\n"
	versionValue = "$3\r\n1.0\r\n"
)

// eventBegins tells whether the field at the cursor is specversion 1.0, so that
// the entry is a CloudEvent for sure. One that has it elsewhere is none the less.
func (c *cursor) eventBegins() bool {
	rest := c.buf[c.pos:]
	return len(rest) >= len(versionName+versionValue) &&
		string(rest[:len(versionName)]) == versionName &&
		string(rest[len(versionName):len(versionName+versionValue)]) == versionValue
}

// event is pairs and decode in one, where eventBegins: each field is taken over
// into Event as it is read, the usual names without a look at their length.
func (c *cursor) event(d *Delivery) error {
	buf, pos := c.buf, c.pos
	d.Fields[0], pos = versionField(buf[pos:]), pos+len(versionName+versionValue)
	for i := 1; i < len(d.Fields); i++ {
		f := &d.Fields[i]
		if a, name, next := attributeAt(buf, pos); next > 0 {
			if value, next := bulk(buf, next); next > 0 {
				f.Name, f.Value, pos = name, value, next
				d.set(a, f)
				continue
			}
		}
		c.pos = pos
		if err := c.pair(f); err != nil {
			return err
		}
		buf, pos = c.buf, c.pos
		d.set(attributeNamed(f.Name), f)
	}
	c.pos = pos
	d.require()
	return nil
}

// versionField is the field that eventBegins has seen.
func versionField(buf []byte) Field {
	const (
		name  = len("$11\r\n")
		value = len(versionName + "$3\r\n")
	)
	return Field{
		Name:  buf[name : name+len("specversion") : name+len("specversion")],
		Value: buf[value : value+len(SpecVersion) : value+len(SpecVersion)],
	}
}
