package consumer

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/leat-io/leat/stream"
)

// source is one stream as this consumer reads it: the group, what is held of it,
// and what its loops tell each other.
type source struct {
	c      *Consumer
	stream string
	group  *stream.Group
	ledger *ledger
	acker  *acker

	// taking is held for reading by whoever takes entries in our name, from the
	// call until the ledger knows them, and for writing by the search for entries
	// that we have without knowing.
	taking lock
	// suspect: an error may have left us entries that we do not know of.
	suspect atomic.Bool
	// brokenAt is when Redis failed us last, by the consumer's clock; 0 never.
	brokenAt atomic.Int64
	// soundSince is since when Redis has been answering all calls after it had
	// failed one: 0 when it never failed, negative while it does.
	soundSince atomic.Int64
	// slowAt is when a call ended last that had taken long; 0 never. asking is since when
	// the leaser waits for an answer; 0 when it does not.
	slowAt, asking atomic.Int64
	// extendedAt is when all leases that needed it were extended last.
	extendedAt atomic.Int64
	// restoredAt is when the group was made anew last; 0 never.
	restoredAt atomic.Int64
	// restoring is held by the one that makes the group anew.
	restoring lock
	// ceiling is how many entries a call may ask for since one did not come
	// through in time; 0 for as many as there is room.
	ceiling atomic.Int64
	// okAt is when Redis answered the fetcher last; 0 never.
	okAt atomic.Int64
	// freshAt is when new entries came last; 0 never.
	freshAt atomic.Int64

	// extending is held by the worker that extends what waits.
	extending lock

	// position is from where the group reads on when it has to be made again and no
	// floor is known. Guarded by restoring.
	position stream.ID
	// floor is below everything that was not settled when the reclaimer looked last,
	// whoever had it: a worker that has died since cannot say what it held. The zero
	// ID while it is not known. Guarded by restoring.
	floor stream.ID
}

// sleep waits for d, or until ctx ends; false then.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// failed notes an error of one of the loops. There is a line in the log for each:
// the loops' pauses keep them few.
func (s *source) failed(loop string, err error) {
	switch stream.Classify(err) {
	case stream.ClassUnknown:
		s.suspect.Store(true)
		fallthrough
	case stream.ClassNotExecuted, stream.ClassNoGroup:
		s.brokenAt.Store(int64(s.c.now()))
		s.soundSince.Store(-1)
	default:
		if loop == "fetcher" { // refused, and will be: nothing is read
			s.brokenAt.Store(int64(s.c.now()))
		}
	}
	s.c.cfg.Hooks.Error(loop, s.stream, err)
	s.c.log.Warn("redis call failed, will be repeated", zap.String("loop", loop), zap.String("stream", s.stream),
		zap.String("class", stream.Classify(err).String()), zap.Error(err))
}

// most is how many of n entries one call may ask for.
func (s *source) most(n int) int {
	if c := int(s.ceiling.Load()); c > 0 {
		return min(n, c)
	}
	return n
}

// learn lets calls ask for half as many when a reply did not come: it may have
// been too large for the time; and for twice as many when all that was asked came.
func (s *source) learn(asked, came int, err error) {
	c := int(s.ceiling.Load())
	switch {
	case stream.Classify(err) == stream.ClassUnknown:
		s.ceiling.Store(int64(max(1, asked/2)))
	case err == nil && c > 0 && came >= c:
		c *= 2
		if c > s.c.budget() {
			c = 0
		}
		s.ceiling.Store(int64(c))
	}
}

// answered notes that Redis answers.
func (s *source) answered() {
	if s.soundSince.CompareAndSwap(-1, int64(s.c.now())) {
		s.c.cfg.Hooks.Answered(s.stream)
		s.c.log.Info("redis answers again", zap.String("stream", s.stream))
	}
}

// take runs call, which takes entries over in our name, and hands what comes to
// the executor. The caller has room for as many as can come. Nothing is taken while
// the consumer is paused: take waits then.
func (s *source) take(ctx context.Context, how Taking, call func() (stream.Taken, error)) (n int, err error) {
	if !s.c.gate.enter(ctx) {
		return 0, nil
	}
	defer s.c.gate.leave()
	s.taking.RLock()
	defer s.taking.RUnlock()
	from := s.c.now()
	t, err := call()
	return s.accept(how, t, nil, from), err
}

