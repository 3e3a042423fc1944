package simulate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/leat-io/leat/stream"
)

// Line is one thing that happened in a history.
type Line struct {
	At         time.Duration // since the begin
	What       string        // publish, published, start, done, settled, fault, ...
	Process    string
	Event      string // the event's ID
	Entry      stream.ID
	Deliveries int
	Attempt    int
	Text       string
}

// String is the line as a person reads it.
func (l Line) String() string {
	s := fmt.Sprintf("%12.6fs %-12s %-10s", l.At.Seconds(), l.Process, l.What)
	if l.Event != "" {
		s += " " + l.Event
	}
	if !l.Entry.IsZero() {
		s += " entry " + l.Entry.String()
	}
	if l.Deliveries > 0 {
		s += fmt.Sprintf(" delivery %d, try %d", l.Deliveries, l.Attempt)
	}
	if l.Text != "" {
		s += " " + l.Text
	}
	return s
}

// History is what happened, and what was wrong with it.
type History struct {
	Plan       Plan
	Lines      []Line
	Violations []Violation
}

// Violation is a promise that was broken.
type Violation struct {
	Rule  string // I1 to I6, as docs/reliability.md has them
	Text  string
	Entry stream.ID // which it is about; zero when it is about none
	Event string
}

// String is the violation in a line.
func (v Violation) String() string { return v.Rule + ": " + v.Text }

// String is the history for a person: the plan, what is wrong, and the lines, those
// of other entries left out when there is one that it is about.
func (h *History) String() string {
	var b strings.Builder
	b.WriteString(h.Plan.String())
	entries, events := map[stream.ID]bool{}, map[string]bool{}
	for _, v := range h.Violations {
		fmt.Fprintf(&b, "%s\n", v)
		entries[v.Entry], events[v.Event] = true, true
	}
	for _, l := range h.Lines {
		about := l.Event == "" || entries[l.Entry] && !l.Entry.IsZero() || events[l.Event]
		if about || len(h.Violations) == 0 || len(h.Lines) < 60 {
			fmt.Fprintf(&b, "%s\n", l)
		}
	}
	return b.String()
}

// sortLines puts lines of the same moment into an order: goroutines that a moment
// wakes run in any.
func sortLines(lines []Line) {
	slices.SortStableFunc(lines, func(a, b Line) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Process, b.Process), a.Entry.Compare(b.Entry), cmp.Compare(a.Event, b.Event))
	})
}
