package history

import (
	"time"

	"github.com/leat-io/leat/consumer"
)

// tick is how exact times are that Redis keeps, and what lies between a handler's end and its record.
const tick = 5 * time.Millisecond

// checkTimes is where I4 and I1 are about time: what failed is not tried again before its time (Rules.Backoff), and what can be
// begun does not wait for long (Rules.Prompt).
func (c *check) checkTimes(h *entryHistory) {
	for i, r := range h.starts {
		var before *Record
		if i > 0 {
			before = h.starts[i-1]
		}
		if early := c.early(h, before, r); early > 0 {
			c.violate("I4", h, "%s tries it again %v before its time", r.Process, early)
			return
		}
		if waited := c.waited(h, before, r); c.rules.Prompt > 0 && waited > c.rules.Prompt {
			c.violate("I1", h, "%s starts it (delivery %d) %v after that could have been done", r.Process, r.Deliveries, waited)
			return
		}
	}
}

// early is how much too early an entry was tried again after a failure that is known to hold.
func (c *check) early(h *entryHistory, before, again *Record) time.Duration {
	if c.rules.Backoff == 0 || before == nil || !h.retried(before) {
		return 0
	}
	end := h.end(before)
	if end == nil || end.Outcome != Fail {
		return 0
	}
	return c.rules.Backoff - tick - time.Duration(again.At-end.At)
}

// waited is for how long a start could have been made before: since it was published, since what failed was due again, or since
// the one died who had begun it. 0 where that is not known.
func (c *check) waited(h *entryHistory, before, start *Record) time.Duration {
	switch {
	case before == nil && h.published == nil:
		return 0
	case before == nil:
		return time.Duration(start.At - h.published.At)
	}
	if h.retried(before) {
		if end := h.end(before); end != nil {
			return time.Duration(start.At-end.At) - c.rules.Backoff
		}
		return 0
	}
	if crash := c.life(before.Process).crash; crash >= before.At && crash <= start.At && h.end(before) == nil {
		return time.Duration(start.At - crash)
	}
	return 0
}

// retried tells whether the failure of a try holds: it was told to wait.
func (h *entryHistory) retried(start *Record) bool {
	for _, s := range h.settled {
		if s.token() == start.token() && s.Settled == consumer.Retried {
			return true
		}
	}
	return false
}