// accept hands what was taken by a call that was sent at from, and is made of memory
// if that is used again, to the executor, and says how many entries it is. Until then the caller has the lock on taking, or is
// the only one who takes.
func (s *source) accept(how Taking, t stream.Taken, memory *stream.Memory, from time.Duration) (n int) {
	for _, id := range t.Lost {
		s.payloadLost(id)
	}
	if n = len(t.Batch); n == 0 {
		return 0
	}
	s.c.cfg.Hooks.Taken(s.stream, how, n, s.c.now()-from)
	if how == Reclaimed || how == Recovered {
		s.c.log.Info("took entries over", zap.String("stream", s.stream), zap.Int("entries", n), zap.Stringer("how", how))
	}
	if how == Read {
		s.freshAt.Store(int64(s.c.now()))
	} else {
		// The retry set has them by time, and as text: 10 before 9.
		slices.SortFunc(t.Batch, func(a, b stream.Delivery) int { return a.EntryID.Compare(b.EntryID) })
	}
	if how != Read || s.recentlyRestored() {
		s.displace(t.Batch, how)
	}
	if s.c.cfg.Guarantee == AtMostOnce {
		s.readTo(t.Batch[n-1].EntryID)
	}
	h := s.ledger.add(s, t.Batch, memory, how, from)
	s.c.enqueue(h)
	return n
}

// readTo moves the position up to what was read at most once: should the group have
// to be made again, none of it may come again.
func (s *source) readTo(id stream.ID) {
	s.restoring.Lock()
	defer s.restoring.Unlock()
	if id.Compare(s.position) > 0 {
		s.position = id
	}
}

// displace marks what we hold of the same entries as lost: the new delivery has
// the token now.
func (s *source) displace(batch stream.Batch, how Taking) {
	defer s.ledger.looked()
	known := map[stream.ID]*item{}
	for _, it := range s.ledger.look(func(it *item) bool { return !it.isLost() }) {
		known[it.d.EntryID] = it
	}
	for i := range batch {
		if old := known[batch[i].EntryID]; old != nil {
			s.c.log.Warn("an entry of our own came again", zap.String("stream", s.stream),
				zap.Stringer("entry", old.d.EntryID), zap.Stringer("how", how))
			old.lose()
		}
	}
}

// recentlyRestored: for a while after the group was made anew, '>' may give what
// is held already.
func (s *source) recentlyRestored() bool {
	at := time.Duration(s.restoredAt.Load())
	return at > 0 && s.c.now()-at < 10*s.c.cfg.Lease
}

func (s *source) payloadLost(id stream.ID) {
	s.c.cfg.Hooks.PayloadLost(s.stream, id)
	s.c.log.Error("entry was deleted from the stream while it was pending: it cannot be handled any more",
		zap.String("stream", s.stream), zap.String("group", s.group.Name()), zap.Stringer("entry", id),
		zap.String("dead_letters", s.group.DeadStream()))
}

// regroup makes the group anew when err says that it has gone. Whoever finds it
// does: the fetcher may wait for room that only settlements can give it.
func (s *source) regroup(err error) {
	if stream.Classify(err) != stream.ClassNoGroup || !s.restoring.TryLock() {
		return
	}
	defer s.restoring.Unlock()
	if err := s.restore(s.c.settleCtx); err != nil {
		s.failed("restore", err)
	}
}

// reinstate puts entries back into the pending entries that are gone from there
// although their lease is young, so that nobody can have taken and settled them:
// another worker, which did not know of them, made the group anew.
func (s *source) reinstate(items []*item) error {
	s.restoring.Lock()
	defer s.restoring.Unlock()
	held := tokens(items)
	_, err := s.group.Restore(s.c.settleCtx, s.c.cfg.Name, s.below(held), held)
	return err
}

// below is the position at which the group has to be made again: below everything that
// may be unsettled, what we hold included. Called with restoring.
func (s *source) below(held []stream.Held) stream.ID {
	position := s.position
	if !s.floor.IsZero() {
		position = s.floor
	}
	for _, h := range held {
		if before := h.ID.Prev(); before.Compare(position) < 0 {
			position = before
		}
	}
	return position
}

// foundFloor notes what the reclaimer has found.
func (s *source) foundFloor(floor stream.ID) {
	if floor.IsZero() {
		return
	}
	s.restoring.Lock()
	defer s.restoring.Unlock()
	s.floor = floor
}

// restore makes the group anew after it has gone: below everything that was not settled
// lately, by whomever. What we hold and the group was given goes back into the pending
// entries. Called with restoring.
func (s *source) restore(ctx context.Context) error {
	held := s.ledger.tokens(func(it *item) bool { return !it.isLost() && !it.orphan.Load() })
	if s.c.cfg.Guarantee == AtMostOnce {
		held = nil // settled when it was read
	}
	position := s.below(held)
	created, err := s.group.Restore(ctx, s.c.cfg.Name, position, held)
	if err != nil {
		return err
	}
	s.restoredAt.Store(int64(s.c.now()))
	if created {
		s.c.cfg.Hooks.GroupRestored(s.stream)
		s.c.log.Warn("consumer group had gone, made it again", zap.String("stream", s.stream),
			zap.String("group", s.group.Name()), zap.Stringer("reads_on_behind", position), zap.Int("held", len(held)))
	}
	return nil
}
