package tally

import (
	"cmp"
	"slices"
	"time"

	"github.com/leat-io/leat/bench/faults/library"
	"github.com/leat-io/leat/internal/history"
	"github.com/leat-io/leat/test/faults/child"
)

// Counts are what came of a round. Those of messages do not include messages whose handler always fails, but for Failing.
type Counts struct {
	// Published were acknowledged to their producer, Unknown are publishes that ended in an error, Appeared those of them that were
	// seen all the same: in Redis, or by a handler.
	Published int `json:"published"`
	Unknown   int `json:"unknown"`
	Appeared  int `json:"appeared"`
	// Handled, Gone, Buried and Open are of those that were acknowledged: handled to the end; nowhere any more; given up though
	// their handler never failed; still in Redis, neither handled nor given up.
	Handled int `json:"handled"`
	Gone    int `json:"gone"`
	Buried  int `json:"buried"`
	Open    int `json:"open"`
	// OpenAs is Open by where they are: "unread", "pending", ...
	OpenAs map[string]int `json:"open_as,omitempty"`
	// Twice were handled to the end more than once, More is how often beyond once, over all of them.
	Twice int `json:"twice"`
	More  int `json:"more"`
	// StoredTwice are stored in more than one entry; nil where the library deletes what is done.
	StoredTwice *int `json:"stored_twice,omitempty"`
	// Strange is how many entries are open that are no messages.
	Strange int     `json:"strange"`
	Failing Failing `json:"failing"`
	// Takeover is the time from the death of a worker to the next start of what it had started and not done. Delay is that from
	// the acknowledgement of a publish to the end of the first handling.
	Takeover Times `json:"takeover"`
	Delay    Times `json:"delay"`
}

// Failing are the acknowledged messages whose handler always fails.
type Failing struct {
	Published int `json:"published"`
	// Tries is how often they were started.
	Tries  int `json:"tries"`
	Buried int `json:"buried"`
	Open   int `json:"open"`
	Gone   int `json:"gone"`
}

// Times are of so many samples.
type Times struct {
	N   int           `json:"n"`
	P50 time.Duration `json:"p50_ns"`
	P99 time.Duration `json:"p99_ns"`
	Max time.Duration `json:"max_ns"`
}

// message is what is known of one.
type message struct {
	acknowledged int64 // when; 0: never
	unknown      bool
	starts       []*history.Record
	ends         []*history.Record
}

// done is how often it was handled to the end.
func (m *message) done() (n int) {
	for _, r := range m.ends {
		if r.Outcome == history.OK {
			n++
		}
	}
	return n
}

// Count counts. Records may come in any order.
func Count(records []history.Record, left library.Left) Counts {
	slices.SortStableFunc(records, func(a, b history.Record) int { return cmp.Compare(a.At, b.At) })
	messages, deaths := index(records)
	c := Counts{Strange: left.Strange}
	if left.Stored != nil {
		c.StoredTwice = new(int)
	}
	var takeovers, delays []time.Duration
	for id, m := range messages {
		if child.TraitsOf(id).Hopeless {
			c.Failing.add(id, m, left)
			continue
		}
		c.add(id, m, left)
		takeovers = append(takeovers, m.takeovers(deaths)...)
		if d, ok := m.delay(); ok {
			delays = append(delays, d)
		}
	}
	c.Takeover, c.Delay = times(takeovers), times(delays)
	return c
}

// index puts records together by message, and notes when workers died.
func index(records []history.Record) (messages map[string]*message, deaths map[string]int64) {
	messages, deaths = map[string]*message{}, map[string]int64{}
	for i := range records {
		r := &records[i]
		if r.Op == history.Crash && deaths[r.Process] == 0 {
			deaths[r.Process] = r.At
		}
		if r.Op != history.Publish && r.Op != history.Start && r.Op != history.Finish {
			continue
		}
		m := messages[r.ID]
		if m == nil {
			m = &message{}
			messages[r.ID] = m
		}
		switch {
		case r.Op == history.Start:
			m.starts = append(m.starts, r)
		case r.Op == history.Finish:
			m.ends = append(m.ends, r)
		case r.Outcome == history.OK:
			m.acknowledged = r.At
		default:
			m.unknown = true
		}
	}
	return messages, deaths
}

func (c *Counts) add(id string, m *message, left library.Left) {
	done := m.done()
	if done > 1 {
		c.Twice++
		c.More += done - 1
	}
	if left.Stored[id] > 1 {
		*c.StoredTwice++
	}
	if m.unknown {
		c.Unknown++
		if left.Stored[id] > 0 || left.Open[id] != "" || len(m.starts) > 0 {
			c.Appeared++
		}
	}
	if m.acknowledged == 0 {
		return
	}
	c.Published++
	where, open := left.Open[id]
	switch {
	case done > 0:
		c.Handled++
	case open:
		c.Open++
		if c.OpenAs == nil {
			c.OpenAs = map[string]int{}
		}
		c.OpenAs[where]++
	case left.Buried[id]:
		c.Buried++
	default:
		c.Gone++
	}
}

func (f *Failing) add(id string, m *message, left library.Left) {
	if m.acknowledged == 0 {
		return
	}
	f.Published++
	f.Tries += len(m.starts)
	_, open := left.Open[id]
	switch {
	case open:
		f.Open++
	case left.Buried[id]:
		f.Buried++
	default:
		f.Gone++
	}
}

// takeovers are how long it took after the death of a worker that had started the message and not ended it until the next start.
func (m *message) takeovers(deaths map[string]int64) (all []time.Duration) {
	for i, start := range m.starts {
		death := deaths[start.Process]
		if death == 0 || death < start.At || m.endedBy(start, death) {
			continue
		}
		for _, next := range m.starts[i+1:] {
			if next.Process != start.Process && next.At >= death {
				all = append(all, time.Duration(next.At-death))
				break
			}
		}
	}
	return all
}

func (m *message) endedBy(start *history.Record, by int64) bool {
	return slices.ContainsFunc(m.ends, func(r *history.Record) bool {
		return r.Process == start.Process && r.At >= start.At && r.At <= by
	})
}

func (m *message) delay() (time.Duration, bool) {
	for _, r := range m.ends {
		if r.Outcome == history.OK && m.acknowledged > 0 {
			// It may be done before its producer has the answer.
			return time.Duration(max(0, r.At-m.acknowledged)), true
		}
	}
	return 0, false
}

func times(samples []time.Duration) Times {
	if len(samples) == 0 {
		return Times{}
	}
	slices.Sort(samples)
	at := func(q float64) time.Duration { return samples[min(len(samples)-1, int(q*float64(len(samples))))] }
	return Times{N: len(samples), P50: at(0.5), P99: at(0.99), Max: samples[len(samples)-1]}
}
