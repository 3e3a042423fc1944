package simulate

import (
	"slices"
	"strings"
	"time"

	"github.com/leat-io/leat/stream"
)

// has tells whether that is among what goes wrong.
func (p Plan) has(kinds ...Kind) bool {
	return slices.ContainsFunc(p.Faults, func(f Fault) bool { return slices.Contains(kinds, f.Kind) })
}

// tick is how exact times are that Redis keeps.
const tick = 2 * time.Millisecond

// tooEarly is a part of I4: what failed, and was told to wait, is not begun before its
// time.
func (o *watch) tooEarly(entries map[stream.ID]*told) {
	if o.unsound() {
		return
	}
	for id, t := range entries {
		failed, due := Line{}, time.Duration(0)
		for _, l := range t.lines {
			switch {
			case l.What == "fail":
				failed = l
			case l.What == "settled" && l.Text == "retried" && l.Process == failed.Process && l.Deliveries == failed.Deliveries:
				due = failed.At + o.w.plan.Backoff
			case l.What == "start" && l.At < due-tick:
				o.violatedAt("I4", id, t.event, "%s (%s) is tried again %s before its time", id, t.event, due-l.At)
			}
		}
	}
}

// idleHands is a part of I1, by the deadline: nothing waits while everybody who could
// work on it is idle, but for what has to pass first: a lease, where somebody died, and
// else the pause between two looks. It is asked where nothing else goes wrong that would
// take time by itself.
func (o *watch) idleHands(entries map[stream.ID]*told) {
	plan, most := o.w.plan, o.w.plan.Lease*7/10
	for _, f := range plan.Faults {
		switch f.Kind {
		case LoseRequest, LoseReply, CutReply, ForgetScripts:
		case Kill, Drain:
			most = plan.Lease * 9 / 4
		default:
			return
		}
	}
	if plan.Ordered || o.unsound() {
		return
	}
	idle := o.idle()
	for id, t := range entries {
		for _, w := range o.waits(t) {
			for _, i := range idle {
				if d := min(w.to, i.to) - max(w.from, i.from); d > most {
					o.violatedAt("I1", id, t.event, "%s (%s) waits for %s until %s, and nobody works", id, t.event, d, w.to)
				}
			}
		}
	}
}

// span is from one time of the history to another.
type span struct{ from, to time.Duration }

// idle are the times in which there are workers, no handler runs and nothing goes wrong.
func (o *watch) idle() (spans []span) {
	running, alive, since := map[string]int{}, 0, time.Duration(0)
	for _, l := range o.w.lines {
		busy := alive == 0
		for _, n := range running {
			busy = busy || n > 0
		}
		cut := l.What == "fault" || l.What == "begin"
		switch l.What {
		case "begin":
			alive++
		case "start":
			running[l.Process]++
			cut = true
		case "done", "fail", "hopeless", "cancelled":
			running[l.Process]--
			cut = true
		case "fault":
			if kind, _ := kindOf(l.Text); kind == Kill || kind == Drain {
				alive--
				delete(running, l.Process)
			}
		}
		if cut {
			if !busy && l.At > since {
				spans = append(spans, span{since, l.At})
			}
			since = l.At
		}
	}
	return spans
}

// waits are the times in which an entry could have been begun, up to when it was.
func (o *watch) waits(t *told) (spans []span) {
	const no = -1
	ready, worker := time.Duration(no), "" // who has begun it and not settled it
	begun := false
	for _, l := range o.w.lines {
		switch {
		case l.What == "fault" && l.Process == worker && worker != "" && strings.Contains(l.Text, Kill.String()+" "):
			ready, worker = l.At, ""
		case l.Entry.IsZero() || l.Entry != t.lines[0].Entry:
		case l.What == "published" && !begun: // the reply may come later than what it is about
			ready = l.At
		case l.What == "start":
			if ready >= 0 && l.At > ready {
				spans = append(spans, span{ready, l.At})
			}
			ready, worker, begun = no, l.Process, true
		case l.What == "fail", l.What == "hopeless":
			worker = "" // that it waits may hold, even when the worker does not live to know
		case l.What == "settled" && l.Text == "retried":
			ready, worker = l.At+o.w.plan.Backoff, ""
		case l.What == "settled" && l.Text == "released":
			ready, worker = l.At, ""
		case l.What == "settled":
			ready, worker = no, ""
		}
	}
	return spans
}
