package simulate

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/leat-io/leat/stream"
)

// settled tells whether everything that is in the stream was given to the group and
// is pending no more.
func (o *watch) settled() bool {
	at := o.position()
	if at == "" { // no stream, or no group in it
		return len(list(decode(o.w.ask("XRANGE", streamName, "-", "+", "COUNT", "1")))) == 0
	}
	behind := list(decode(o.w.ask("XRANGE", streamName, "("+at, "+", "COUNT", "1")))
	return len(behind) == 0 && len(o.pending()) == 0
}

// position is the group's last-delivered-id; empty when there is no group.
func (o *watch) position() string {
	for _, g := range list(decode(o.w.ask("XINFO", "GROUPS", streamName))) {
		fields := list(g)
		for i := 0; i+1 < len(fields); i += 2 {
			if fields[i] == "last-delivered-id" {
				return str(fields[i+1])
			}
		}
	}
	return ""
}

// end is what is in Redis when all is over.
type end struct {
	entries map[stream.ID]string // event by entry
	dead    map[stream.ID]int    // letters by the entry that they are of
	names   []string             // consumers of the group
}

func (o *watch) look() end {
	e := end{entries: map[stream.ID]string{}, dead: map[stream.ID]int{}}
	o.each(streamName, func(id stream.ID, fields map[string]string) { e.entries[id] = fields["id"] })
	keys, _ := stream.KeysOf(streamName)
	o.each(keys.Dead(groupName), func(_ stream.ID, fields map[string]string) {
		if of, err := stream.ParseID(fields["leat-entry"]); err == nil {
			e.dead[of]++
		}
	})
	for _, n := range list(decode(o.w.ask("XINFO", "CONSUMERS", streamName, groupName))) {
		e.names = append(e.names, str(list(n)[1]))
	}
	return e
}

func (o *watch) each(key string, do func(stream.ID, map[string]string)) {
	for _, entry := range list(decode(o.w.ask("XRANGE", key, "-", "+"))) {
		pair := list(entry)
		id, _ := stream.ParseID(str(pair[0]))
		fields, words := map[string]string{}, list(pair[1])
		for i := 0; i+1 < len(words); i += 2 {
			fields[str(words[i])] = str(words[i+1])
		}
		do(id, fields)
	}
}

// final compares what processes were told with how it ended.
func (o *watch) final(rest bool) {
	if !rest {
		for _, r := range o.pending() {
			o.violated("I1", r.id, "%s is still pending, of %s for %s", r.id, r.owner, r.idle)
		}
		o.violated("I1", "", "it did not come to rest within %s", patience)
		return
	}
	e := o.look()
	byEntry := map[stream.ID]*told{}
	byEvent := map[string]*told{}
	for _, l := range o.w.lines {
		of(byEvent, l.Event).add(l)
		if !l.Entry.IsZero() {
			of(byEntry, l.Entry).add(l)
		}
	}
	o.published(e, byEntry)
	o.stored(e, byEvent)
	o.oneEnd(e, byEntry)
	o.starts(byEntry)
	o.leftovers()
	o.names(e)
	o.order()
	o.tooEarly(byEntry)
	o.idleHands(byEntry)
}

// names: a worker that ends takes its name along, unless the server does not let it.
func (o *watch) names(e end) {
	for _, f := range o.w.plan.Faults {
		switch f.Kind {
		case Kill, Drain, ForgetScripts, DeleteEntry, ClockBack, ClockForward:
		default:
			return
		}
	}
	for _, name := range e.names {
		if strings.HasPrefix(name, "worker") && !o.killed(name) {
			o.violated("I1", "", "the name of %s, which has ended, is still in the group", name)
		}
	}
}

// told is what the lines say of one entry, or of one event.
type told struct {
	event                                        string
	publishes, stored, unknown, refused          int
	starts, deliveries, fails, done, acked, dead int
	firstStart, lastStart, storedAt              time.Duration
	lines                                        []Line
}

func of[K comparable](all map[K]*told, key K) *told {
	t := all[key]
	if t == nil {
		t = &told{}
		all[key] = t
	}
	return t
}

func (t *told) add(l Line) {
	t.event = l.Event
	t.lines = append(t.lines, l)
	switch l.What {
	case "publish":
		t.publishes++
	case "published":
		t.stored++
		t.storedAt = l.At
	case "unknown":
		t.unknown++
	case "refused":
		t.refused++
	case "start":
		t.deliveries = max(t.deliveries, l.Deliveries)
		if t.starts++; t.starts == 1 {
			t.firstStart = l.At
		}
		t.lastStart = l.At
	case "fail", "cancelled":
		t.fails++
	case "done":
		t.done++
	case "settled":
		switch l.Text {
		case "acked":
			t.acked++
		case "dead_lettered":
			t.dead++
		}
	}
}

