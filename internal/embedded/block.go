package embedded

import (
	"slices"
	"time"
)

// A waiter is a client blocked in XREAD or XREADGROUP. What it gets is put in
// result by whoever finishes it, under b.mu, once.
type waiter struct {
	b        *Broker
	client   *conn
	req      *readRequest
	timeout  time.Duration // 0: none
	result   chan any
	finished bool
}

// block puts a client to sleep. Clients on one key are served in the order in
// which they came.
func (b *Broker) block(cn *conn, req *readRequest, timeout time.Duration) *waiter {
	w := &waiter{b: b, client: cn, req: req, timeout: timeout, result: make(chan any, 1)}
	for _, key := range req.keys {
		b.waiting[key] = append(b.waiting[key], w)
	}
	cn.blocked = w
	return w
}

// wait runs without b.mu, in the goroutine of the connection.
func (w *waiter) wait() any {
	if w.timeout == 0 {
		return <-w.result
	}
	timer := time.NewTimer(w.timeout)
	defer timer.Stop()
	select {
	case v := <-w.result:
		return v
	case <-timer.C:
		w.b.mu.Lock()
		w.finish(nullArray{}) // does nothing if it was served just now
		w.b.mu.Unlock()
		return <-w.result
	}
}

// finish wakes the client with an answer. The caller holds b.mu.
func (w *waiter) finish(answer any) {
	if w.finished {
		return
	}
	w.finished = true
	w.client.blocked = nil
	for _, key := range w.req.keys {
		rest := slices.DeleteFunc(w.b.waiting[key], func(o *waiter) bool { return o == w })
		if len(rest) == 0 {
			delete(w.b.waiting, key)
		} else {
			w.b.waiting[key] = rest
		}
	}
	w.result <- answer
}

// signal says that a stream has something new. Blocked clients are served
// when the command, script or transaction at work is over.
func (b *Broker) signal(key string) {
	if len(b.waiting[key]) > 0 && !slices.Contains(b.ready, key) {
		b.ready = append(b.ready, key)
	}
}

// serveReady gives what is new to those who wait for it, and wakes those
// whose stream is gone. It runs when a command, script or transaction is over,
// so what was deleted and made again in one step counts as changed only.
func (b *Broker) serveReady() {
	if b.unsure {
		b.unsure = false
		b.checkWaiting()
	}
	for len(b.ready) > 0 {
		key := b.ready[0]
		b.ready = b.ready[1:]
		if s, _ := b.stream(key); s != nil {
			b.serveKey(s, key)
		}
	}
}

func (b *Broker) serveKey(s *stream, key string) {
	dry := map[string]bool{} // groups that have no more to give
	for _, w := range slices.Clone(b.waiting[key]) {
		switch {
		case w.finished || w.req.grouped && dry[w.req.group]:
		case w.client.peer.Closed():
			w.finish(nullArray{}) // nobody is there to get it
		default:
			if answer := w.req.retry(s, key); answer != nil {
				w.finish(answer)
			} else if w.req.grouped {
				dry[w.req.group] = true
			}
		}
	}
}

// checkWaiting wakes clients whose stream is gone, with the error of Redis
// 7.0. Commands of miniredis (DEL, FLUSHALL, RENAME, SET) do not tell.
func (b *Broker) checkWaiting() {
	for key, waiters := range b.waiting {
		if s, _ := b.stream(key); s != nil {
			b.signal(key) // RENAME may have put another stream here
			continue
		}
		for _, w := range slices.Clone(waiters) {
			if w.req.grouped {
				w.finish(failure("UNBLOCKED the stream key no longer exists"))
			}
		}
	}
}

// dropGoneClients ends the wait of those who hung up.
func (b *Broker) dropGoneClients() {
	for _, waiters := range b.waiting {
		for _, w := range slices.Clone(waiters) {
			if w.client.peer.Closed() {
				w.finish(nullArray{})
			}
		}
	}
}

func (b *Broker) unblockAll(answer any) {
	for _, cn := range b.conns {
		if cn.blocked != nil {
			cn.blocked.finish(answer)
		}
	}
}
