package producer

import (
	"time"

	"github.com/leat-io/leat/stream"
)

// flight is a pipeline of Send on its way, and what became of it. A flusher uses
// one for all of its pipelines.
type flight struct {
	lane      *lane
	batch     *batch
	ids       []stream.ID // of each event
	errs      []error
	returning bool // counted in Producer.returning

	stored int           // events
	oldest time.Duration // when the first of them was accepted
	again  []int         // to be sent again, in their order
	lost   []outcome     // neither
}

// outcome is the fate of an event that is not stored, or may be, or is less durably
// than it was asked to be: then it has an ID.
type outcome struct {
	pending
	id    stream.ID
	class stream.Class
	err   error
}

// flush is a flusher: it takes what is ready, sends it and settles the receipts,
// until Close.
func (p *Producer) flush() {
	var f flight
	for p.depart(&f) {
		p.conn.AddDurably(p.aborted, &f.batch.adds, p.cfg.durability(), f.ids, f.errs)
		p.land(&f)
	}
}

// depart waits for a lane that is ready and takes its first batch. It is false
// when the producer is closed, or Close has taken what was left.
func (p *Producer) depart(f *flight) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if f.returning {
		f.returning = false
		p.returning--
	}
	for p.ready.len() == 0 && !p.stopped {
		p.work.Wait()
	}
	if p.stopped || p.aborted.Err() != nil {
		return false
	}
	f.lane = p.ready.pop()
	f.lane.state = flushing
	f.batch = f.lane.pop()
	f.ids, f.errs = resized(f.ids, len(f.batch.events)), resized(f.errs, len(f.batch.events))
	p.flights[f] = struct{}{}
	return true
}

// resized is a slice of n zero values, in the memory of s if that is large enough.
func resized[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	s = s[:n]
	clear(s)
	return s
}

// land settles what has found its fate, and queues again what has not.
func (p *Producer) land(f *flight) {
	now := p.clock(time.Now())
	refusal := p.judge(f, now)
	news, wait, ok := p.rejoin(f, now)
	if ok {
		events, bytes := p.settle(f, now)
		p.tell(f.lane.stream, news, len(f.again), wait, refusal)
		p.proceed(f, events, bytes, wait)
	}
	if f.batch != nil {
		p.batches.put(f.batch)
	}
	clear(f.lost)
	f.lane, f.batch, f.stored, f.again, f.lost = nil, nil, 0, f.again[:0], f.lost[:0]
}

// judge tells the events apart. It returns the first refusal of those that are to
// be sent again.
func (p *Producer) judge(f *flight, now time.Duration) (refusal error) {
	f.oldest = now
	for i := range f.batch.events {
		e := &f.batch.events[i]
		switch err := f.errs[i]; {
		case err == nil: // first, and apart: classifying costs more than all the rest here
			f.stored++
			f.oldest = min(f.oldest, e.accepted)
		case p.again(err, now-e.accepted):
			f.again = append(f.again, i)
			if refusal == nil {
				refusal = err
			}
		default:
			f.lost = append(f.lost, outcome{*e, f.ids[i], stream.Classify(err), sendError(f.lane.stream, err)})
		}
	}
	return refusal
}

// rejoin takes the flight off the list and queues again what Redis did not
// execute, to be sent after wait. What waited behind it longer than an event may
// is given up with it. It is not ok when Close has settled all of it already.
func (p *Producer) rejoin(f *flight, now time.Duration) (n news, wait time.Duration, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.aborted.Err() != nil {
		return noNews, 0, false
	}
	delete(p.flights, f)
	l := f.lane
	givenUp := lastOf(f.lost, stream.ClassNotExecuted)
	switch {
	case l.pauses == nil && len(f.again) > 0:
		l.pauses, n = schedule(), takesNone
	case l.pauses != nil && f.stored > 0 && len(f.again) == 0:
		l.pauses, n = nil, takesAgain
	case l.pauses != nil && f.stored > 0:
		l.pauses.Reset()
	}
	if givenUp != nil && f.stored == 0 {
		p.expire(f, givenUp, now)
	}
	p.requeue(f)
	if l.events > 0 && l.pauses != nil && (len(f.again) > 0 || givenUp != nil) {
		wait = p.pause(l.pauses, now-l.firstAccepted())
	}
	return n, wait, true
}

// requeue puts what is to be sent again back to the front of the lane.
func (p *Producer) requeue(f *flight) {
	switch len(f.again) {
	case 0:
	case len(f.batch.events): // as it is
		f.lane.unpop(f.batch)
		f.batch = nil
	default:
		b := p.batches.get(f.lane.stream)
		for _, i := range f.again {
			b.takeFrom(f.batch, i)
		}
		f.lane.unpop(b)
	}
}

// expire gives up what has waited behind a flight for as long as an event may:
// trying it would take as long again.
func (p *Producer) expire(f *flight, reason *outcome, now time.Duration) {
	if p.cfg.RetryFor == NoRetry {
		return // each event has its one try
	}
	class, err := reason.class, reason.err
	for b := f.lane.pop(); b != nil; b = f.lane.pop() {
		late := 0
		for late < len(b.events) && !p.inTime(now-b.events[late].accepted) {
			f.lost = append(f.lost, outcome{pending: b.events[late], class: class, err: err})
			late++
		}
		if late == 0 {
			f.lane.unpop(b)
			return
		}
		rest := p.batches.get(f.lane.stream)
		for i := late; i < len(b.events); i++ {
			rest.takeFrom(b, i)
		}
		p.batches.put(b)
		if len(rest.events) > 0 {
			f.lane.unpop(rest)
			return
		}
		p.batches.put(rest)
	}
}

// proceed counts what is settled as gone and gives the lane its next turn.
func (p *Producer) proceed(f *flight, events, bytes int, wait time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forget(f.lost, events, bytes)
	p.grant()
	f.returning = true
	p.returning++
	switch {
	case p.stopped:
	case wait > 0:
		f.lane.state = pausing
		p.wakeAfter(f.lane, wait)
	default:
		p.schedule(f.lane, p.clock(time.Now()))
	}
	p.noteDrained()
}

// forget takes settled events out of what is open.
func (p *Producer) forget(lost []outcome, events, bytes int) {
	p.open -= events
	p.openBytes -= bytes
	if p.closing {
		for i := range lost {
			p.lost.add(lost[i].err)
		}
	}
}

func lastOf(lost []outcome, class stream.Class) *outcome {
	for i := len(lost) - 1; i >= 0; i-- {
		if lost[i].class == class {
			return &lost[i]
		}
	}
	return nil
}
