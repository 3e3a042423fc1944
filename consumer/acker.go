package consumer

import (
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

// ackItem is an item that was handled. What a plain XACK needs of the delivery is copied as
// long as the processor has it at hand.
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
