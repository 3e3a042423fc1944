package history

import (
	"cmp"
	"slices"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/stream"
)

// lane is the tries of one key in one process.
type lane struct{ process, key string }

// checkOrder is I6: in one process, one try of a key is under way at a time, and what is delivered for the first time is begun in
// the order of the entries.
func (c *check) checkOrder() {
	if c.rules.Key == nil {
		return
	}
	lanes := map[lane][]*Record{}
	for i := range c.records {
		r := &c.records[i]
		if r.Op != Start && r.Op != Finish {
			continue
		}
		if key, ok := c.rules.Key(r.ID); ok {
			at := lane{r.Process, key}
			lanes[at] = append(lanes[at], r)
		}
	}
	for at, records := range lanes {
		slices.SortStableFunc(records, func(a, b *Record) int { return cmp.Compare(a.At, b.At) })
		c.checkLane(at, records)
	}
}

func (c *check) checkLane(at lane, records []*Record) {
	var running, first *Record
	for _, r := range records {
		if r.Op == Finish {
			if running != nil && running.Entry == r.Entry {
				running = nil
			}
			continue
		}
		h := &entryHistory{fate: c.fate(r.Entry)}
		switch {
		case running != nil:
			h.all = []*Record{running, r}
			c.violate("I6", h, "%s starts it while %s of the same key %q is under way", at.process, running.Entry, at.key)
			return
		case r.Deliveries == 1 && r.Attempt == 1 && first != nil && r.Entry.Compare(first.Entry) < 0 && !c.handedBack(r.Entry):
			h.all = []*Record{first, r}
			c.violate("I6", h, "%s starts it after %s, which is behind it and has the same key %q", at.process, first.Entry, at.key)
			return
		case r.Deliveries == 1 && r.Attempt == 1:
			first = r
		}
		running = r
	}
}

// handedBack tells whether somebody has given the entry back: it looks as if it had never been delivered then, and comes to
// somebody else when it comes.
func (c *check) handedBack(entry stream.ID) bool {
	return slices.ContainsFunc(c.gather(c.fate(entry)).settled, func(r *Record) bool { return r.Settled == consumer.Released })
}
