package stream

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// wires are the connections for commands that are written by us, by server. One is
// used by one call at a time; calls beyond the limit wait.
type wires struct {
	conn *Conn

	mu     sync.Mutex
	pools  map[*redis.Client]*wirePool
	closed bool
}

// wirePool is the connections to one server.
type wirePool struct {
	slots chan struct{} // as many as may be in use at once
	idle  []*wire       // guarded by wires.mu; the last used is the last
	used  time.Time
}

const (
	// idleFor is how long a connection is kept that nobody needs.
	idleFor = 5 * time.Minute
	// wiresPerCPU bounds the connections in use to a server, as go-redis does.
	wiresPerCPU = 10
)

func newWires(c *Conn) *wires {
	return &wires{conn: c, pools: map[*redis.Client]*wirePool{}}
}

// get is a connection to node that nobody else uses, until put or drop. What takes
// longer than to the deadline fails: then it is known that nothing was sent.
func (ws *wires) get(ctx context.Context, node *redis.Client, deadline time.Time) (*wirePool, *wire, error) {
	p, err := ws.pool(node)
	if err != nil {
		return nil, nil, err
	}
	select {
	case p.slots <- struct{}{}:
	default:
		if err := ws.wait(ctx, p); err != nil {
			return nil, nil, err
		}
	}
	for w := ws.pop(p); w != nil; w = ws.pop(p) {
		// What lies between may have forgotten one that was idle for long, silently.
		if time.Since(w.idle) < idleFor && !w.hungUp() {
			return p, w, nil
		}
		w.close()
	}
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	w, err := ws.conn.connectWire(ctx, node, false)
	if err != nil {
		<-p.slots
		return nil, nil, err
	}
	return p, w, nil
}

// wait waits for another call to end.
func (ws *wires) wait(ctx context.Context, p *wirePool) error {
	timer := time.NewTimer(ws.conn.settings.timeout / 5 * 4)
	defer timer.Stop()
	select {
	case p.slots <- struct{}{}:
		return nil
	case <-timer.C:
		return redis.ErrPoolTimeout
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", errNotSent, context.Cause(ctx))
	}
}

func (ws *wires) pool(node *redis.Client) (*wirePool, error) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if ws.closed {
		return nil, redis.ErrClosed
	}
	p := ws.pools[node]
	if p == nil {
		ws.forget()
		p = &wirePool{slots: make(chan struct{}, wiresPerCPU*runtime.GOMAXPROCS(0))}
		ws.pools[node] = p
	}
	p.used = time.Now()
	return p, nil
}

// forget drops servers that nobody has talked to for long: one that was replaced has
// another client. Called with the lock held.
func (ws *wires) forget() {
	for node, p := range ws.pools {
		if len(p.slots) == 0 && time.Since(p.used) > idleFor {
			for _, w := range p.idle {
				w.close()
			}
			delete(ws.pools, node)
		}
	}
}

func (ws *wires) pop(p *wirePool) *wire {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	n := len(p.idle)
	if n == 0 {
		return nil
	}
	w := p.idle[n-1]
	p.idle[n-1] = nil
	p.idle = p.idle[:n-1]
	return w
}

// put gives a connection back on which every reply was read. One on which more came
// than was asked for is closed: nobody knows what it would be the answer to.
func (ws *wires) put(p *wirePool, w *wire) {
	now := time.Now()
	ws.mu.Lock()
	old := ws.stale(p, now)
	if ws.closed || len(w.rest) > 0 {
		old = append(old, w)
	} else {
		w.idle = now
		p.idle = append(p.idle, w)
	}
	ws.mu.Unlock()
	<-p.slots
	for _, w := range old {
		w.close()
	}
}

// stale takes out what has been idle for too long; it is the first in the list.
func (ws *wires) stale(p *wirePool, now time.Time) (old []*wire) {
	n := 0
	for n < len(p.idle) && now.Sub(p.idle[n].idle) > idleFor {
		n++
	}
	if n == 0 {
		return nil
	}
	old = append(old, p.idle[:n]...)
	p.idle = append(p.idle[:0], p.idle[n:]...)
	return old
}

// drop closes a connection on which an answer may still come.
func (ws *wires) drop(p *wirePool, w *wire) {
	w.close()
	<-p.slots
}

// close closes what nobody uses, and what is put back later.
func (ws *wires) close() {
	ws.mu.Lock()
	ws.closed = true
	var idle []*wire
	for _, p := range ws.pools {
		idle = append(idle, p.idle...)
		p.idle = nil
	}
	ws.mu.Unlock()
	for _, w := range idle {
		w.close()
	}
}
