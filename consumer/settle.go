package consumer

import (
	"errors"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/leat-io/leat/stream"
)

// finish forgets an item: its place is free, its key's lane goes on. It is the
// end of every path.
func (c *Consumer) finish(it *item, outcome Outcome) { c.finishAt(it, outcome, c.now()) }

// finishAt is finish at a time that is known.
func (c *Consumer) finishAt(it *item, outcome Outcome, now time.Duration) {
	if it.done.Swap(true) {
		return
	}
	src, id := it.src, it.d.EntryID
	since := c.conclude(it, outcome, now)
	src.ledger.remove(it.group, 1) // the last use of it: its memory may be another's after that
	if tell := c.cfg.Hooks.Acked; tell != nil && outcome == Acked {
		tell(src.stream, []Ack{{EntryID: id, Since: since}})
	}
}

// conclude is what there is to do once for an item that is done, but for the hook Acked and
// for the ledger. It says how long ago the handler returned.
func (c *Consumer) conclude(it *item, outcome Outcome, now time.Duration) (since time.Duration) {
	if at := it.handledAt.Load(); at > 0 {
		since = now - time.Duration(at)
	}
	c.leaveRoom(it)
	c.cfg.Hooks.Settled(it.d, outcome, since)
	return since
}

// leaveRoom gives the item's place to the next, and lets the next of its key
// through. Once for each item.
func (c *Consumer) leaveRoom(it *item) {
	if it.left.Load() || it.left.Swap(true) {
		return
	}
	c.room.vacate()
	if c.cfg.OrderBy != nil {
		c.queue.next(it.key)
	}
}

// ack gives an item to its stream's acker. Its place in the room is free at once:
// the next handler need not wait for Redis. It says whether that took no time.
func (c *Consumer) ack(it *item, outcome Outcome, now time.Duration) (atOnce bool) {
	if c.cfg.Guarantee == AtMostOnce || it.orphan.Load() {
		c.finishAt(it, outcome, now)
		return true
	}
	if !it.settling() {
		it.handledAt.CompareAndSwap(0, int64(now))
	}
	c.leaveRoom(it) // before the acker has it, who may be through with it at once
	return it.src.acker.add(it, outcome)
}

// until repeats call until it holds, until the entry is found lost, or until the
// consumer gives up at the end of its shutdown: what could not be settled then
// stays pending, and is reclaimed. Each call is fenced, so that an outcome that is
// unknown may be repeated.
func (c *Consumer) until(it *item, what string, call func() error) error {
	pause := pauses(c.cfg.Random)
	for unknown, again := false, false; ; {
		err := call()
		switch {
		case err == nil:
			return nil
		case errors.Is(err, stream.ErrLost) && unknown && it.stillOurs(c):
			// A call before did it, and its reply was lost: nobody else can have.
			return nil
		case errors.Is(err, stream.ErrLost) && !again && it.stillOurs(c):
			// Nobody can have it: see reinstate.
			again = true
			if it.src.reinstate([]*item{it}) != nil {
				return err
			}
			continue
		case errors.Is(err, stream.ErrLost), errors.Is(err, stream.ErrPayloadLost):
			return err
		}
		unknown = unknown || stream.Classify(err) == stream.ClassUnknown
		it.src.failed(what, err)
		it.src.regroup(err)
		if !sleep(c.settleCtx, pause.NextBackOff()) {
			c.unsettled.Add(1)
			return err
		}
	}
}

// retry parks an item that failed until its next try.
func (c *Consumer) retry(it *item, verdict error) {
	delay := c.delay(it, verdict)
	err := c.until(it, "retry", func() error {
		_, err := it.src.group.Fail(c.settleCtx, c.cfg.Name, it.d.Held(), delay, verdict.Error())
		return err
	})
	c.log.Info("handler failed, entry waits for its next try", append(fields(it, verdict), zap.Duration("delay", delay))...)
	c.settled(it, Retried, err, verdict)
}