// published is I1: what was said to be stored was handled, or is a dead letter.
func (o *watch) published(e end, entries map[stream.ID]*told) {
	for id, t := range entries {
		if t.stored == 0 || t.done > 0 || e.dead[id] > 0 || t.dead > 0 {
			continue
		}
		if o.lost(id, t, e) || o.forsaken[id.String()] {
			continue
		}
		// A tombstone finds no memory, is undone, or XCLAIM has dropped the entry without a word.
		if o.deleted[id.String()] && (o.undone || o.w.plan.has(Full, ClaimByHand)) {
			continue
		}
		o.violatedAt("I1", id, t.event, "%s (%s) was published and neither handled nor a dead letter", id, t.event)
	}
}

// lost tells whether Redis itself has lost an entry, as was to be expected.
func (o *watch) lost(id stream.ID, t *told, e end) bool {
	return e.entries[id] != t.event && slices.ContainsFunc(o.lossTo, func(to time.Duration) bool { return t.begunBefore(to) })
}

// begunBefore tells whether the entry was published before that time, or on its way.
func (t *told) begunBefore(at time.Duration) bool {
	return len(t.lines) == 0 || t.storedAt < at+timeout
}

// killed tells whether a process died.
func (o *watch) killed(name string) bool {
	return slices.ContainsFunc(o.w.lines, func(l Line) bool {
		return l.What == "fault" && l.Process == name && strings.Contains(l.Text, Kill.String()+" ")
	})
}

// stored is the other half of I1: what was said not to be stored is not, and nothing
// is stored more often than somebody may have stored it.
func (o *watch) stored(e end, events map[string]*told) {
	count := map[string]int{}
	for _, event := range e.entries {
		count[event]++
	}
	for event, n := range count {
		t := events[event]
		if t == nil || n > t.stored+t.unknown {
			o.violatedAt("I1", stream.ID{}, event, "event %s is stored %d times, by %+v", event, n, t)
		}
	}
	for event, t := range events {
		if event != "" && t.publishes != t.stored+t.unknown+t.refused {
			o.violatedAt("I1", stream.ID{}, event, "event %s was published %d times, and its fate was told %d times", event, t.publishes, t.stored+t.unknown+t.refused)
		}
	}
}

// oneEnd is I2: an entry ends once.
func (o *watch) oneEnd(e end, entries map[stream.ID]*told) {
	if o.unsound() {
		return
	}
	for id, t := range entries {
		if t.acked+e.dead[id] > 1 && !o.deleted[id.String()] && !o.late[id.String()] {
			o.violatedAt("I2", id, t.event, "%s (%s) was acknowledged %d times and is %d dead letters", id, t.event, t.acked, e.dead[id])
		}
	}
}

// starts is I4: a handler is called again, and an entry delivered again, for a reason
// only.
func (o *watch) starts(entries map[stream.ID]*told) {
	for id, t := range entries {
		may, lost := o.reasons(t)
		may += 1 + t.fails
		if t.starts > may {
			o.violatedAt("I4", id, t.event, "%s (%s) was started %d times, %d of them for a reason", id, t.event, t.starts, may)
		}
		if t.deliveries > may+lost && t.starts > 0 {
			o.violatedAt("I4", id, t.event, "%s (%s) was delivered %d times, %d of them for a reason", id, t.event, t.deliveries, may+lost)
		}
	}
}

// reasons are the faults that may have made another worker begin an entry anew: not
// those that end a connection, a reply or the server for a while. These cost time only;
// but what a lost reply has brought may have to be taken over before it was started.
func (o *watch) reasons(t *told) (n, lost int) {
	for _, l := range o.w.lines {
		if l.What != "fault" || l.At > t.lastStart {
			continue
		}
		kind, _ := kindOf(l.Text)
		switch kind {
		case Kill, Restart, DestroyGroup, Flush, DeleteName, ClockForward, ClockBack, PowerLoss, ClaimByHand:
			n++
		case Drain: // it gives up what Redis refuses for longer than it may take to end
			if o.w.plan.has(Restart, Stall, Loading, ReadOnly, Full) {
				n++
			}
		case Stall: // longer than a lease, and shorter than what a client bears: nobody can tell it from silence
			n++
		case Hold, Slow, LateReply: // a heartbeat may take longer than a lease; and something may have been taken over unheard
			n, lost = n+1, lost+1
		case LoseRequest, LoseReply, CutReply:
			lost++
		}
	}
	return n, lost
}

// leftovers: what is kept beside the pending entries goes with them.
func (o *watch) leftovers() {
	if o.undone || len(o.forsaken) > 0 || len(o.deleted) > 0 {
		return
	}
	if len(o.pending()) > 0 { // handed back by a worker that worked on what a late acknowledgement had settled
		return
	}
	keys, _ := stream.KeysOf(streamName)
	if n := decode(o.w.ask("HLEN", keys.Failures(groupName))); n != int64(0) {
		o.violated("I2", "", "the failures of %v entries are left, and none is pending", n)
	}
	if n := decode(o.w.ask("ZCARD", keys.Retry(groupName))); n != int64(0) {
		o.violated("I2", "", "%v entries wait for another try, and none is pending", n)
	}
}

func (o *watch) violatedAt(rule string, entry stream.ID, event, format string, args ...any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.violations = append(o.violations, Violation{Rule: rule, Text: fmt.Sprintf(format, args...), Entry: entry, Event: event})
}
