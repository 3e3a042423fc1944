package embedded

import (
	"time"

	"github.com/alicebob/miniredis/v2/server"
)

// A conn is what the broker knows of one client.
type conn struct {
	peer    *server.Peer
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
	queue    []call
	watched  map[string]bool
	changed  bool // something watched was written
}

// connOf finds the state of a connection, made when it sends its first
// command. The caller holds b.mu.
func (b *Broker) connOf(p *server.Peer) *conn {
	if cn := b.conns[p]; cn != nil {
		return cn
	}
	b.lastConn++
	cn := &conn{peer: p, id: b.lastConn, since: time.Now(), library: map[string]string{}}
	b.conns[p] = cn
	p.OnDisconnect(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.conns, p)
	})
	return cn
}

// connByID is nil when no such client is connected.
func (b *Broker) connByID(id int64) *conn {
	for _, cn := range b.conns {
		if cn.id == id {
			return cn
		}
	}
	return nil
}
