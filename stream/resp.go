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

// cursor walks over one raw RESP2 or RESP3 reply. Strings that it returns alias
// the reply. It never reads past the end and trusts no length in the reply.
type cursor struct {
	buf []byte
	pos int
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
	case '$', '=', '*', '%', '~', '>', ':':
		h.n, err = c.number(h.line)
	}
	return h, err
}

func (c *cursor) line() ([]byte, error) {
	for i := c.pos; i+1 < len(c.buf); i++ {
		if c.buf[i] == '\r' && c.buf[i+1] == '\n' {
			line := c.buf[c.pos:i]
			if len(line) == 0 {
				return nil, c.fail("empty line")
			}
			c.pos = i + 2
			return line, nil
		}
	}
	return nil, c.fail("truncated line")
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

// take is the body of a bulk string.
func (c *cursor) take(n int64) ([]byte, error) {
	if n < 0 || n > int64(len(c.buf)-c.pos)-2 {
		return nil, c.fail("truncated string")
	}
	end := c.pos + int(n)
	if c.buf[end] != '\r' || c.buf[end+1] != '\n' {
		return nil, c.fail("string without its end")
	}
	b := c.buf[c.pos:end:end]
	c.pos = end + 2
	return b, nil
}

// array is the number of elements that follow; ok is false for a null.
func (c *cursor) array() (n int, ok bool, err error) {
	h, err := c.header()
	if err != nil {
		return 0, false, err
	}
	switch h.kind {
	case '*', '~', '>', '_':
		if h.null() {
			return 0, false, nil
		}
		// Each element takes three bytes at the least ("_\r\n").
		if h.n > int64(len(c.buf)-c.pos)/3 {
			return 0, false, c.fail("more elements than bytes")
		}
		return int(h.n), true, nil
	}
	return 0, false, c.fail("no array")
}

// bytes is a string of any kind, or an integer as its digits; ok is false for a
// null.
func (c *cursor) bytes() (b []byte, ok bool, err error) {
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
	out := make([]int64, n)
	for i := range out {
		if out[i], err = c.int(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// skip passes over the next value, whatever it is.
func (c *cursor) skip() error { return c.skipDepth(0) }

func (c *cursor) skipDepth(depth int) error {
	// No command of ours nests deeper than 6; what does is an attack on the stack.
	if depth > 32 {
		return c.fail("nested too deep")
	}
	h, err := c.header()
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
		if n > int64(len(c.buf)-c.pos)/3 {
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
