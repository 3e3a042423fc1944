package stream

import (
	"context"
	"fmt"
)

// Do sends one command about a key, for packages that keep something of their own
// beside a stream, and returns its reply: int64, string, nil, or []any of these.
// key decides which server of a cluster is asked. It sends once, like every
// command of a Conn: see [Classify] for what may be done about an error.
func (c *Conn) Do(ctx context.Context, key string, args ...any) (any, error) {
	reply, err := c.do(ctx, key, args...)
	if err != nil {
		return nil, err
	}
	return reply.value(0)
}

// value is the next value, whatever it is, copied. A map is an array of names and
// values, as RESP2 has it. An error inside an array is one.
func (c *cursor) value(depth int) (any, error) {
	if depth > 32 {
		return nil, c.fail("nested too deep")
	}
	at := c.pos
	h, err := c.header()
	if err != nil || h.null() {
		return nil, err
	}
	switch n := h.n; h.kind {
	case ':':
		return n, nil
	case '*', '~', '>', '%':
		if h.kind == '%' {
			n *= 2
		}
		if !c.possible(n) {
			return nil, c.fail("more elements than bytes")
		}
		all := make([]any, n)
		for i := range all {
			if all[i], err = c.value(depth + 1); err != nil {
				return nil, fmt.Errorf("element %d: %w", i, err)
			}
		}
		return all, nil
	}
	c.pos = at
	return c.str()
}
