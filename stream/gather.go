package stream

import "time"

const (
	// gatherFrom is how many replies are worth waiting for together: Redis answers about
	// as many in one go.
	gatherFrom = 100
	// cutReply is as much of a reply as is moved to read the rest of it.
	cutReply = 64
)

// gather is called between two replies: it makes place for those to come, and waits
// until most of a pipeline's are there. Redis answers a pipeline in pieces, and a
// goroutine that is woken for each takes the processor from it, where there are not
// many. How long replies are is known from those before; done of them are read.
func (x *exchange) gather(w *wire, c *cursor, done int, deadline time.Time) error {
	rest := len(c.buf) - c.pos
	if !x.gathered || done == 0 || rest > 0 && (len(c.buf) < cap(c.buf) || rest > cutReply) {
		return nil
	}
	x.passed += c.pos
	c.buf, c.pos = append(c.buf[:0], c.buf[c.pos:]...), 0
	if rest > 0 || x.n-done < gatherFrom {
		return nil
	}
	// The IDs of entries are of about the same length, not of the same.
	return w.await(c, x.passed/done*(x.n-done)/5*4, deadline)
}
