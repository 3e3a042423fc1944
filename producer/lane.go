package producer

import (
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/leat-io/leat/stream"
)

// lane is what Send has accepted for one stream. One pipeline of it is on its
// way at a time, which keeps the order; the last batch is filled meanwhile.
// Guarded by Producer.mu.
type lane struct {
	stream  string
	state   laneState
	batches queue[*batch] // none is empty
	events  int           // in the batches
	bytes   int
	timer   *time.Timer
	pauses  *backoff.ExponentialBackOff // nil as long as Redis takes the events
}

type laneState uint8

const (
	idle      laneState = iota // empty
	lingering                  // its timer will make it ready
	ready                      // in Producer.ready
	flushing                   // a flusher has its first batch
	pausing                    // its first batch is to be sent again after a pause
)

// keptLanes is how many empty lanes are kept for the next event of their stream;
// a program may well send to a stream for each of its millions of users.
const keptLanes = 256

// laneOf is the lane of a stream, a new one if there is none. It is remembered
// when an event is accepted.
func (p *Producer) laneOf(name string) (*lane, error) {
	if l, ok := p.lanes[name]; ok {
		return l, nil
	}
	if _, err := stream.KeysOf(name); err != nil {
		return nil, err
	}
	return &lane{stream: name}, nil
}

// accept puts an event, for which there is room, into its lane.
func (p *Producer) accept(l *lane, c *parcel, at time.Duration) {
	if l.events == 0 {
		p.lanes[l.stream] = l
	}
	c.event.accepted = at
	b := l.batches.last()
	switch {
	case b == nil:
		b = p.batches.get(l.stream)
		l.batches.push(b)
	case !b.fits(c.event.size, &p.cfg):
		b = p.batches.after(b, l.stream)
		l.batches.push(b)
	}
	b.take(c)
	l.events++
	l.bytes += c.event.size
	p.open++
	p.openBytes += c.event.size
	if l.state == idle || l.state == lingering {
		p.schedule(l, at)
	}
}

// firstAccepted is when the lane's first event was accepted.
func (l *lane) firstAccepted() time.Duration { return l.batches.first().events[0].accepted }

// pop takes the lane's first batch out, nil when there is none.
func (l *lane) pop() *batch {
	if l.batches.len() == 0 {
		return nil
	}
	b := l.batches.pop()
	l.events -= len(b.events)
	l.bytes -= b.bytes
	return b
}

// unpop puts a batch back to the front.
func (l *lane) unpop(b *batch) {
	l.batches.unpop(b)
	l.events += len(b.events)
	l.bytes += b.bytes
}

// schedule decides what comes next for a lane that is neither ready nor on its
// way: a flush, lingering, or nothing.
func (p *Producer) schedule(l *lane, now time.Duration) {
	if l.events == 0 {
		l.state = idle
		if len(p.lanes) > keptLanes {
			delete(p.lanes, l.stream)
		}
		return
	}
	left := l.firstAccepted() + p.cfg.Linger - now
	if left <= 0 || p.waiting.Len() > 0 || p.closing ||
		l.events >= p.cfg.BatchEvents || l.bytes >= p.cfg.BatchBytes {
		p.makeReady(l)
	} else if l.state != lingering {
		l.state = lingering
		p.wakeAfter(l, left)
	}
}

// makeReady queues the lane for the flushers. One is woken for it, unless one
// that is awake is on its way to the queue.
func (p *Producer) makeReady(l *lane) {
	if l.timer != nil {
		l.timer.Stop()
	}
	l.state = ready
	p.ready.push(l)
	if p.ready.len() > p.returning {
		p.work.Signal()
	}
}

// flushAll makes everything that lingers ready.
func (p *Producer) flushAll() {
	if p.cfg.Linger == 0 {
		return
	}
	for _, l := range p.lanes {
		if l.state == lingering {
			p.makeReady(l)
		}
	}
}

func (p *Producer) wakeAfter(l *lane, d time.Duration) {
	if l.timer == nil {
		l.timer = time.AfterFunc(d, func() { p.wake(l) })
		return
	}
	l.timer.Reset(d)
}

// wake is called by the lane's timer. A call that comes late, when the lane has
// moved on, does nothing worse than a flush before its time.
func (p *Producer) wake(l *lane) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.stopped && (l.state == lingering || l.state == pausing) {
		p.makeReady(l)
	}
}
