package history

// checkLoss is I1: what is stored is handled, or a dead letter, or will be.
func (c *check) checkLoss(h *entryHistory) {
	switch {
	case h.pending || h.unread:
		where := "pending"
		if h.unread {
			where = "unread"
		}
		c.violate("I1", h, "it is %s still, past the time by which everything had to be settled", where)
		return
	case h.done > 0 || h.letters > 0 || h.skipped:
		return
	case h.published == nil && len(h.starts) == 0 && !h.stored && h.tombstones == 0:
		return // nothing was promised: nobody knows that it was there
	case c.lostByRedis(h.entry, h.at()):
		c.verdict.Counts.LostByRedis++
		return
	}
	switch {
	case h.buried > 0:
		c.violate("I1", h, "it was moved to the dead-letter stream, and is not there")
	case h.acked > 0:
		c.violate("I1", h, "it was acknowledged, and no handler has done it")
	case h.tombstones > 0:
		c.violate("I1", h, "its payload was lost before it was handled, and nobody has deleted it")
	case len(h.starts) > 0:
		c.violate("I1", h, "it was started, never done, and is not pending: lost")
	default:
		c.violate("I1", h, "it was acknowledged to its producer, and never seen again: lost")
	}
}
