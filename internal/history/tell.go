package history

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// tell puts records into words, with what was done meanwhile to those who made them, and to Redis.
func (c *check) tell(records []*Record) []string {
	if len(records) == 0 {
		return nil
	}
	all := slices.Clone(records)
	from, to := records[0].At, records[len(records)-1].At
	involved := map[string]bool{}
	for _, r := range records {
		involved[r.Process] = true
	}
	for i := range c.records {
		r := &c.records[i]
		switch r.Op {
		case Fault:
			if r.At >= from-c.slack() && r.At <= to+c.slack() {
				all = append(all, r)
			}
		case Spawn, Crash, Stop, Cont, Term, Exit:
			if involved[r.Process] && r.At >= from-int64(c.rules.Lease) && r.At <= to+c.slack() {
				all = append(all, r)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b *Record) int { return cmp.Compare(a.At, b.At) })
	lines := make([]string, len(all))
	for i, r := range all {
		lines[i] = r.line(from)
	}
	return lines
}

// line is the record for people, its time since from.
func (r *Record) line(from int64) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%12s  %-14s %s", time.Duration(r.At-from).Round(time.Microsecond), r.Process, r.Op)
	switch {
	case r.Op == Settle:
		fmt.Fprintf(&b, " %s %s", r.Settled, r.Outcome)
	case r.Op == Fault && r.Outcome == OK:
		b.WriteString(" over")
	case r.Op == Fault:
		b.WriteString(" begins")
	case r.Op != Start && (r.Op < Spawn || r.Op == Exit):
		fmt.Fprintf(&b, " %s", r.Outcome)
	}
	if r.ID != "" {
		fmt.Fprintf(&b, " %s", r.ID)
	}
	if r.Op == Publish && !r.Entry.IsZero() {
		fmt.Fprintf(&b, " as %s", r.Entry)
	}
	if r.Deliveries != 0 || r.Attempt != 0 {
		fmt.Fprintf(&b, " (delivery %d, attempt %d)", r.Deliveries, r.Attempt)
	}
	if r.Note != "" {
		fmt.Fprintf(&b, ": %s", r.Note)
	}
	return b.String()
}

// String is the record for people.
func (r Record) String() string { return strings.TrimSpace(r.line(0)) }
