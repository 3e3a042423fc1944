package history

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/leat-io/leat/stream"
)

// Excuse is what a fault makes possible without anybody having broken a promise. Every fault is also a reason for starting again
// what was held while it lasted.
type Excuse struct {
	// Loses: Redis itself may lose what it has acknowledged from Since (by Now's clock; 0: from the beginning) until the end of
	// the fault.
	Loses bool
	// Rollback: Redis itself may forget what it did with entries from Since until the end of the fault: what was settled is
	// pending again, and counts of deliveries and failures begin again.
	Rollback bool
	Since    int64
	// Below limits a loss to the entries below that one, whatever the time: what was trimmed, or flushed.
	Below stream.ID
	// Holder is a process that was made to forget, on the server's side, what it held: the server lost that when the process could
	// not say so, since it was dead or stood still.
	Holder string
	// Late: a command may reach Redis long after it was sent. A plain XACK then acknowledges whoever has the entry by that time.
	Late bool
}

func (e Excuse) note() string {
	var words []string
	if e.Loses {
		words = append(words, "loses")
	}
	if e.Rollback {
		words = append(words, "rollback")
	}
	if e.Late {
		words = append(words, "late")
	}
	if e.Since != 0 {
		words = append(words, "since="+strconv.FormatInt(e.Since, 10))
	}
	if e.Holder != "" {
		words = append(words, "holder="+e.Holder)
	}
	if !e.Below.IsZero() {
		words = append(words, "below="+e.Below.String())
	}
	return strings.Join(words, " ")
}

func parseExcuse(note string) (e Excuse, err error) {
	for _, word := range strings.Fields(note) {
		since, isSince := strings.CutPrefix(word, "since=")
		below, isBelow := strings.CutPrefix(word, "below=")
		holder, isHolder := strings.CutPrefix(word, "holder=")
		switch {
		case word == "loses":
			e.Loses = true
		case word == "rollback":
			e.Rollback = true
		case word == "late":
			e.Late = true
		case isSince:
			e.Since, err = strconv.ParseInt(since, 10, 64)
		case isHolder:
			e.Holder = holder
		case isBelow:
			e.Below, err = stream.ParseID(below)
		default:
			err = fmt.Errorf("excuse %q is not known", word)
		}
		if err != nil {
			return e, fmt.Errorf("read what a fault excuses: %w", err)
		}
	}
	return e, nil
}

// Begin is the record of a fault that begins. id names its kind and this one, as in "redis-kill#3".
func Begin(at int64, process, id string, e Excuse) Record {
	return Record{At: at, Process: process, Op: Fault, Outcome: Invoke, ID: id, Note: e.note()}
}

// End is the record of a fault that is over.
func End(at int64, process, id string) Record {
	return Record{At: at, Process: process, Op: Fault, Outcome: OK, ID: id}
}

// EndKnowing is End where it is known only then what the fault excuses, instead of what its beginning said.
func EndKnowing(at int64, process, id string, e Excuse) Record {
	r := End(at, process, id)
	r.Note = e.note()
	return r
}

// disturbance is a fault from its beginning to its end.
type disturbance struct {
	Excuse
	id       string
	from, to int64
}

// kind is the fault's name without its number.
func (d *disturbance) kind() string {
	kind, _, _ := strings.Cut(d.id, "#")
	return kind
}

// forever is the end of a fault that was never over.
const forever = int64(1<<63 - 1)

// addFault pairs the records of faults.
func (c *check) addFault(r *Record) error {
	if r.Outcome == Invoke {
		excuse, err := parseExcuse(r.Note)
		if err != nil {
			return err
		}
		c.faults = append(c.faults, disturbance{Excuse: excuse, id: r.ID, from: r.At, to: forever})
		return nil
	}
	c.faultEnds[r.ID] = r
	return nil
}

