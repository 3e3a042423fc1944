package stream

import "fmt"

// record walks over a map of names to single values: an array of both in RESP2,
// a map in RESP3. set is called for each; ok is false for a null.
func (c *cursor) record(set func(name string, value []byte, ok bool)) error {
	pairs, err := c.mapLen()
	if err != nil {
		return err
	}
	for range pairs {
		name, err := c.str()
		if err != nil {
			return err
		}
		value, ok, err := c.bytes()
		if err != nil {
			return err
		}
		set(name, value, ok)
	}
	return nil
}

// mapLen is how many names and values a map has, which an array stands for in RESP2.
func (c *cursor) mapLen() (int, error) {
	h, err := c.header()
	if err != nil {
		return 0, err
	}
	switch {
	case h.kind == '*' && h.n >= 0 && h.n%2 == 0:
		return int(h.n / 2), nil
	case h.kind != '%' || h.n < 0:
		return 0, c.fail("no map")
	}
	return int(h.n), nil
}

// atoi is a number of a reply that was checked to be one; anything else is 0.
func atoi(b []byte) int {
	neg := len(b) > 0 && b[0] == '-'
	if neg {
		b = b[1:]
	}
	n, _, _ := leadingUint(b)
	if neg {
		return -int(n)
	}
	return int(n)
}

func wrapStream(what, stream string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s stream %s: %w", what, stream, err)
}
