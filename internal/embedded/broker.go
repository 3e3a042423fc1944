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

// tickEvery is how often time is told to what does not notice it by itself:
// TTLs, clients that hung up while blocked, streams that are gone.
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
	conns    map[*server.Peer]*conn
	lastConn int64
	streams  map[string]*stream // by ident
	made     int64              // streams ever made: the next ident
	waiting  map[string][]*waiter
	unsure   bool     // a stream that is waited for may be gone
	ready    []string // keys that blocked clients are to be served from
	scripts  scripts
	commands int64

	inner    *server.Peer // the connection by which we use miniredis' commands
	innerOut bytes.Buffer
	advanced time.Time // up to when TTLs have been told of
}

// Start runs a broker on a free port of 127.0.0.1 until Close, or until ctx
// ends. It holds everything in memory and starts empty.
func Start(ctx context.Context) (*Broker, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("start embedded broker: %w", err)
	}
	redis := miniredis.NewMiniRedis()
	if err := redis.StartAddr("127.0.0.1:0"); err != nil {
		return nil, fmt.Errorf("start embedded broker on 127.0.0.1: %w", err)
	}
	ctx, stop := context.WithCancel(ctx)
	b := &Broker{
		redis:   redis,
		addr:    redis.Addr(),
		started: time.Now(),
		stop:    stop,
		ended:   make(chan struct{}),
		conns:   map[*server.Peer]*conn{},
		streams: map[string]*stream{},
		waiting: map[string][]*waiter{},
	}
	b.advanced = b.started
	b.inner = server.NewPeer(bufio.NewWriter(&b.innerOut))
	b.scripts.open(ctx, b)
	redis.Server().SetPreHook(b.serve)
	go b.tick(ctx)
	return b, nil
}

// Addr is host:port, for clients in this process and in others.
func (b *Broker) Addr() string { return b.addr }

// URL is the address as redis://127.0.0.1:port.
func (b *Broker) URL() string { return "redis://" + b.addr }

// Close cuts all connections, wakes what is blocked and waits until every
// goroutine of the broker has returned. The data are gone. Closing again does
// nothing; the error is always nil.
func (b *Broker) Close() error {
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
	var pause time.Duration
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-ticker.C:
			b.mu.Lock()
			if now.Sub(b.advanced) >= pause {
				pause = b.advanceTTLs(now)
			}
			b.dropGoneStreams()
			b.dropGoneClients()
			b.unsure = true
			b.serveReady()
			b.mu.Unlock()
		}
	}
}

// advanceTTLs tells miniredis what time has passed. It walks all keys for
// that, so the pause it asks for keeps the walk below a twentieth of a core.
func (b *Broker) advanceTTLs(now time.Time) (pause time.Duration) {
	begin := time.Now()
	b.redis.FastForward(now.Sub(b.advanced))
	b.advanced = now
	return 20 * time.Since(begin)
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
