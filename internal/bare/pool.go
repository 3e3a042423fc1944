package bare

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
)

const (
	// poolReads is how many reads are under way, and poolBatches how many batches
	// there are: two that are read, and two that are handled, of which one has
	// handlers running that began before those of the other.
	poolReads   = 2
	poolBatches = 4
)

// batch is what one read gave. Handlers take its entries one by one, without a
// lock; when the last of them has returned, all are acknowledged at once.
type batch struct {
	entries []byte // as they came, one behind the other
	ends    []int  // where each ends
	ack     []byte // the XACK of all of them

	taken, handled, users atomic.Int64
}

// pool is a ConsumeConcurrently under way.
type pool struct {
	Consuming
	commands
	handlers   int
	read, acks *Conn
	free       chan *batch
	work, done chan *batch
	cancel     context.CancelCauseFunc

	handled, acked int
}

// ConsumeConcurrently is Consume for handlers that take their time: that many run
// at once. Entries are read on one connection and acknowledged on the other; up to
// four batches of Count are held. Handle must be safe for concurrent use.
func ConsumeConcurrently(ctx context.Context, read, ack *Conn, w Consuming, handlers int) (handled, acked int, err error) {
	p := &pool{
		Consuming: w, commands: newCommands(w), handlers: max(1, handlers), read: read, acks: ack,
		free: make(chan *batch, poolBatches), work: make(chan *batch, max(1, handlers)), done: make(chan *batch, poolBatches),
	}
	for range poolBatches {
		p.free <- new(batch)
	}
	if err := p.run(ctx); err != nil {
		return p.handled, p.acked, fmt.Errorf("consume %s as %s of group %s: %w", w.Key, w.Consumer, w.Group, err)
	}
	return p.handled, p.acked, nil
}

func (p *pool) run(ctx context.Context) error {
	reading, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	p.cancel = cancel
	endRead, err := p.read.begin(reading, drainTime)
	if err != nil {
		return err
	}
	var handlers, acker sync.WaitGroup
	for range p.handlers {
		handlers.Go(p.serve)
	}
	var ackErr error
	acker.Go(func() { ackErr = p.acknowledge() })
	readErr := endRead(p.fetchAll(reading))
	close(p.work)
	handlers.Wait()
	close(p.done)
	acker.Wait()
	return errors.Join(readErr, ackErr)
}

// fetchAll reads until ctx ends, and then what is under way.
func (p *pool) fetchAll(ctx context.Context) error {
	var flying []*batch
	for {
		for len(flying) < poolReads && ctx.Err() == nil {
			b := p.room(len(flying) == 0)
			if b == nil {
				break
			}
			p.read.out = append(p.read.out[:0], p.wait...)
			if err := p.read.flush(); err != nil {
				return err
			}
			flying = append(flying, b)
		}
		if len(flying) == 0 {
			return nil
		}
		b := flying[0]
		flying = append(flying[:0], flying[1:]...)
		if err := p.receive(b); err != nil {
			if len(flying) > 0 {
				err = p.read.fail(err)
			}
			return err
		}
		p.dispatch(b)
	}
}

// room is a batch that nobody uses, nil when there is none and it shall not wait.
func (p *pool) room(wait bool) *batch {
	if wait {
		return <-p.free // handlers return, and with them batches
	}
	select {
	case b := <-p.free:
		return b
	default:
		return nil
	}
}

// receive reads a reply into a batch.
func (p *pool) receive(b *batch) error {
	count := 0
	err := p.read.next(func(in []byte) (int, error) { return readHeader(in, &count) })
	if err != nil {
		return err
	}
	b.entries, b.ends = b.entries[:0], b.ends[:0]
	b.ack = append(appendCommand(b.ack[:0], ackArgs+count), p.ackHead...)
	b.taken.Store(0)
	b.handled.Store(0)
	var e Entry
	for len(b.ends) < count {
		err := p.read.next(func(in []byte) (n int, err error) {
			for len(b.ends) < count {
				size, err := e.parse(in[n:])
				if size == short {
					return n, err
				}
				b.entries = append(b.entries, in[n:n+size]...)
				b.ends = append(b.ends, len(b.entries))
				b.ack = append(b.ack, e.wireID...)
				n += size
			}
			return n, nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// dispatch hands a batch to as many handlers as can do something with it. Those that
// come when nothing is left of it go on to the next.
func (p *pool) dispatch(b *batch) {
	if len(b.ends) == 0 {
		p.free <- b
		return
	}
	users := min(p.handlers, len(b.ends))
	b.users.Store(int64(users) + 1) // and the one who acknowledges
	for range users {
		p.work <- b
	}
}

// release gives a batch back when its last user is through.
func (p *pool) release(b *batch) {
	if b.users.Add(-1) == 0 {
		p.free <- b
	}
}

// serve handles entries, one at a time.
func (p *pool) serve() {
	var e Entry
	for b := range p.work {
		for {
			i := int(b.taken.Add(1)) - 1
			if i >= len(b.ends) {
				break
			}
			from := 0
			if i > 0 {
				from = b.ends[i-1]
			}
			_, _ = e.parse(b.entries[from:b.ends[i]]) // it was parsed before
			p.Handle(&e)
			if int(b.handled.Add(1)) == len(b.ends) {
				p.done <- b
			}
		}
		p.release(b)
	}
}

// acknowledge acknowledges batches whose handlers have returned. After a failure it
// still takes them, so that nobody waits for ever, and nothing more is read.
func (p *pool) acknowledge() (err error) {
	for b := range p.done {
		p.handled += len(b.ends)
		if err == nil {
			var n int
			n, err = p.ackBatch(b)
			p.acked += n
			if err != nil {
				p.cancel(err)
			}
		}
		p.release(b)
	}
	return err
}

// ackBatch ends by itself when the server does not answer.
func (p *pool) ackBatch(b *batch) (acked int, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	end, err := p.acks.begin(ctx, 0)
	if err != nil {
		return 0, err
	}
	p.acks.out = append(p.acks.out[:0], b.ack...)
	if err = p.acks.flush(); err == nil {
		err = p.acks.next(func(in []byte) (int, error) { return integer(in, &acked) })
	}
	return acked, end(err)
}
