package bare

// Entry is one entry of a stream, as it lies in the read buffer.
type Entry struct {
	// ID is the entry's ID as Redis writes it.
	ID []byte
	// Fields are names and values in turn, in the order of the entry. They, and ID,
	// are valid until the handler returns, and may not be changed.
	Fields [][]byte

	wireID []byte // the ID as an argument of a command
}

// Value is the value of the first field of that name, nil when there is none.
func (e *Entry) Value(name string) []byte {
	for i := 0; i+1 < len(e.Fields); i += 2 {
		if string(e.Fields[i]) == name {
			return e.Fields[i+1]
		}
	}
	return nil
}

// parse reads the entry that b begins with: its ID, and its names and values. n is
// how many bytes it takes, 0 when it is not complete.
func (e *Entry) parse(b []byte) (n int, err error) {
	parts, i, err := number(b, 0, '*')
	if i == short {
		return short, err
	}
	if parts != 2 {
		return short, malformed("an entry of 2 parts", b)
	}
	idAt := i
	if e.ID, i, err = bulk(b, i); i == short {
		return short, err
	}
	if e.ID == nil {
		return short, malformed("an entry's ID", b)
	}
	e.wireID = b[idAt:i]
	strings, i, err := number(b, i, '*')
	if i == short {
		return short, err
	}
	if strings&1 != 0 && strings != -1 { // null: deleted while pending
		return short, malformed("as many values as names", b)
	}
	e.Fields = e.Fields[:0]
	for range strings {
		s, next, err := bulk(b, i)
		if next == short {
			return short, err
		}
		e.Fields = append(e.Fields, s)
		i = next
	}
	return i, nil
}

// readHeader parses a reply of XREADGROUP from one stream up to its first entry,
// and tells how many follow: none when it is a null.
func readHeader(b []byte, entries *int) (n int, err error) {
	if is, n, err := refused(b); is {
		return n, err
	}
	*entries = 0
	streams, i, err := number(b, 0, '*')
	if i == short || streams == -1 {
		return i, err
	}
	if streams != 1 {
		return short, malformed("one stream", b)
	}
	parts, i, err := number(b, i, '*')
	if i == short {
		return short, err
	}
	if parts != 2 {
		return short, malformed("a stream's key and entries", b)
	}
	if _, i, err = bulk(b, i); i == short { // its key
		return short, err
	}
	count, i, err := number(b, i, '*')
	if i == short {
		return short, err
	}
	*entries = max(count, 0)
	return i, nil
}
