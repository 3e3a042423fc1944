package history

import (
	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/stream"
)

// checkStarts is I4: nothing is started again without a reason, or more often than it may.
func (c *check) checkStarts(h *entryHistory) {
	var excused map[string]int // starts, by fault
	if len(h.starts) > 1 {
		excused = map[string]int{}
	}
	for i, r := range h.starts {
		if !c.checkLimits(h, r) {
			return
		}
		if i == 0 || c.rules.Lease == 0 {
			continue
		}
		if !c.explained(h, h.starts[i-1], r, excused) {
			c.violate("I4", h, "%s starts it again (delivery %d), and nothing explains why: %s had it, did not fail, die or stand still for long, "+
				"and Redis was well", r.Process, r.Deliveries, h.starts[i-1].Process)
			return
		}
	}
}

// checkLimits checks the counts of a start.
func (c *check) checkLimits(h *entryHistory, r *Record) bool {
	limit := func(n, most int, what string) bool {
		if most > 0 && n > most {
			c.violate("I4", h, "%s starts it: %s %d, the limit is %d", r.Process, what, n, most)
			return false
		}
		return true
	}
	if !limit(r.Attempt, c.rules.MaxAttempts, "attempt") {
		return false
	}
	// Deliveries may be one below the failures: a hand-over takes one back.
	if r.Attempt > 0 && !limit(r.Deliveries-(r.Attempt-1), c.rules.MaxDeliveries, "deliveries without an outcome") {
		return false
	}
	failed := 0
	for _, e := range h.ends {
		if e.Outcome == Fail && e.At <= r.At {
			failed++
		}
	}
	if r.Attempt > failed+1 && !c.rolledBack(h.at(), r.At) {
		c.violate("I4", h, "%s starts attempt %d, and only %d have failed: something else was counted as a failure", r.Process, r.Attempt, failed)
		return false
	}
	return true
}

// stallShare is what part of a lease a process has to stand still for until it may lose what it holds: leases are extended when a
// third of them is over.
const stallShare = 0.4

// explained tells whether there is a reason for starting an entry again, after the start before.
func (c *check) explained(h *entryHistory, before, again *Record, excused map[string]int) bool {
	holder := c.life(before.Process)
	from, to := before.At, again.At
	if end := h.end(before); end != nil && end.Outcome == Fail && end.At <= to {
		return true
	}
	switch {
	case holder.crash <= to, holder.term <= to:
		return true
	case again.Deliveries < before.Deliveries && c.pausedStart(again):
		c.verdict.Counts.PausedStarts++
		return true
	case float64(holder.stalled(from-int64(c.rules.Lease), to)) >= stallShare*float64(c.rules.Lease):
		return true
	}
	for _, s := range h.settled {
		if s.token() == before.token() && s.Settled == consumer.Released && s.At >= from && s.At <= to && before.Process != again.Process {
			return true
		}
	}
	for i := range c.faults {
		f := &c.faults[i]
		if f.from > to {
			break
		}
		if c.rules.Keeps && !c.byNobody(f) && h.running(before, to) {
			continue
		}
		if c.touches(f, from, to) && excused[f.id] < c.most(f) {
			excused[f.id]++
			return true
		}
	}
	return false
}

// pausedStart tells whether who starts what another one has got meanwhile stood still between its last look at its clock and
// calling its handler. That is a matter of microseconds, so it explains one start for each time that it stood still.
func (c *check) pausedStart(start *Record) bool {
	l := c.life(start.Process)
	for i := range l.stalls {
		s := &l.stalls[i]
		if !s.started && s.to <= start.At && start.At-s.to <= pauseSeen && float64(s.to-s.from) >= stallShare*float64(c.rules.Lease) {
			s.started = true
			return true
		}
	}
	return false
}

// most is how many starts of one entry a fault explains: one, and one more for each lease that it lasts.
func (c *check) most(d *disturbance) int {
	if d.to == forever {
		return 1 << 30
	}
	return 1 + int((d.to-d.from)/max(int64(c.rules.Lease), 1)+1)
}

// checkLetter is the other side of the limits: nothing is given up before its time.
func (c *check) checkLetter(h *entryHistory) {
	if h.letter == nil {
		return
	}
	l := h.letter
	switch {
	case l.Reason == stream.ReasonAttempts && h.failed < c.rules.MaxAttempts:
		c.violate("I4", h, "it is a dead letter for want of attempts, of which it has %d, and failed %d times", c.rules.MaxAttempts, h.failed)
	case l.Reason == stream.ReasonDeliveries && l.Deliveries <= c.rules.MaxDeliveries:
		c.violate("I4", h, "it is a dead letter since it was delivered too often, and it was delivered %d times", l.Deliveries)
	case l.Reason == stream.ReasonDeliveries && c.rules.NoneTooOften:
		c.violate("I4", h, "it is a dead letter since it was delivered %d times, and only handing it back explains that", l.Deliveries)
	case l.Reason == stream.ReasonPermanent && h.failed == 0:
		c.violate("I4", h, "it is a dead letter since it failed for good, and it never failed")
	case l.Reason == stream.ReasonPayloadLost && !c.lostByRedis(h.entry, h.at()):
		c.violate("I4", h, "it is a dead letter since it was deleted, and nobody has deleted it")
	}
}
