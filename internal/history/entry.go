package history

import (
	"cmp"
	"slices"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/stream"
)

// fate is what is known of one entry.
type fate struct {
	entry               stream.ID
	id                  string
	last                int32 // of its records, -1 for none
	letters, tombstones int
	letter              *Letter // the last one
	stored, pending     bool
	unread, waiting     bool
	counted             bool // its failures
}

// entryHistory is the same, with its records in order.
type entryHistory struct {
	*fate
	all                   []*Record
	published             *Record // the acknowledged publish
	starts, ends, settled []*Record
	done, failed          int // ends that were OK, that failed
	acked, buried         int // settlements that hold
	skipped               bool
}

// gather puts what is known of an entry together. It is good until the next one.
func (c *check) gather(f *fate) *entryHistory {
	h := &c.entry
	*h = entryHistory{fate: f, all: h.all[:0], starts: h.starts[:0], ends: h.ends[:0], settled: h.settled[:0]}
	for i := f.last; i >= 0; i = c.next[i] {
		h.all = append(h.all, &c.records[i])
	}
	slices.Reverse(h.all)
	slices.SortStableFunc(h.all, func(a, b *Record) int { return cmp.Compare(a.At, b.At) })
	for _, r := range h.all {
		switch r.Op {
		case Publish:
			h.published = r
		case Start:
			h.starts = append(h.starts, r)
		case Finish:
			h.ends = append(h.ends, r)
			switch r.Outcome {
			case OK:
				h.done++
			case Fail:
				h.failed++
			}
		case Settle:
			if r.Outcome != OK {
				continue
			}
			h.settled = append(h.settled, r)
			switch r.Settled {
			case consumer.Acked:
				h.acked++
			case consumer.Skipped:
				h.skipped = true
			case consumer.DeadLettered:
				h.buried++
			}
		}
	}
	return h
}

// at is when the entry was stored, as far as the records know: not before this.
func (h *entryHistory) at() int64 {
	if len(h.all) == 0 {
		return 0
	}
	return h.all[0].At
}

// end is the end of the try that began with a start; nil when it has none.
func (h *entryHistory) end(start *Record) *Record {
	for _, r := range h.ends {
		if r.token() == start.token() && r.At >= start.At && !h.between(start, r) {
			return r
		}
	}
	return nil
}

// running tells whether the handler of a start has not returned by a time.
func (h *entryHistory) running(start *Record, by int64) bool {
	end := h.end(start)
	return end == nil || end.At > by
}

// between tells whether the same token was started again between a start and an end.
func (h *entryHistory) between(start, end *Record) bool {
	return slices.ContainsFunc(h.starts, func(r *Record) bool {
		return r != start && r.token() == start.token() && r.At > start.At && r.At <= end.At
	})
}
