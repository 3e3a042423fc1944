package bare

import (
	"context"
	"fmt"
	"strconv"
)

// Value is any reply.
type Value struct {
	// Null is true for a null string and a null array.
	Null bool
	// Int is an integer reply.
	Int int64
	// Text is a string: simple or bulk. In an array it is also an error reply, with
	// its minus sign.
	Text string
	// Array are the elements of an array.
	Array []Value
}

// Do sends one command and waits for its reply, no longer than ctx. An error reply
// is a [ServerError], wrapped with the command's name; its arguments may be secret.
func (c *Conn) Do(ctx context.Context, args ...string) (Value, error) {
	end, err := c.begin(ctx, 0)
	if err != nil {
		return Value{}, fmt.Errorf("%s: %w", args[0], err)
	}
	c.out = AppendCommand(c.out[:0], args...)
	var v Value
	if err = c.flush(); err == nil {
		err = c.next(func(b []byte) (n int, err error) {
			if is, n, err := refused(b); is {
				return n, err
			}
			v, n, err = value(b, 0, 0)
			return n, err
		})
	}
	if err = end(err); err != nil {
		return Value{}, fmt.Errorf("%s: %w", args[0], err)
	}
	return v, nil
}

// maxDepth bounds arrays within arrays. XINFO STREAM FULL has 6.
const maxDepth = 32

// value parses the value that begins at i.
func value(b []byte, i, depth int) (v Value, next int, err error) {
	if i >= len(b) {
		return v, short, nil
	}
	switch b[i] {
	case '+', '-':
		text, next := line(b, i)
		if b[i] == '-' && next != short {
			text = b[i : next-2]
		}
		return Value{Text: string(text)}, next, nil
	case ':':
		return integerValue(b, i)
	case '$':
		s, next, err := bulk(b, i)
		return Value{Text: string(s), Null: s == nil}, next, err
	case '*':
		return array(b, i, depth)
	}
	return v, short, malformed("a reply", b[i:])
}

func integerValue(b []byte, i int) (v Value, next int, err error) {
	text, next := line(b, i)
	if next == short {
		return v, short, nil
	}
	if v.Int, err = strconv.ParseInt(string(text), 10, 64); err != nil {
		return v, short, malformed("an integer", b[i:])
	}
	return v, next, nil
}

func array(b []byte, i, depth int) (v Value, next int, err error) {
	n, next, err := number(b, i, '*')
	if next == short {
		return v, short, err
	}
	if depth == maxDepth {
		return v, short, malformed("fewer arrays within arrays", b[i:])
	}
	v.Null = n < 0
	for range n {
		var element Value
		if element, next, err = value(b, next, depth+1); next == short {
			return v, short, err
		}
		v.Array = append(v.Array, element)
	}
	return v, next, nil
}
