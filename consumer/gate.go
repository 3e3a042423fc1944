package consumer

import (
	"context"
	"sync"
)

// gate is what whoever takes entries goes through. While it is shut nobody gets
// in, and shutting it waits for those who are inside.
type gate struct {
	mu      sync.Mutex
	open    chan struct{} // closed while the gate is open
	inside  int
	emptied chan struct{} // of those who shut the gate; closed when nobody is inside
}

func newGate() *gate {
	g := &gate{open: make(chan struct{})}
	close(g.open)
	return g
}

// enter returns true, inside, when the gate is open; false when ctx ends before.
func (g *gate) enter(ctx context.Context) bool {
	for ctx.Err() == nil {
		g.mu.Lock()
		open := g.open
		select {
		case <-open:
			g.inside++
			g.mu.Unlock()
			return true
		default:
		}
		g.mu.Unlock()
		select {
		case <-open:
		case <-ctx.Done():
		}
	}
	return false
}

// closing tells whether somebody has shut the gate: who is inside should leave soon.
func (g *gate) closing() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-g.open:
		return false
	default:
		return true
	}
}

// leave undoes enter.
func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.inside--; g.inside == 0 && g.emptied != nil {
		close(g.emptied)
		g.emptied = nil
	}
}

// shut closes the gate and waits until nobody is inside.
func (g *gate) shut() {
	g.mu.Lock()
	select {
	case <-g.open:
		g.open = make(chan struct{})
	default:
	}
	if g.inside == 0 {
		g.mu.Unlock()
		return
	}
	if g.emptied == nil {
		g.emptied = make(chan struct{})
	}
	emptied := g.emptied
	g.mu.Unlock()
	<-emptied
}

// unshut opens the gate.
func (g *gate) unshut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-g.open:
	default:
		close(g.open)
	}
}
