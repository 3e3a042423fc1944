package stream

// fields reads the flat array of an entry's names and values, and the event in them,
// into d.
func (c *cursor) fields(d *Delivery) error {
	n, ok, err := c.array()
	if err != nil || !ok || n == 0 { // the body of an entry that is deleted is a null
		return err
	}
	if n%2 != 0 {
		return c.fail("field without a value")
	}
	from := c.pos
	var plain, later bool
	if c.eventBegins() {
		plain, err = c.event(d, n/2)
	} else {
		plain, later, err = c.pairs(n / 2)
	}
	if err != nil {
		return err
	}
	// Whatever brought more of the reply has kept what it had.
	d.body = body(c.buf[from:c.pos:c.pos])
	if !plain {
		if d.body, err = c.encoded(from, n/2); err != nil {
			return err
		}
	}
	if later {
		d.decode()
	}
	return nil
}

// pairs passes over n names and values. plain tells whether they are what a body has,
// event whether one of them says that the entry is a CloudEvent.
func (c *cursor) pairs(n int) (plain, event bool, err error) {
	plain = true
	for version := false; n > 0; n-- {
		var f Field
		bulky, err := c.pair(&f)
		if err != nil {
			return false, false, err
		}
		plain = plain && bulky
		if !version && string(f.Name) == "specversion" {
			version, event = true, string(f.Value) == SpecVersion
		}
	}
	return plain, event, nil
}

// pair reads a name and a value of any kind, a null as nothing, and tells whether both
// are bulk strings as a body has them.
func (c *cursor) pair(f *Field) (plain bool, err error) {
	buf := c.buf
	if name, next := bulk(buf, c.pos); next > 0 {
		if value, next := bulk(buf, next); next > 0 {
			f.Name, f.Value, c.pos = name, value, next
			return true, nil
		}
	}
	name, first, err := c.some()
	if err != nil {
		return false, err
	}
	value, second, err := c.some()
	f.Name, f.Value = name, value
	return first && second, err
}

// some is a string of any kind.
func (c *cursor) some() (s []byte, plain bool, err error) {
	from := c.pos
	s, ok, err := c.bytes()
	if err != nil {
		return nil, false, err
	}
	if !ok {
		return []byte{}, false, nil
	}
	return s, c.buf[from] == '$' && c.buf[from+1] != '-', nil // a length of minus nothing is one
}

// encoded is the body of an entry, n fields that were read before and begin at from,
// where a server says them in other words than in bulk strings.
func (c *cursor) encoded(from, n int) (body, error) {
	c.pos = from
	var b body
	for range n {
		var f Field
		if _, err := c.pair(&f); err != nil {
			return nil, err
		}
		b = appendArg(appendArg(b, f.Name), f.Value)
	}
	return b, nil
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
func (c *cursor) event(d *Delivery, n int) (plain bool, err error) {
	buf, pos := c.buf, c.pos+len(versionName+versionValue) // in registers for as long as bulk does
	plain = true
	var f Field
	for ; n > 1; n-- {
		if a, name, next := attributeAt(buf, pos); next > 0 {
			if value, next := bulk(buf, next); next > 0 {
				f.Name, f.Value, pos = name, value, next
				d.set(a, &f)
				continue
			}
		}
		c.pos = pos
		bulky, err := c.pair(&f)
		if err != nil {
			return false, err
		}
		plain = plain && bulky
		buf, pos = c.buf, c.pos
		d.set(attributeNamed(f.Name), &f)
	}
	c.pos = pos
	d.require()
	return plain, nil
}
