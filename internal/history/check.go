package history

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/stream"
)

// Violation is a promise that was not kept.
type Violation struct {
	// Invariant is "I1" to "I6".
	Invariant string `json:"invariant"`
	Entry     string `json:"entry,omitempty"`
	ID        string `json:"id,omitempty"`
	// What is the matter, in a sentence.
	What string `json:"what"`
	// Lines are the history of the entry, or of the event, for people.
	Lines []string `json:"lines,omitempty"`
}

// String is the violation with its history.
func (v Violation) String() string {
	return fmt.Sprintf("%s: event %s, entry %s: %s\n    %s", v.Invariant, v.ID, v.Entry, v.What, strings.Join(v.Lines, "\n    "))
}

// Counts are what a history is made of.
type Counts struct {
	Published    int `json:"published"`       // acknowledged
	Unknown      int `json:"unknown"`         // publishes of unknown outcome
	Refused      int `json:"refused"`         // publishes that failed
	Entries      int `json:"entries"`         // that anybody has seen
	Handled      int `json:"handled"`         // entries, once at the least
	Starts       int `json:"starts"`          // of handlers
	Again        int `json:"again"`           // starts beyond the first of an entry
	Failures     int `json:"failures"`        // tries that failed
	Twice        int `json:"twice"`           // effects beyond the first of an entry
	Dead         int `json:"dead"`            // letters
	LostByRedis  int `json:"lost_by_redis"`   // excused by a declared loss
	Rolled       int `json:"rolled_back"`     // double or stale settlements that a rollback of Redis excuses
	LateAcks     int `json:"late_acks"`       // stale plain XACKs that were held up on their way
	PausedStarts int `json:"paused_starts"`   // starts by a worker that stood still between its last look at the clock and calling its handler
	PausedAcks   int `json:"paused_acks"`     // stale plain XACKs of a worker that stood still between its last look at the clock and sending
	Crashes      int `json:"crashes"`         // processes killed
	LeasesLost   int `json:"leases_lost"`     // settlements that found the entry lost
	HandedBack   int `json:"handed_back"`     // settlements that gave the entry back
	BeforeTheEnd int `json:"still_unsettled"` // pending or unread in the end
}

// Verdict is what Check found.
type Verdict struct {
	Violations []Violation
	Counts     Counts
	// Takeovers are, for each entry that a killed process had started and not settled, the time from the kill to its next start.
	Takeovers []time.Duration
	// Outages are how workers saw faults, one for each.
	Outages []Outage
}

