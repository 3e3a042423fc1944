package embedded

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/alicebob/miniredis/v2/server"
)

// tickEvery is how often is looked for what nobody tells of: keys whose time
// is over, and clients that hung up while they were blocked.
const tickEvery = 100 * time.Millisecond

// A Broker is a Redis-like server inside this process. Its methods are safe
// for concurrent use.
type Broker struct {
	redis   *miniredis.Miniredis
	addr    string
	started time.Time
	stop    context.CancelFunc
	ended   chan struct{} // closed when the ticker has returned

	// mu makes every command, script and transaction one step, as Redis'
	// single thread does. Lock order: mu, then miniredis' own locks.
	mu       sync.Mutex
	closed   bool
	conns    map[int64]*conn        // all clients, by ID
	peers    map[*server.Peer]*conn // those of the network
	lastConn int64
	watchers int // clients between WATCH and EXEC
	keys     map[string]*object
	// nextExpiry is before the first end of a key's time, in milliseconds
	// since 1970; 0 when there is none.
	nextExpiry int64
	hadGuests  bool // since the last Reset
	waiting    map[string][]*waiter
	ready      []string // keys that blocked clients are to be served from
	scripts    scripts
	commands   int64
	clock      func() time.Time // see SetClock; nil for time.Now
	offset     time.Duration    // see SetClockOffset
	full       bool             // see SetMemoryFull
	silent     bool             // no network and no ticker

	inner    *server.Peer // the connection by which we use miniredis' commands
	innerOut bytes.Buffer
}

// Start runs a broker on a free port of 127.0.0.1 until Close, or until ctx
// ends. It holds everything in memory and starts empty.
func Start(ctx context.Context) (*Broker, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("start embedded broker: %w", err)
	}
	b := newBroker()
	if err := b.redis.StartAddr("127.0.0.1:0"); err != nil {
		return nil, fmt.Errorf("start embedded broker on 127.0.0.1: %w", err)
	}
	ctx, stop := context.WithCancel(ctx)
	b.addr, b.stop = b.redis.Addr(), stop
	b.scripts.open(ctx, b)
	b.redis.Server().SetPreHook(b.serve)
	go b.tick(ctx)
	return b, nil
}

// NewSilent makes a broker to which no network leads and in which no goroutine
// runs: clients come by Open, and whatever happens, happens in their calls. It
// is the model of Redis for simulations: what it answers follows from what it
// was sent and from time.Now alone. Close it.
func NewSilent() (*Broker, error) {
	b := newBroker()
	pipe, err := b.redis.Dial() // starts it without a listener
	if err != nil {
		return nil, fmt.Errorf("make silent broker: %w", err)
	}
	if err := pipe.Close(); err != nil {
		return nil, fmt.Errorf("make silent broker: %w", err)
	}
	b.redis.Server().Close() // waits for the pipe's goroutines; its commands go on working
	b.redis.Seed(1)
	b.silent = true
	b.scripts.open(context.Background(), b)
	return b, nil
}

func newBroker() *Broker {
	b := &Broker{
		redis:   miniredis.NewMiniRedis(),
		started: time.Now(),
		stop:    func() {},
		ended:   make(chan struct{}),
		conns:   map[int64]*conn{},
		peers:   map[*server.Peer]*conn{},
		keys:    map[string]*object{},
		waiting: map[string][]*waiter{},
	}
	b.inner = server.NewPeer(bufio.NewWriter(&b.innerOut))
	return b
}

// Addr is host:port, for clients in this process and in others.
func (b *Broker) Addr() string { return b.addr }

// URL is the address as redis://127.0.0.1:port.
func (b *Broker) URL() string { return "redis://" + b.addr }

// Close cuts all connections, wakes what is blocked and waits until every
// goroutine of the broker has returned. The data are gone. Closing again does
// nothing; the error is always nil.
func (b *Broker) Close() error {
	if b.silent {
		b.closeSilent()
		return nil
	}
	b.stop()
	<-b.ended
	return nil
}

// tick runs until ctx ends and then shuts the broker down.
func (b *Broker) tick(ctx context.Context) {
	defer close(b.ended)
	defer b.shutDown()
	ticker := time.NewTicker(tickEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			b.mu.Lock()
			b.dropExpired(b.nowMillis())
			b.dropGoneClients()
			b.serveReady()
			b.mu.Unlock()
		}
	}
}

func (b *Broker) closeSilent() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return
	}
	b.closed = true
	b.cutAll()
	b.redis.Close()
	b.scripts.close()
}

func (b *Broker) shutDown() {
	b.mu.Lock()
	b.closed = true
	b.unblockAll(failure("ERR the embedded broker is closing"))
	b.mu.Unlock()
	b.redis.Close()
	b.mu.Lock()
	b.scripts.close()
	b.mu.Unlock()
}
