package network

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// Tap is a TCP proxy before one server that speaks plain RESP, not TLS. It reads whole requests and replies, and does to each
// reply what its Plan says. Every command has to have one reply: no SUBSCRIBE, MONITOR, CLIENT REPLY or inline commands. It is safe
// for concurrent use.
type Tap struct {
	upstream string
	listener net.Listener
	ctx      context.Context //nolint:containedctx // ends with Close
	cancel   context.CancelFunc
	running  sync.WaitGroup

	mu      sync.Mutex
	plan    Plan
	delay   [Replies + 1]time.Duration
	conns   int
	replies int
	faults  int
}

// NewTap starts a proxy before upstream, a host:port. It ends with Close.
func NewTap(upstream string) (*Tap, error) {
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start a tap: %w", err)
	}
	t := &Tap{upstream: upstream, listener: l}
	t.ctx, t.cancel = context.WithCancel(context.Background())
	t.running.Go(t.serve)
	return t, nil
}

// Addr is the host:port that clients connect to.
func (t *Tap) Addr() string { return t.listener.Addr().String() }

// Plan sets what happens to replies from now on; nil lets them through.
func (t *Tap) Plan(p Plan) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.plan = p
}

// Delay makes everything that goes one way, or both, arrive d later, in order; 0 ends it. It is a longer way, not a narrower one:
// what comes together is late together.
func (t *Tap) Delay(dir Direction, d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, way := range dir.ways() {
		t.delay[way] = d
	}
}

// Replies is how many replies the tap has seen, and Faults to how many of them it has done something.
func (t *Tap) Replies() int { t.mu.Lock(); defer t.mu.Unlock(); return t.replies }

// Faults is how many replies were lost, cut, hung up or late.
func (t *Tap) Faults() int { t.mu.Lock(); defer t.mu.Unlock(); return t.faults }

// Close ends the proxy and its connections. It may be called twice.
func (t *Tap) Close() {
	t.cancel()
	_ = t.listener.Close()
	t.running.Wait()
}

func (t *Tap) serve() {
	for {
		client, err := t.listener.Accept()
		if errors.Is(err, net.ErrClosed) || t.ctx.Err() != nil {
			return
		}
		if err != nil {
			continue // too many open files, say: the next one may fare better
		}
		t.mu.Lock()
		t.conns++
		number := t.conns
		t.mu.Unlock()
		t.running.Go(func() { t.join(client, number) })
	}
}

// decide asks the plan.
func (t *Tap) decide(r Reply) Fault {
	t.mu.Lock()
	plan := t.plan
	t.replies++
	t.mu.Unlock()
	if plan == nil {
		return Pass()
	}
	f := plan(r)
	if f.kind != pass {
		t.mu.Lock()
		t.faults++
		t.mu.Unlock()
	}
	return f
}

// due is when something that goes one way and is here now has to arrive.
func (t *Tap) due(way Direction) time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	return time.Now().Add(t.delay[way])
}