// String lists the violations, the first of them with their histories.
func (v *Verdict) String() string {
	if len(v.Violations) == 0 {
		return fmt.Sprintf("nothing violated: %+v", v.Counts)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d violations: %+v\n", len(v.Violations), v.Counts)
	for i, violation := range v.Violations {
		if i == maxShown {
			fmt.Fprintf(&b, "... and %d more\n", len(v.Violations)-i)
			break
		}
		fmt.Fprintln(&b, violation)
	}
	return b.String()
}

// maxShown is how many violations are printed: the first ones tell.
const maxShown = 10

// check is one run of Check.
type check struct {
	rules   Rules
	final   Final
	records []Record
	verdict Verdict

	lives     map[string]*life
	crashes   []*Record
	faults    []disturbance
	faultEnds map[string]*Record

	slots map[stream.ID]int // index of fates
	fates []fate
	next  []int32 // of a record of an entry: the one before it, -1 for none
	sent  map[string]*sending
	entry entryHistory // the one that is looked at, its memory to be used again
}

// Check says what of the promises is not kept. Records may come in any order. An error means that they make no sense.
func Check(records []Record, final Final, rules Rules) (Verdict, error) {
	c := &check{
		rules: rules, final: final, records: records,
		lives: map[string]*life{}, faultEnds: map[string]*Record{},
		slots: make(map[stream.ID]int, len(records)/4), next: make([]int32, len(records)),
		sent: make(map[string]*sending, len(records)/4),
	}
	if err := c.index(); err != nil {
		return Verdict{}, err
	}
	for i := range c.fates {
		c.checkEntry(&c.fates[i])
	}
	c.checkPublishes()
	c.checkOrder()
	c.measureOutages()
	slices.SortStableFunc(c.verdict.Violations, func(a, b Violation) int { return cmp.Compare(a.Invariant, b.Invariant) })
	return c.verdict, nil
}

// index puts each record where it is looked for.
func (c *check) index() error {
	for i := range c.records {
		r := &c.records[i]
		switch r.Op {
		case Publish:
			c.addPublish(i)
		case Fault:
			if err := c.addFault(r); err != nil {
				return err
			}
		case Spawn, Crash, Stop, Cont, Term, Exit:
			c.addLife(r)
		case Effect:
			c.sending(r.ID).effects++
		default:
			c.link(i)
		}
	}
	if err := c.pairFaults(); err != nil {
		return err
	}
	for _, l := range c.lives {
		l.pairStalls()
	}
	c.verdict.Counts.Crashes = len(c.crashes)
	c.indexFinal()
	return nil
}

// link makes the record one of its entry's.
func (c *check) link(i int) {
	f := c.fate(c.records[i].Entry)
	c.next[i], f.last = f.last, int32(i)
	c.noteID(f, c.records[i].ID)
}

func (c *check) fate(entry stream.ID) *fate {
	at, ok := c.slots[entry]
	if !ok {
		at = len(c.fates)
		c.slots[entry] = at
		c.fates = append(c.fates, fate{entry: entry, last: -1})
	}
	return &c.fates[at]
}

// noteID notes which event an entry holds.
func (c *check) noteID(f *fate, id string) {
	if f.id == "" && id != "" {
		f.id = id
	}
}

func (c *check) indexFinal() {
	for _, s := range c.final.Stored {
		f := c.fate(s.Entry)
		f.stored = true
		c.noteID(f, s.ID)
	}
	for _, row := range c.final.Pending {
		c.fate(row.ID).pending = true
	}
	for _, s := range c.final.Unread {
		f := c.fate(s.Entry)
		f.unread = true
		c.noteID(f, s.ID)
	}
	for _, id := range c.final.Waiting {
		c.fate(id).waiting = true
	}
	for _, id := range c.final.Failed {
		c.fate(id).counted = true
	}
	for i := range c.final.Letters {
		l := &c.final.Letters[i]
		f := c.fate(l.Entry)
		f.letter = l
		if l.Tombstone {
			f.tombstones++
		} else {
			f.letters++
		}
		c.noteID(f, l.ID)
	}
	c.verdict.Counts.Dead = len(c.final.Letters)
	c.verdict.Counts.BeforeTheEnd = len(c.final.Pending) + len(c.final.Unread)
}

// checkEntry checks what is to be checked of one entry by itself.
func (c *check) checkEntry(f *fate) {
	h := c.gather(f)
	c.count(h)
	c.checkLoss(h)
	c.checkState(h)
	c.checkOwners(h)
	c.checkStarts(h)
	c.checkTimes(h)
	c.checkLetter(h)
	c.measure(h)
}

func (c *check) count(h *entryHistory) {
	n := &c.verdict.Counts
	n.Entries++
	n.Starts += len(h.starts)
	n.Again += max(0, len(h.starts)-1)
	n.Failures += h.failed
	n.Twice += max(0, h.done-1)
	if h.done > 0 {
		n.Handled++
	}
	for _, r := range h.settled {
		switch r.Settled {
		case consumer.Lost:
			n.LeasesLost++
		case consumer.Released:
			n.HandedBack++
		}
	}
}

func (c *check) violate(invariant string, h *entryHistory, format string, args ...any) {
	v := Violation{Invariant: invariant, Entry: h.entry.String(), ID: h.id, What: fmt.Sprintf(format, args...)}
	if len(c.verdict.Violations) < maxTold {
		v.Lines = c.tell(h.all)
	}
	c.verdict.Violations = append(c.verdict.Violations, v)
}

// maxTold bounds for how many violations the history is put into words.
const maxTold = 200
