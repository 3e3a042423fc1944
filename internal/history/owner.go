package history

import "github.com/leat-io/leat/consumer"

// checkOwners is I3: whoever settles an entry holds it.
func (c *check) checkOwners(h *entryHistory) {
	for _, s := range h.settled {
		if s.Settled == consumer.Lost || s.Settled == consumer.Skipped || s.Settled == consumer.Dropped {
			continue
		}
		start := h.startOf(s)
		if start == nil {
			continue // settled unstarted: handed back, or malformed
		}
		later := h.takenSince(start, s)
		switch {
		case later == nil:
		case c.rolledBack(min(start.At, later.At), s.At), c.undone(s.At, later.At): // a count that went down was undone since it was higher
			c.verdict.Counts.Rolled++
		case s.Settled == consumer.Acked && c.late(start.At, s.At):
			c.verdict.Counts.LateAcks++
		case s.Settled == consumer.Acked && c.pausedAck(h, start, s):
			c.verdict.Counts.PausedAcks++
		default:
			c.violate("I3", h, "%s by %s (delivery %d) holds, although %s had the entry by then (delivery %d)",
				s.Settled, s.Process, s.Deliveries, later.Process, later.Deliveries)
			return
		}
	}
}

// startOf is the last start of the try that a settlement ended.
func (h *entryHistory) startOf(settle *Record) (start *Record) {
	for _, r := range h.starts {
		if r.token() == settle.token() && r.At <= settle.At {
			start = r
		}
	}
	return start
}

// takenSince is a start by somebody who was given the entry after the one who settled it, and before that. Deliveries grow with
// each time that an entry is given to somebody, but for one that was handed back: of the same count, who started later has it
// later. What acknowledges ends it: whoever was given the entry later at all was given it before. Other settlements give it to
// others by themselves, so there it matters that the other one had begun when the handler returned, after which its settlement
// was sent.
func (h *entryHistory) takenSince(start, settle *Record) *Record {
	sent := settle.At
	if end := h.end(start); end != nil {
		sent = end.At
	}
	for _, r := range h.starts {
		newer := r.Deliveries > start.Deliveries || (r.Deliveries == start.Deliveries && r.Process != start.Process && r.At > start.At)
		if newer && (r.At < sent || (settle.terminal() && r.Deliveries > start.Deliveries)) {
			return r
		}
	}
	return nil
}

// pausedAck tells whether who acknowledged stood still between the end of its handler and noting that.
func (c *check) pausedAck(h *entryHistory, start, settle *Record) bool {
	end := h.end(start)
	const share = 0.2 // of a lease, which is what is left of it when plain XACK is used last
	return c.rules.PausedAcks && end != nil &&
		float64(c.life(settle.Process).stalled(end.At-pauseSeen, settle.At)) >= share*float64(c.rules.Lease)
}

// pauseSeen is how exactly a process sees when it stops.
const pauseSeen = 20_000_000
