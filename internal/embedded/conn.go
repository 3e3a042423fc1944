package embedded

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/alicebob/miniredis/v2/server"
)

// A conn is what the broker knows of one client.
type conn struct {
	b       *Broker
	peer    *server.Peer // nil for a Session
	closed  bool         // a Session that hung up
	id      int64
	name    string
	library map[string]string // CLIENT SETINFO
	resp3   bool
	since   time.Time
	latest  time.Time // when the last command came
	command string    // that command
	blocked *waiter

	queueing bool // between MULTI and EXEC
	broken   bool // a command could not be queued: EXEC must refuse
	queue    []queued
	watched  map[string]bool
	changed  bool // something watched was written
}

// newConn gives a client the next ID. The caller holds b.mu.
func (b *Broker) newConn(p *server.Peer) *conn {
	b.lastConn++
	cn := &conn{b: b, peer: p, id: b.lastConn, since: b.now()}
	b.conns[cn.id] = cn
	return cn
}

// connOf finds the state of a network connection, made when it sends its first
// command. The caller holds b.mu.
func (b *Broker) connOf(p *server.Peer) *conn {
	if cn := b.peers[p]; cn != nil {
		return cn
	}
	cn := b.newConn(p)
	b.peers[p] = cn
	p.OnDisconnect(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.peers, p)
		b.forget(cn)
	})
	return cn
}

// clients are those that are connected, in the order in which they came.
func (b *Broker) clients() []*conn {
	return slices.SortedFunc(maps.Values(b.conns), func(a, b *conn) int { return cmp.Compare(a.id, b.id) })
}

// gone says whether the client hung up.
func (cn *conn) gone() bool {
	if cn.peer != nil {
		return cn.peer.Closed()
	}
	return cn.closed
}

// hangUp ends the connection when the command at work is answered.
func (cn *conn) hangUp() {
	if cn.peer != nil {
		cn.peer.Close()
		return
	}
	cn.closed = true
	cn.b.forget(cn)
}

func (b *Broker) forget(cn *conn) {
	cn.forgetWatched()
	delete(b.conns, cn.id)
}

// speak sets the protocol of all replies from this one on.
func (cn *conn) speak(resp3 bool) {
	cn.resp3 = resp3
	if cn.peer != nil {
		cn.peer.Resp3 = resp3
	}
}
