package consumer

import (
	"math"
	"runtime/debug"
	"runtime/metrics"
	"sync"
)

// Go's collector runs whenever the heap has doubled. A program that holds 2 MB and is
// given 300 MB of entries a second collects a hundred times a second, which costs
// more than all else that is done with them. So as long as consumers run, the
// process has a block of memory that nobody touches (it takes addresses, and no
// memory) and that counts as a part of the heap: collections are so much rarer.
var headroom struct {
	mu    sync.Mutex
	users map[*Consumer]bool
	block []byte
}

const (
	defaultHeadroom = 16 << 20
	maxHeadroom     = 1 << 30
	// tightMemory is a limit (GOMEMLIMIT) below which nothing is set aside: the
	// block counts against it.
	tightMemory = 256 << 20
	// lazyGC is a GOGC from which on collections are rare anyway.
	lazyGC = 300
)

// reserve sets memory aside for c, as much as the one consumer that asks for most.
func reserve(c *Consumer) {
	if c.cfg.Headroom <= 0 || c.cfg.Reuse || debug.SetMemoryLimit(-1) < tightMemory || gcPercent() >= lazyGC {
		return
	}
	headroom.mu.Lock()
	defer headroom.mu.Unlock()
	if headroom.users == nil {
		headroom.users = map[*Consumer]bool{}
	}
	headroom.users[c] = true
	if len(headroom.block) < c.cfg.Headroom {
		headroom.block = make([]byte, c.cfg.Headroom)
	}
}

// unreserve gives up what was set aside, with the last consumer.
func unreserve(c *Consumer) {
	headroom.mu.Lock()
	defer headroom.mu.Unlock()
	if delete(headroom.users, c); len(headroom.users) == 0 {
		headroom.block = nil
	}
}

// gcPercent is GOGC, which the program may have changed.
func gcPercent() uint64 {
	s := []metrics.Sample{{Name: "/gc/gogc:percent"}}
	if metrics.Read(s); s[0].Value.Kind() != metrics.KindUint64 {
		return 100
	}
	if v := s[0].Value.Uint64(); v < math.MaxInt32 {
		return v
	}
	return math.MaxInt32 // off
}
