package simulate

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/leat-io/leat/stream"
)

// lane is what one process has of one key.
type lane struct{ process, key string }

// try is one call of a handler.
type try struct {
	line     Line // its start
	from, to time.Duration
}

// order is I6: in one process, one try of a key is under way at a time, and what is
// delivered for the first time is begun in the order of the entries.
func (o *watch) order() {
	if !o.w.plan.Ordered {
		return
	}
	handedBack := map[stream.ID]bool{} // and not counted as delivered
	for _, l := range o.w.lines {
		if l.What == "settled" && l.Text == "released" {
			handedBack[l.Entry] = true
		}
	}
	for at, tries := range o.lanes() {
		slices.SortStableFunc(tries, func(a, b *try) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
		last := stream.ID{}
		for i, t := range tries {
			l := t.line
			if i > 0 && t.from < tries[i-1].to {
				o.violatedAt("I6", l.Entry, l.Event, "%s begins %s (%s) while it works on %s of the same key", at.process, l.Entry, l.Event, tries[i-1].line.Entry)
			}
			if l.Deliveries > 1 || l.Attempt > 1 || handedBack[l.Entry] {
				continue
			}
			if l.Entry.Compare(last) < 0 && !o.undone {
				o.violatedAt("I6", l.Entry, l.Event, "%s begins %s (%s) behind %s of the same key", at.process, l.Entry, l.Event, last)
			}
			last = l.Entry
		}
	}
}

// lanes are all tries, by process and key.
func (o *watch) lanes() map[lane][]*try {
	all, running := map[lane][]*try{}, map[string]map[stream.ID]*try{}
	for _, l := range o.w.lines {
		switch l.What {
		case "start":
			at := lane{l.Process, keyOf(l.Event)}
			t := &try{l, l.At, l.At}
			all[at] = append(all[at], t)
			if running[l.Process] == nil {
				running[l.Process] = map[stream.ID]*try{}
			}
			running[l.Process][l.Entry] = t
		case "done", "fail", "hopeless", "cancelled":
			if t := running[l.Process][l.Entry]; t != nil {
				t.to = l.At
			}
		}
	}
	return all
}

// keyOf is the key of an event, as its subject has it.
func keyOf(id string) string {
	i, _ := strconv.Atoi(strings.TrimPrefix(id, "e"))
	return event(i).Subject
}
