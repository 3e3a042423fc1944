package stream

import "io"

// What a reply that arrives in pieces may claim. A complete one has a better
// limit: its own bytes.
const (
	// maxString is proto-max-bulk-len of a server that nobody reconfigured.
	maxString = 512 << 20
	// maxLine is far beyond any error message.
	maxLine = 1 << 20
	// maxElements keeps twice the number of elements within an int of 32 bits.
	maxElements = 1<<30 - 1
	// maxAhead is for how many entries memory is made before they come:
	// more than anybody reads at once, and a few megabytes if it was a lie.
	maxAhead = 10_000
)

// line is what comes up to the next CRLF.
func (c *cursor) line() ([]byte, error) {
	for seen := 0; ; {
		rest := c.buf[c.pos:]
		for i := seen; i+1 < len(rest); i++ {
			if rest[i] == '\r' && rest[i+1] == '\n' {
				if i == 0 {
					return nil, c.fail("empty line")
				}
				c.pos += i + 2
				return rest[:i:i], nil
			}
		}
		if seen = max(0, len(rest)-1); seen > maxLine && c.more != nil {
			return nil, c.fail("line too long")
		}
		need := 2
		if len(rest) > 0 && rest[len(rest)-1] == '\r' {
			need = 1
		}
		if err := c.fill(need, "truncated line"); err != nil {
			return nil, err
		}
	}
}

// take is the body of a bulk string.
func (c *cursor) take(n int64) ([]byte, error) {
	if n < 0 || (n > maxString && c.more != nil) {
		return nil, c.fail("string of an impossible length")
	}
	for {
		there := int64(len(c.buf)-c.pos) - 2
		if n <= there {
			break
		}
		if err := c.fill(int(n-there), "truncated string"); err != nil {
			return nil, err
		}
	}
	end := c.pos + int(n)
	if c.buf[end] != '\r' || c.buf[end+1] != '\n' {
		return nil, c.fail("string without its end")
	}
	b := c.buf[c.pos:end:end]
	c.pos = end + 2
	return b, nil
}

// fill gets more of the reply than there is, need bytes of which are missing.
func (c *cursor) fill(need int, what string) error {
	if c.more == nil {
		return c.fail(what)
	}
	before := len(c.buf) - c.pos
	if err := c.more(need); err != nil {
		return err
	}
	if len(c.buf)-c.pos <= before {
		return io.ErrNoProgress
	}
	return nil
}

// possible tells whether n elements may follow: each takes three bytes at the
// least ("_\r\n").
func (c *cursor) possible(n int64) bool {
	if c.more != nil {
		return n <= maxElements
	}
	return n <= int64(len(c.buf)-c.pos)/3
}

// ahead is for how many of n elements, of size bytes at the least, memory is made
// before they are seen.
func (c *cursor) ahead(n, size int) int {
	if c.more != nil {
		return min(n, maxAhead)
	}
	return min(n, (len(c.buf)-c.pos)/size)
}
