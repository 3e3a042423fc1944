package history

import "github.com/leat-io/leat/consumer"

// checkState is I2: an entry is in one state, and settled once.
func (c *check) checkState(h *entryHistory) {
	var first *Record
	for _, r := range h.settled {
		if !r.terminal() {
			continue
		}
		if first == nil {
			first = r
			continue
		}
		if r.token() == first.token() && r.Settled == first.Settled {
			continue // told twice
		}
		if c.undone(first.At, r.At) {
			c.verdict.Counts.Rolled++
			continue
		}
		if c.late(first.At-c.slack(), r.At) {
			c.verdict.Counts.LateAcks++
			continue
		}
		if c.eitherPaused(h, first, r) {
			continue // counted with I3
		}
		c.violate("I2", h, "it was settled for good twice: %s by %s, then %s by %s", first.Settled, first.Process, r.Settled, r.Process)
		return
	}
	switch {
	case h.letters > 1 && !c.rolledBack(h.at(), forever-1):
		c.violate("I2", h, "it is a dead letter %d times", h.letters)
	case h.letters > 0 && h.pending:
		c.violate("I2", h, "it is a dead letter and pending")
	case h.letters > 0 && h.acked > 0 && !c.undone(first.At, forever-1):
		c.violate("I2", h, "it was handled and acknowledged, and is a dead letter")
	case first != nil && h.pending && !c.undone(first.At, forever-1):
		c.violate("I2", h, "%s by %s holds, and it is pending", first.Settled, first.Process)
	case c.rules.Clean && h.waiting && !h.pending:
		c.violate("I2", h, "it waits in the retry set, and is not pending")
	case c.rules.Clean && h.counted && !h.pending && !c.meddled() && !outsider(first):
		c.violate("I2", h, "its failures are still counted, and it is not pending")
	}
}

// eitherPaused tells whether one of two acknowledgements came from a worker that had stood still.
func (c *check) eitherPaused(h *entryHistory, first, second *Record) bool {
	for _, r := range []*Record{first, second} {
		if start := h.startOf(r); start != nil && r.Settled == consumer.Acked && c.pausedAck(h, start, r) {
			return true
		}
	}
	return false
}
