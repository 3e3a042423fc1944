package consumer

import (
	"math"
	"time"

	"github.com/leat-io/leat/stream"
)

// send acknowledges by plain XACK what nobody else can have, behind the fence what
// may be another's by now or has failures to forget. What is left comes back with
// the error.
func (a *acker) send(batch []ackItem) (rest []ackItem, err error) {
	plain := batch[:0]
	var fenced []ackItem
	now := a.src.c.now()
	for _, p := range batch {
		switch {
		case p.it.orphan.Load():
			a.src.c.finish(p.it, p.outcome)
		case p.plain && p.it.leaseAge(now) < safeAge(a.src.c.cfg.Lease):
			plain = append(plain, p)
		default:
			fenced = append(fenced, p)
		}
	}
	if err = a.plain(plain); err != nil {
		return append(fenced, plain...), err
	}
	done, err := a.fenced(fenced)
	return fenced[done:], err
}

func (a *acker) plain(batch []ackItem) error {
	if len(batch) == 0 {
		return nil
	}
	c := a.src.c
	a.ids = a.ids[:0]
	oldest := time.Duration(math.MaxInt64)
	for _, p := range batch {
		a.ids = append(a.ids, p.id)
		oldest = min(oldest, p.it.leaseFrom())
	}
	from := c.now()
	n, err := a.src.group.AckBy(c.settleCtx, a.ids, c.epoch.Add(oldest+safeAge(c.cfg.Lease)))
	if err != nil {
		return err
	}
	missed := len(a.ids) - n
	if missed > 0 {
		c.cfg.Hooks.AckMissed(a.src.stream, missed)
	}
	now := c.now()
	c.cfg.Hooks.AckSent(a.src.stream, len(a.ids), now-from)
	for i := range batch {
		if missed > 0 && batch[i].it.leaseAge(now) >= c.cfg.Lease {
			batch[i].outcome = Lost // it may be one of those, and another's work
		}
	}
	a.finish(batch, now)
	return nil
}

// finish is finishAt for many: the hook Acked is called once, and what is in a row of one
// batch leaves the ledger together.
func (a *acker) finish(batch []ackItem, now time.Duration) {
	tell := a.src.c.cfg.Hooks.Acked
	var group *holding
	var row int
	for i := range batch {
		p := &batch[i]
		if p.it.done.Swap(true) {
			continue
		}
		if p.it.group != group {
			a.src.ledger.remove(group, row)
			group, row = p.it.group, 0
		}
		row++
		if since := a.src.c.conclude(p.it, p.outcome, now); tell != nil && p.outcome == Acked {
			a.acked = append(a.acked, Ack{EntryID: p.id, Since: since})
		}
	}
	a.src.ledger.remove(group, row)
	if len(a.acked) > 0 {
		tell(a.src.stream, a.acked)
		a.acked = a.acked[:0]
	}
}

func (a *acker) fenced(batch []ackItem) (done int, err error) {
	if len(batch) == 0 {
		return 0, nil
	}
	c := a.src.c
	held := make([]stream.Held, len(batch))
	for i, p := range batch {
		held[i] = p.it.d.Held()
	}
	from := c.now()
	ok, err := a.src.group.AckFenced(c.settleCtx, c.cfg.Name, held)
	now := c.now()
	if len(ok) > 0 {
		c.cfg.Hooks.AckSent(a.src.stream, len(ok), now-from)
	}
	for i, mine := range ok {
		if !mine && !(batch[i].unsure && batch[i].it.stillOurs(c)) {
			batch[i].outcome = Lost
		}
	}
	a.finish(batch[:len(ok)], now)
	return len(ok), err
}

// stillOurs tells whether nobody can have taken the item over yet: when it is not
// pending any more, that was us.
func (it *item) stillOurs(c *Consumer) bool {
	return !it.isLost() && it.leaseAge(c.now()) < safeAge(c.cfg.Lease)
}