func (c *check) pairFaults() (err error) {
	for i := range c.faults {
		d := &c.faults[i]
		end, ok := c.faultEnds[d.id]
		if !ok {
			continue
		}
		d.to = end.At
		if end.Note != "" {
			if d.Excuse, err = parseExcuse(end.Note); err != nil {
				return err
			}
		}
	}
	slices.SortFunc(c.faults, func(a, b disturbance) int { return cmp.Compare(a.from, b.from) })
	return nil
}

// slack is for how long after a fault what it did may still show: what could not be extended runs out, and those who ask again
// wait longer and longer in between.
func (c *check) slack() int64 { return 2*int64(c.rules.Lease) + int64(second) }

const second = 1_000_000_000

// touches tells whether the fault, or what it left, was there at some time from one to the other.
func (c *check) touches(d *disturbance, from, to int64) bool {
	return d.from <= to && (d.to == forever || d.to+c.slack() >= from)
}

// rolledBack tells whether what Redis did between two times may have been undone, or done for somebody who is late.
func (c *check) rolledBack(from, to int64) bool {
	return slices.ContainsFunc(c.faults, func(d disturbance) bool {
		return d.Rollback && min(d.Since, d.from) <= to && d.from <= to && c.touches(&d, from, to)
	})
}

// undone tells whether a settlement that held at a time may have been forgotten by Redis before another time.
func (c *check) undone(at, by int64) bool {
	return slices.ContainsFunc(c.faults, func(d disturbance) bool {
		return d.Rollback && d.Since <= at && (d.to == forever || at <= d.to+second) && d.from <= by
	})
}

// meddled tells whether anything was taken away from the group behind leat's back: what is kept beside it may stay then.
func (c *check) meddled() bool {
	return slices.ContainsFunc(c.faults, func(d disturbance) bool { return d.Loses || d.Rollback })
}

// outsider tells whether a settlement is that of somebody who claimed the entry by hand, and acknowledged it as redis-cli does: it
// is under the name of a fault, which has a number, as in "claim-by-hand#3".
func outsider(settle *Record) bool { return settle != nil && strings.Contains(settle.Process, "#") }

// late tells whether a command that was sent between two times may have been carried out much later.
func (c *check) late(from, to int64) bool {
	return !c.rules.NothingLate && slices.ContainsFunc(c.faults, func(d disturbance) bool { return d.Late && c.touches(&d, from, to) })
}

// lostByRedis tells whether an entry that was stored at a time may have been lost by Redis itself.
func (c *check) lostByRedis(entry stream.ID, at int64) bool {
	return slices.ContainsFunc(c.faults, func(d disturbance) bool {
		switch {
		case !d.Loses:
			return false
		case !d.Below.IsZero():
			return entry.Compare(d.Below) < 0
		case d.Holder != "":
			return at <= d.to && at >= d.from-c.slack() && c.couldNotHold(d.Holder, d.from-int64(c.rules.Lease), d.to+int64(c.rules.Lease))
		}
		return d.Since <= at && (d.to == forever || at <= d.to+second)
	})
}

// couldNotHold tells whether a process was dead, or for most of a lease unable to say what it holds, between two times.
func (c *check) couldNotHold(process string, from, to int64) bool {
	l := c.life(process)
	if l.crash <= to {
		return true
	}
	still := l.stalled(from, to)
	for i := range c.faults {
		if d := &c.faults[i]; d.kind() == Slow {
			still += max(0, min(d.to, to)-max(d.from, from))
		}
	}
	return float64(still) >= stallShare*float64(c.rules.Lease)
}

// byNobody tells whether a fault is a slowness of the machine, and not what is seen of a fault that somebody made.
func (c *check) byNobody(f *disturbance) bool {
	return f.kind() == Slow && !slices.ContainsFunc(c.faults, func(d disturbance) bool {
		return d.kind() != Slow && d.from <= f.to && f.from <= d.to
	})
}

// Slow is the kind of a fault that nobody made: the server did not answer for a while, since the machine was busy.
const Slow = "slow"
