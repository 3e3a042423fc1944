package simulate

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/leat-io/leat/stream"
)

// watch looks at what the commands of processes do to the pending entries, and at how
// it ends. What it sees no process can: whose an entry is when somebody settles it.
type watch struct {
	w *world

	mu         sync.Mutex
	violations []Violation
	clockGone  bool // idle times say nothing any more
	lossFrom   []time.Duration
	lossTo     []time.Duration
	forsaken   map[string]bool // entries that somebody took out of the pending list by force
	undone     bool            // settlements may have been undone
	deleted    map[string]bool // entries that somebody deleted while they were pending
	late       map[string]bool // entries that a late acknowledgement took from another one
}

// row is one of the pending entries.
type row struct {
	id, owner string
	idle      time.Duration
	count     int64
}

// parked is who has what nobody works on.
const parked = stream.Parked

// pending are the rows of the pending entries list.
func (o *watch) pending() []row {
	found := list(decode(o.w.ask("XPENDING", streamName, groupName, "-", "+", "100000")))
	rows := make([]row, 0, len(found))
	for _, r := range found {
		f := list(r)
		rows = append(rows, row{str(f[0]), str(f[1]), time.Duration(number(f[2])) * time.Millisecond, number(f[3])})
	}
	return rows
}

// sent looks at what a process sends, at that moment: a plain XACK asks nobody, so it
// must not leave unless the entry is the sender's.
func (o *watch) sent(process string, bytes []byte) {
	if !strings.Contains(string(bytes[:min(len(bytes), 20)]), "XACK") {
		return
	}
	owners := map[string]string{}
	for _, r := range o.pending() {
		owners[r.id] = r.owner
	}
	for {
		args, n := parse(bytes)
		if n == 0 {
			return
		}
		bytes = bytes[n:]
		if !strings.EqualFold(args[0], "XACK") {
			continue
		}
		for _, id := range args[3:] {
			if owner, ok := owners[id]; ok && owner != process && !o.unsound() {
				o.violated("I3", id, "%s acknowledges %s, which %s has", process, id, owner)
			}
		}
	}
}

// arrived notes the entries that were the sender's when it sent the acknowledgement, and
// are another's by now: the network, or the server, took longer than the lease. That is
// known (G5); the other one's own acknowledgement will find nothing.
func (o *watch) arrived(process string, ids []string) {
	for _, r := range o.pending() {
		if r.owner != process && slices.Contains(ids, r.id) {
			o.mu.Lock()
			if o.late == nil {
				o.late = map[string]bool{}
			}
			o.late[r.id] = true
			o.mu.Unlock()
		}
	}
}

// state is what was pending before a command.
type state struct {
	process string
	rows    []row
}

// before is called before a command is carried out.
func (o *watch) before(process, name string, args []string) *state {
	if name == "XACK" {
		o.arrived(process, args[3:])
	}
	if name != "EVALSHA" && name != "EVAL" && name != "XGROUP" {
		return nil
	}
	rows := o.pending()
	if len(rows) == 0 {
		return nil
	}
	return &state{process, rows}
}

// after is called behind it: what a living worker has, no other may take or settle.
func (o *watch) after(was *state, _ []byte) {
	if was == nil || o.unsound() {
		return
	}
	now := map[string]row{}
	for _, r := range o.pending() {
		now[r.id] = r
	}
	for _, r := range was.rows {
		if r.owner == was.process || r.owner == parked || r.owner == "" {
			continue
		}
		is, there := now[r.id]
		switch {
		case !there && r.idle < o.w.plan.Lease && o.has(r.id):
			o.violated("I3", r.id, "%s settles %s, which %s has", was.process, r.id, r.owner)
		case there && is.owner != r.owner && r.idle < o.w.plan.Lease:
			o.violated("I3", r.id, "%s takes %s, which %s has had for %s only", was.process, r.id, r.owner, r.idle)
		}
	}
}

// has tells whether an entry's payload is there.
func (o *watch) has(id string) bool {
	return len(list(decode(o.w.ask("XRANGE", streamName, id, id)))) > 0
}

func (o *watch) violated(rule, entry, format string, args ...any) {
	id, _ := stream.ParseID(entry)
	v := Violation{Rule: rule, Text: fmt.Sprintf(format, args...), Entry: id}
	o.mu.Lock()
	o.violations = append(o.violations, v)
	o.mu.Unlock()
	o.w.note("VIOLATION", "", v.String())
}

// jumped: the server's clock goes wrong, and with it the idle times.
func (o *watch) jumped() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.clockGone = true
}

// unsound tells whether the pending entries do not say any more who has what: a lease
// counts less than its time when the clock has jumped, and a server that has lost the
// reading of an entry, or its group, gives it to somebody else.
func (o *watch) unsound() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.clockGone || o.undone || len(o.forsaken) > 0
}

// rolledBack: what came since is gone.
func (o *watch) rolledBack(from time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.undone = true
	o.lossFrom, o.lossTo = append(o.lossFrom, from), append(o.lossTo, o.w.since())
}

// flushed: all is gone.
func (o *watch) flushed() { o.rolledBack(0) }

// disturbed: entries may be given anew that were settled.
func (o *watch) disturbed() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.undone = true
}

// forsake: what is pending under a name is about to get out of everybody's reach.
func (o *watch) forsake(name string) {
	rows := o.pending()
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.forsaken == nil {
		o.forsaken = map[string]bool{}
	}
	for _, r := range rows {
		if r.owner == name {
			o.forsaken[r.id] = true
		}
	}
}

// deletes: an entry that is pending is about to be deleted. A tombstone will say so,
// whatever its handler makes of it.
func (o *watch) deletes(id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.deleted == nil {
		o.deleted = map[string]bool{}
	}
	o.deleted[id] = true
}

// started looks whose the entry is when a handler is called: a lease that may have run
// out is made sure of before.
func (o *watch) started(p *process, d *stream.Delivery) {
	if p.dead() || o.unsound() {
		return
	}
	id := d.EntryID.String()
	for _, r := range o.pending() {
		if r.id == id && r.owner != p.name {
			o.violated("I3", id, "%s starts %s, which %s has", p.name, id, r.owner)
		}
	}
}

// handled looks whether the delivery is still what it was when its handler began.
func (o *watch) handled(p *process, id string, d *stream.Delivery) {
	if p.dead() {
		return
	}
	if want := dataOf(id); d.ID != id || string(d.Data) != want {
		o.violated("I1", d.EntryID.String(), "%s was given %s with %q, and finds %s with %q in its place at the end", p.name, id, want, d.ID, d.Data)
	}
}