// delay is the time to the next try: what the verdict asks for, else the backoff.
func (c *Consumer) delay(it *item, verdict error) time.Duration {
	if after, ok := RetryDelay(verdict); ok {
		return after
	}
	return max(c.cfg.Backoff(it.d.Attempt), 0)
}

// bury moves an item to the dead-letter stream.
func (c *Consumer) bury(it *item, reason string, cause error, failed bool) {
	if c.cfg.Guarantee == AtMostOnce || it.orphan.Load() {
		c.finish(it, Dropped)
		return
	}
	it.handledAt.CompareAndSwap(0, int64(c.now()))
	err := c.until(it, "dead_letter", func() error {
		return it.src.group.Bury(c.settleCtx, c.cfg.Name, it.d, reason, cause.Error(), failed)
	})
	if err == nil {
		c.log.Warn("entry became a dead letter", append(fields(it, cause),
			zap.String("reason", reason), zap.String("dead_letters", it.src.group.DeadStream()))...)
	}
	c.settled(it, DeadLettered, err, cause)
}

// settled ends an item whose settlement came to err. One whose payload was
// deleted has nothing to be tried again with: what we have of it becomes a dead
// letter.
func (c *Consumer) settled(it *item, outcome Outcome, err, cause error) {
	switch {
	case err == nil:
		c.finish(it, outcome)
	case errors.Is(err, stream.ErrPayloadLost):
		it.src.payloadLost(it.d.EntryID)
		c.bury(it, stream.ReasonPayloadLost, cause, true)
	default:
		c.finish(it, Lost)
	}
}

// retryInPlace counts the failure, and keeps the item until its next try: what
// has the same key must not pass it.
func (c *Consumer) retryInPlace(it *item, verdict error) {
	err := c.until(it, "retry", func() error {
		_, err := it.src.group.FailKeep(c.settleCtx, c.cfg.Name, it.d.Held(), it.d.Attempt, verdict.Error())
		return err
	})
	if err != nil {
		c.settled(it, Retried, err, verdict)
		return
	}
	delay := c.delay(it, verdict)
	c.log.Info("handler failed, entry is tried again in place", append(fields(it, verdict), zap.Duration("delay", delay))...)
	it.d.Attempt++
	it.handledAt.Store(0)
	c.later.after(delay, it)
}

// release hands items back, not counted: at once for others to take, in the order
// of their IDs, which is that of the keys, too.
func (c *Consumer) release(items []*item) {
	bySource := map[*source][]*item{}
	for _, it := range items {
		switch {
		case c.cfg.Guarantee == AtMostOnce:
			c.finish(it, Dropped)
		case it.isLost() || it.orphan.Load():
			c.finish(it, Lost)
		default:
			it.handledAt.CompareAndSwap(0, int64(c.now()))
			bySource[it.src] = append(bySource[it.src], it)
		}
	}
	for src, items := range bySource {
		slices.SortFunc(items, func(a, b *item) int { return a.d.EntryID.Compare(b.d.EntryID) })
		c.releaseOf(src, items)
	}
}

func (c *Consumer) releaseOf(src *source, items []*item) {
	pause := pauses(c.cfg.Random)
	for unsure := false; len(items) > 0; {
		ok, err := src.group.Release(c.settleCtx, c.cfg.Name, tokens(items))
		for i, mine := range ok {
			outcome := Released
			if !mine && !(unsure && items[i].stillOurs(c)) { // a call before may have done it, whose reply did not come
				outcome = Lost
			}
			c.finish(items[i], outcome)
		}
		items = items[len(ok):]
		if err == nil {
			continue
		}
		unsure = unsure || stream.Classify(err) == stream.ClassUnknown
		src.failed("release", err)
		src.regroup(err)
		if !sleep(c.settleCtx, pause.NextBackOff()) {
			c.unsettled.Add(int64(len(items)))
			for _, it := range items {
				c.finish(it, Lost)
			}
			return
		}
	}
}
