package consumer

import (
	"math"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/leat-io/leat/stream"
)

// acker acknowledges what was handled of one stream, many entries a call: when
// enough are together, or a moment after the first. An acknowledgement is repeated
// until it holds or the entry is found to be another's.
type acker struct {
	src *source

	mu      sync.Mutex
	space   *sync.Cond // waits for pending to shrink
	pending []ackItem
	limit   int
	spare   []ackItem     // what pending was before the last, to be used again
	ids     []stream.ID   // of a call, used again
	acked   []Ack         // by a call, used again
	due     *time.Timer   // runs from the first that is pending
	full    chan struct{} // enough for a call is pending
}

// ackItem is an item that was handled. What is needed of the delivery is copied as long as
// the processor has it at hand.
type ackItem struct {
	it      *item
	id      stream.ID
	outcome Outcome
	// plain: a plain XACK will do as long as the lease is young.
	plain bool
	// unsure: a call before may have acknowledged it, its reply did not come.
	unsure bool
}

func newAckItem(it *item, outcome Outcome) ackItem {
	first := it.d.Attempt == 1 && (it.group.how == Read || it.group.how == Reclaimed)
	return ackItem{it: it, id: it.d.EntryID, outcome: outcome, plain: first}
}

// unacked bounds what is handled and not acknowledged yet, in calls' worth, when
// Redis takes reads but no acknowledgements.
const unacked = 8

func newAcker(src *source, batch, budget int) *acker {
	a := &acker{src: src, limit: unacked*batch + budget, due: time.NewTimer(time.Hour), full: make(chan struct{}, 1)}
	a.due.Stop()
	a.space = sync.NewCond(&a.mu)
	return a
}

// add waits when far too much is not acknowledged. It says whether it did not.
func (a *acker) add(it *item, outcome Outcome) (atOnce bool) {
	a.mu.Lock()
	atOnce = true
	for len(a.pending) >= a.limit && a.src.c.settleCtx.Err() == nil {
		a.space.Wait()
		atOnce = false
	}
	a.pending = append(a.pending, newAckItem(it, outcome))
	n, cfg := len(a.pending), &a.src.c.cfg
	if n == 1 && cfg.AckBatch > 1 && cfg.AckDelay > 0 {
		a.due.Reset(cfg.AckDelay)
	}
	a.mu.Unlock()
	// The acker is woken once a call, not for the first entry as well: waking costs
	// as much as a hundred entries do.
	if n == cfg.AckBatch || (n == 1 && cfg.AckDelay == 0) {
		signal(a.full)
	}
	return atOnce
}

func signal(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}

// run flushes until stop is closed and nothing is pending any more, or until the
// consumer gives up.
func (a *acker) run(stop <-chan struct{}) {
	idle := time.NewTicker(ackerIdle(a.src.c.cfg.Lease))
	defer idle.Stop()
	for {
		select {
		case <-a.full:
		case <-a.due.C:
		case <-idle.C:
			a.src.c.cfg.Hooks.Beat("acker", a.src.stream)
		case <-stop:
		}
		batch := a.swap()
		if len(batch) == 0 {
			select {
			case <-stop:
				return
			default:
				continue
			}
		}
		a.src.c.cfg.Hooks.Beat("acker", a.src.stream)
		a.flush(batch)
		clear(batch) // what is done must not be kept in memory
		if cap(batch) <= 4*a.src.c.cfg.AckBatch {
			a.spare = batch
		}
	}
}

func (a *acker) swap() []ackItem {
	a.mu.Lock()
	defer a.mu.Unlock()
	batch := a.pending
	a.pending, a.spare = a.spare[:0], nil
	a.due.Stop()
	select {
	case <-a.full:
	default:
	}
	a.space.Broadcast()
	return batch
}

// flush acknowledges the batch, again and again what does not hold.
func (a *acker) flush(batch []ackItem) {
	c := a.src.c
	var pause backoff.BackOff
	for len(batch) > 0 {
		rest, err := a.send(batch)
		if err == nil {
			return
		}
		if batch = rest; pause == nil {
			pause = pauses(c.cfg.Random)
		}
		if stream.Classify(err) == stream.ClassUnknown {
			for i := range batch {
				batch[i].unsure = true
			}
		}
		a.src.failed("acker", err)
		a.src.regroup(err)
		if !sleep(c.settleCtx, pause.NextBackOff()) {
			c.unsettled.Add(int64(len(batch)))
			for _, p := range batch {
				c.finish(p.it, Lost)
			}
			return
		}
	}
}

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
