package producer

import (
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/leat-io/leat/stream"
)

// flight is a pipeline of Send on its way. Its slices are used again for the
// flusher's next one.
type flight struct {
	lane     *lane
	receipts []*Receipt
	events   []stream.Event
	outcomes []outcome
}

// outcome is what one pipeline made of one event.
type outcome struct {
	receipt *Receipt
	id      stream.ID
	class   stream.Class
	err     error
}

// flush is a flusher: it takes what is ready, sends it and settles the receipts,
// until Close.
func (p *Producer) flush() {
	var f flight
	for p.depart(&f) {
		ids, errs := p.conn.Add(p.aborted, f.lane.stream, f.events)
		p.land(&f, ids, errs)
	}
}

// depart waits for a lane that is ready and takes a batch of it. It is false when
// the producer is closed.
func (p *Producer) depart(f *flight) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.ready) == 0 && !p.stopped {
		p.work.Wait()
	}
	if p.stopped {
		return false
	}
	f.lane = p.ready[0]
	p.ready[0] = nil
	p.ready = p.ready[1:]
	f.lane.state = flushing
	bytes := 0
	for len(f.receipts) < p.cfg.BatchEvents {
		r := f.lane.first()
		if r == nil || bytes > 0 && bytes+r.size > p.cfg.BatchBytes {
			break
		}
		f.lane.drop()
		bytes += r.size
		f.receipts = append(f.receipts, r)
		f.events = append(f.events, r.event)
	}
	p.flights[f] = struct{}{}
	return true
}

// land settles what has found its fate, and queues again what has not.
func (p *Producer) land(f *flight, ids []stream.ID, errs []error) {
	now := time.Now()
	var again []*Receipt
	var refusal error // the first of those that are sent again
	for i, r := range f.receipts {
		switch err := errs[i]; {
		case err == nil: // first, and apart: classifying costs more than all the rest here
			f.outcomes = append(f.outcomes, outcome{receipt: r, id: ids[i]})
		case p.again(err, r.accepted, now):
			again = append(again, r)
			if refusal == nil {
				refusal = err
			}
		default:
			f.outcomes = append(f.outcomes, outcome{r, ids[i], stream.Classify(err), sendError(f.lane.stream, err)})
		}
	}
	news, wait, ok := p.rejoin(f, again, now)
	if ok {
		p.settle(f.lane.stream, f.outcomes, now)
		p.tell(f.lane.stream, news, len(again), wait, refusal)
		p.proceed(f.lane, f.outcomes, wait)
	}
	clear(f.receipts)
	clear(f.events)
	clear(f.outcomes)
	f.receipts, f.events, f.outcomes = f.receipts[:0], f.events[:0], f.outcomes[:0]
}

// rejoin takes the flight off the list and queues again what Redis did not
// execute, to be sent after wait. What waited behind it longer than an event may
// is given up with it. It is not ok when Close has settled all of it already.
func (p *Producer) rejoin(f *flight, again []*Receipt, now time.Time) (n news, wait time.Duration, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.aborted.Err() != nil {
		return noNews, 0, false
	}
	delete(p.flights, f)
	l := f.lane
	stored := lastOf(f.outcomes, stream.ClassNone)
	givenUp := lastOf(f.outcomes, stream.ClassNotExecuted)
	switch {
	case l.pauses == nil && len(again) > 0:
		l.pauses, n = schedule(), takesNone
	case l.pauses != nil && stored != nil && len(again) == 0:
		l.pauses, n = nil, takesAgain
	case l.pauses != nil && stored != nil:
		l.pauses.Reset()
	}
	if givenUp != nil && stored == nil {
		p.expire(f, givenUp, now)
	}
	if len(again) > 0 {
		l.unpop(again)
	}
	if r := l.first(); r != nil && l.pauses != nil && (len(again) > 0 || givenUp != nil) {
		wait = p.pause(l.pauses, r.accepted, now)
	}
	return n, wait, true
}

// expire gives up what has waited behind a flight for as long as an event may:
// trying it would take as long again.
func (p *Producer) expire(f *flight, reason *outcome, now time.Time) {
	if p.cfg.RetryFor == NoRetry {
		return // each event has its one try
	}
	class, err := reason.class, reason.err
	for r := f.lane.first(); r != nil && !p.inTime(r.accepted, now); r = f.lane.first() {
		f.lane.drop()
		f.outcomes = append(f.outcomes, outcome{r, stream.ID{}, class, err})
	}
}

// settle tells the receipts and the hooks.
func (p *Producer) settle(name string, done []outcome, now time.Time) {
	told := outcomes{stream: name}
	events, bytes := 0, 0
	for _, o := range done {
		told.add(o.class, o.receipt.size, now.Sub(o.receipt.accepted), o.err)
		bytes += o.receipt.size
		events++
		o.receipt.settle(o.id, o.err)
	}
	if events == 0 {
		return
	}
	p.release(events, bytes)
	told.tell(&p.cfg.Hooks)
	if p.cfg.Hooks.Pending != nil {
		p.cfg.Hooks.Pending(-events, -bytes)
	}
	for _, s := range told.sums {
		if s.Err != nil {
			p.log.Error("sent events have no confirmation", zap.String("stream", name), zap.Int("events", s.Events),
				zap.Stringer("class", s.Class), zap.Error(s.Err))
		}
	}
}

// proceed counts what is settled as gone and gives the lane its next turn.
func (p *Producer) proceed(l *lane, done []outcome, wait time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forget(done)
	switch {
	case p.stopped:
	case wait > 0:
		l.state = pausing
		p.wakeAfter(l, wait)
	default:
		p.schedule(l, time.Now())
	}
	p.noteDrained()
}

// forget takes settled events out of what is open.
func (p *Producer) forget(done []outcome) {
	for _, o := range done {
		p.open--
		p.openBytes -= o.receipt.size
		if o.err != nil && p.closing.Err() != nil {
			p.lost.add(o)
		}
	}
}

// news is what a flight told about a stream.
type news uint8

const (
	noNews     news = iota
	takesNone       // Redis has begun to refuse events
	takesAgain      // it takes them again
)

func (p *Producer) tell(name string, n news, events int, wait time.Duration, err error) {
	switch n {
	case takesNone:
		p.log.Warn("redis does not take events, trying again", zap.String("stream", name), zap.Int("events", events),
			zap.Duration("for", p.cfg.RetryFor), zap.Error(err))
	case takesAgain:
		p.log.Info("redis takes events again", zap.String("stream", name))
	}
	if events > 0 {
		p.tellRetried(name, events, wait, err)
	}
}

func lastOf(done []outcome, class stream.Class) *outcome {
	for i := len(done) - 1; i >= 0; i-- {
		if done[i].class == class {
			return &done[i]
		}
	}
	return nil
}

func sendError(name string, err error) error {
	return fmt.Errorf("send to stream %s: %w", name, final(err))
}
