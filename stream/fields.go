package stream

import "bytes"

// Field is one field of an entry: its name and value, both any bytes.
type Field struct {
	Name, Value []byte
}

// Fields are the fields of an entry as they were added: in order, with names
// that may be there twice, and values of any bytes. What [Delivery.Fields] gives
// aliases the buffer of the batch that the delivery came in: read it, do not write to
// it, and Clone what is kept for longer than the handler runs (nothing breaks
// otherwise, but one kept field keeps the whole batch in memory; where the reader's
// memory is used again, see [Reader.Reuse], what was not cloned changes).
type Fields []Field

// Get is the value of the first field of that name.
func (f Fields) Get(name string) (value []byte, ok bool) {
	for i := range f {
		if string(f[i].Name) == name {
			return f[i].Value, true
		}
	}
	return nil, false
}

// Clone is a deep copy that aliases nothing.
func (f Fields) Clone() Fields {
	if f == nil {
		return nil
	}
	out := make(Fields, len(f))
	for i := range f {
		out[i] = Field{bytes.Clone(f[i].Name), bytes.Clone(f[i].Value)}
	}
	return out
}

// size is the number of bytes in names and values.
func (f Fields) size() (n int) {
	for i := range f {
		n += len(f[i].Name) + len(f[i].Value)
	}
	return n
}
