package producer

import (
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/leat-io/leat/stream"
)

// lane is what Send has accepted for one stream. One pipeline of it is on its
// way at a time, which keeps the order. Guarded by Producer.mu.
type lane struct {
	stream string
	state  laneState
	queue  []*Receipt // from head on
	head   int
	bytes  int // of the queue
	timer  *time.Timer
	pauses *backoff.ExponentialBackOff // nil as long as Redis takes the events
}

type laneState uint8

const (
	idle      laneState = iota // empty
	lingering                  // its timer will make it ready
	ready                      // in Producer.ready
	flushing                   // a flusher has its first events
	pausing                    // its first events are to be sent again after a pause
)

// keptLanes is how many empty lanes are kept for the next event of their stream;
// a program may well send to a stream for each of its millions of users.
const keptLanes = 256

// laneOf is the lane of a stream, a new one if there is none.
func (p *Producer) laneOf(name string) (*lane, error) {
	if l, ok := p.lanes[name]; ok {
		return l, nil
	}
	if _, err := stream.KeysOf(name); err != nil {
		return nil, err
	}
	l := &lane{stream: name}
	p.lanes[name] = l
	return l, nil
}

func (l *lane) len() int { return len(l.queue) - l.head }

func (l *lane) push(r *Receipt) {
	if len(l.queue) == cap(l.queue) && l.head > len(l.queue)/2 {
		n := copy(l.queue, l.queue[l.head:])
		clear(l.queue[n:])
		l.queue, l.head = l.queue[:n], 0
	}
	l.queue = append(l.queue, r)
	l.bytes += r.size
}

// first is the event that came first, nil when there is none.
func (l *lane) first() *Receipt {
	if l.len() == 0 {
		return nil
	}
	return l.queue[l.head]
}

// drop removes the first event.
func (l *lane) drop() {
	l.bytes -= l.queue[l.head].size
	l.queue[l.head] = nil
	if l.head++; l.head == len(l.queue) {
		l.queue, l.head = l.queue[:0], 0
	}
}

// unpop puts events back to the front, in their order.
func (l *lane) unpop(receipts []*Receipt) {
	rest := l.queue[l.head:]
	queue := make([]*Receipt, 0, len(receipts)+len(rest))
	l.queue, l.head = append(append(queue, receipts...), rest...), 0
	for _, r := range receipts {
		l.bytes += r.size
	}
}

// schedule decides what comes next for a lane that is neither ready nor on its
// way: a flush, lingering, or nothing.
func (p *Producer) schedule(l *lane, now time.Time) {
	if l.len() == 0 {
		l.state = idle
		if len(p.lanes) > keptLanes {
			delete(p.lanes, l.stream)
		}
		return
	}
	left := l.first().accepted.Add(p.cfg.Linger).Sub(now)
	if left <= 0 || p.blocked > 0 || p.closing.Err() != nil ||
		l.len() >= p.cfg.BatchEvents || l.bytes >= p.cfg.BatchBytes {
		p.makeReady(l)
	} else if l.state != lingering {
		l.state = lingering
		p.wakeAfter(l, left)
	}
}

func (p *Producer) makeReady(l *lane) {
	if l.timer != nil {
		l.timer.Stop()
	}
	l.state = ready
	p.ready = append(p.ready, l)
	p.work.Signal()
}

// flushAll makes everything that lingers ready.
func (p *Producer) flushAll() {
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
