package stream

import (
	"errors"
	"fmt"
	"math"
	"strconv"
)

// errProtocol is what the decoder wraps when a reply is not what the command
// gives: truncated, of another shape, or not RESP.
var errProtocol = errors.New("unexpected reply")

// cursor walks over raw RESP2 or RESP3 replies. Strings that it returns alias
// buf, so bytes that are in it are never written to again. It never reads past
// the end and trusts no length in the reply.
type cursor struct {
	buf []byte
	pos int
	// more makes the rest of a reply that arrives in pieces; with nil buf is all
	// that there is. It is called when a line or a string is not complete, and
	// appends at least one byte to buf, or says why not, which ends the decoding
	// with that error. need is how many bytes behind buf belong to the same reply
	// for sure: what the server claims, and may not send. It may move buf to a new
	// array, with all that is in it.
	more func(need int) error
	// begun is told how many entries a read brings, before the first is decoded;
	// not when there are none. It may move buf as more does.
	begun func(entries int)
	// memory is what the batch is made of, and what is told of it; nil for new.
	memory *Memory
}

// header is the first line of a value: its type byte, and the number behind it
// (a length, a count, or an integer's value). Of a null, n is -1.
type header struct {
	kind byte
	n    int64
	line []byte
}

func (h header) null() bool { return h.kind == '_' || (h.n < 0 && h.kind != ':') }

func (c *cursor) fail(what string) error {
	return fmt.Errorf("%w: %s at byte %d of %d", errProtocol, what, c.pos, len(c.buf))
}

// header reads the first line of the next value. An error reply is an error.
func (c *cursor) header() (header, error) {
	line, err := c.line()
	if err != nil {
		return header{}, err
	}
	h := header{kind: line[0], line: line[1:]}
	switch h.kind {
	case '-':
		return h, ServerError(h.line)
	case '!':
		h.n, err = c.number(h.line)
		if err == nil {
			var text []byte
			text, err = c.take(h.n)
			if err == nil {
				err = ServerError(text)
			}
		}
		return h, err
	case '$', '=', '*', '%', '~', '>', '|', ':':
		h.n, err = c.number(h.line)
	}
	return h, err
}

// number parses by hand: strconv would make a string of every length.
func (c *cursor) number(b []byte) (int64, error) {
	neg := len(b) > 0 && b[0] == '-'
	if neg {
		b = b[1:]
	}
	n, rest, ok := leadingUint(b)
	if !ok || len(rest) > 0 || n > math.MaxInt64 {
		return 0, c.fail("bad number")
	}
	if neg {
		return -int64(n), nil
	}
	return int64(n), nil
}

// array is the number of elements that follow; ok is false for a null.
func (c *cursor) array() (n int, ok bool, err error) {
	if n, next := shortArray(c.buf, c.pos); next > 0 && c.possible(int64(n)) {
		c.pos = next
		return n, true, nil
	}
	h, err := c.header()
	if err != nil {
		return 0, false, err
	}
	switch h.kind {
	case '*', '~', '>', '_':
		if h.null() {
			return 0, false, nil
		}
		if !c.possible(h.n) {
			return 0, false, c.fail("more elements than bytes")
		}
		return int(h.n), true, nil
	}
	return 0, false, c.fail("no array")
}

// bytes is a string of any kind, or an integer as its digits; ok is false for a
// null.
func (c *cursor) bytes() (b []byte, ok bool, err error) {
	if b, next := bulk(c.buf, c.pos); next > 0 {
		c.pos = next
		return b, true, nil
	}
	return c.anyBytes()
}

func (c *cursor) anyBytes() (b []byte, ok bool, err error) {
	h, err := c.header()
	if err != nil {
		return nil, false, err
	}
	switch {
	case h.null() && (h.kind == '$' || h.kind == '_' || h.kind == '*'):
		return nil, false, nil
	case h.kind == '$':
		b, err = c.take(h.n)
		return b, err == nil, err
	case h.kind == '+', h.kind == ':', h.kind == ',', h.kind == '(':
		return h.line, true, nil
	}
	return nil, false, c.fail("no string")
}

// str is bytes that must be there, copied.
func (c *cursor) str() (string, error) {
	b, ok, err := c.bytes()
	if err == nil && !ok {
		err = c.fail("null instead of a string")
	}
	return string(b), err
}

// int is an integer, or a string of digits.
func (c *cursor) int() (int64, error) {
	b, ok, err := c.bytes()
	if err != nil {
		return 0, err
	}
	if !ok {
		return 0, c.fail("null instead of a number")
	}
	return c.number(b)
}

// float is a score: a sorted set's, in either protocol.
func (c *cursor) float() (float64, error) {
	s, err := c.str()
	if err != nil {
		return 0, err
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0, c.fail("bad score")
	}
	return f, nil
}

// id is an entry's ID.
func (c *cursor) id() (ID, error) {
	b, ok, err := c.bytes()
	if err != nil {
		return ID{}, err
	}
	id, valid := parseID(b)
	if !ok || !valid {
		return ID{}, c.fail("bad entry id")
	}
	return id, nil
}

// ints is an array of integers.
func (c *cursor) ints() ([]int64, error) {
	n, _, err := c.array()
	if err != nil {
		return nil, err
	}
	out := make([]int64, 0, c.ahead(n, 3))
	for range n {
		i, err := c.int()
		if err != nil {
			return nil, err
		}
		out = append(out, i)
	}
	return out, nil
}

// skip passes over the next value, whatever it is. An error of the server is one,
// but inside another value it is passed over too.
func (c *cursor) skip() error { return c.skipDepth(0) }

func (c *cursor) skipDepth(depth int) error {
	// No command of ours nests deeper than 6; what does is an attack on the stack.
	if depth > 32 {
		return c.fail("nested too deep")
	}
	h, err := c.header()
	if _, inside := serverError(err); inside && depth > 0 {
		return nil
	}
	if err != nil {
		return err
	}
	n := h.n
	switch h.kind {
	case '$', '=':
		if !h.null() {
			_, err = c.take(n)
		}
		return err
	case '*', '~', '>', '%', '|':
		if !c.possible(n) {
			return c.fail("more elements than bytes")
		}
	default:
		return nil
	}
	switch h.kind {
	case '%':
		n *= 2
	case '|': // attributes stand before the value that they are about
		n = 2*n + 1
	}
	for range n {
		if err = c.skipDepth(depth + 1); err != nil {
			return err
		}
	}
	return nil
}
