package consumer

import (
	"context"
	"runtime"
	"time"

	"github.com/leat-io/leat/stream"
)

// RoomLeft is how many places nobody has, and RoomSize how many there are: at rest
// they are the same.
func (c *Consumer) RoomLeft() int {
	c.room.mu.Lock()
	defer c.room.mu.Unlock()
	c.room.count()
	return c.room.free
}

// RoomSize is how many places there are.
func (c *Consumer) RoomSize() int {
	c.room.mu.Lock()
	defer c.room.mu.Unlock()
	return c.room.size
}

// Held is how many entries the ledgers know.
func (c *Consumer) Held() (n int) {
	for _, s := range c.sources {
		n += s.ledger.count(func(*item) bool { return true })
	}
	return n
}

// Memories is how many batches' memory lies ready to be used again.
func (c *Consumer) Memories() (n int) {
	for _, s := range c.sources {
		s.ledger.mu.Lock()
		n += len(s.ledger.memories)
		s.ledger.mu.Unlock()
	}
	return n
}

// HeadroomSize is how much is set aside for the consumers that run.
func HeadroomSize() int {
	headroom.mu.Lock()
	defer headroom.mu.Unlock()
	return len(headroom.block)
}

// ReadsAhead tells whether the fetcher of the first stream, all of whose entries came
// that it had asked for, would ask for more before these are handled: suspect says
// that an error may have left some in our name, late that it is time to look for such.
func (c *Consumer) ReadsAhead(ctx context.Context, suspect, late bool) bool {
	f := fetcher{source: c.sources[0], reader: &stream.Reader{}, look: c.now() + time.Hour, want: 1}
	if late {
		f.look = c.now()
	}
	f.suspect.Store(suspect)
	n := f.ahead(ctx, 1, 1)
	c.room.give(n)
	return n > 0
}

// RoomOfAShrinking says what one gets who waits for least places while a full room
// of size places shrinks, and all of it becomes free.
func RoomOfAShrinking(size, least, to int) int {
	r := newRoom(size)
	r.take(context.Background(), size, size)
	got := make(chan int, 1)
	go func() { got <- r.take(context.Background(), least, least) }()
	for r.waiting.Load() == 0 {
		runtime.Gosched()
	}
	for n := size; n > to; {
		n -= max(1, (n-to)/8)
		r.resize(n)
	}
	for range size {
		r.vacate()
	}
	select {
	case n := <-got:
		return n
	case <-time.After(10 * time.Second):
		return 0
	}
}
