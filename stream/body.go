package stream

import "math"

// body is the fields of an entry as they came: names and values in turn, each a
// complete string of RESP ("$2\r\nid\r\n"). Most handlers look at the event and never at
// the fields, so these are taken apart when somebody asks for them: as slices they
// would take more memory than the event does.
type body []byte

// newBody encodes fields.
func newBody(fields Fields) body {
	if len(fields) == 0 {
		return nil
	}
	b := make(body, 0, fields.size()+2*len("$000\r\n\r\n")*len(fields))
	for i := range fields {
		b = appendArg(appendArg(b, fields[i].Name), fields[i].Value)
	}
	return b
}

// next is the first field, and what comes behind it; ok is false when there is none.
// Nor is there in memory that has been used again, see [Reader.Reuse]: who has kept a
// delivery too long must not fail here.
func (b body) next() (f Field, rest body, ok bool) {
	var at int
	if f.Name, at = b.str(0); at > 0 {
		f.Value, at = b.str(at)
	}
	return f, b[at:], at > 0
}

// str is the string at pos, and where the next one begins; that is 0 when there is none.
func (b body) str(pos int) (s []byte, next int) {
	if s, next := bulk(b, pos); next > 0 {
		return s, next
	}
	if pos >= len(b) || b[pos] != '$' {
		return nil, 0
	}
	size, rest, ok := leadingUint(b[pos+1:])
	if !ok || size > math.MaxInt/2 {
		return nil, 0
	}
	begin := len(b) - len(rest) + len("\r\n")
	end := begin + int(size)
	if end+len("\r\n") > len(b) {
		return nil, 0
	}
	return b[begin:end:end], end + len("\r\n")
}

// get is the value of the first field of that name.
func (b body) get(name string) (value []byte, ok bool) {
	for f, rest, more := b.next(); more; f, rest, more = rest.next() {
		if string(f.Name) == name {
			return f.Value, true
		}
	}
	return nil, false
}

// fields are all of them; nil when there are none.
func (b body) fields() (out Fields) {
	n := 0
	for _, rest, more := b.next(); more; _, rest, more = rest.next() {
		n++
	}
	if n == 0 {
		return nil
	}
	out = make(Fields, 0, n)
	for f, rest, more := b.next(); more; f, rest, more = rest.next() {
		out = append(out, f)
	}
	return out
}
