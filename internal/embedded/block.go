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
		if !slices.Contains(b.waiting[key], w) {
			b.waiting[key] = append(b.waiting[key], w)
		}
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

// signal says that a key has something new, or is gone. Blocked clients are
// served when the command, script or transaction at work is over.
func (b *Broker) signal(key string) {
	if len(b.waiting[key]) > 0 && !slices.Contains(b.ready, key) {
		b.ready = append(b.ready, key)
	}
}

// serveReady gives what is new to those who wait for it, and wakes those
// whose stream is gone. It runs when a command, script or transaction is over,
// so what was deleted and made again in one step counts as changed only.
func (b *Broker) serveReady() {
	for len(b.ready) > 0 {
		key := b.ready[0]
		b.ready = b.ready[1:]
		s, _ := b.stream(key)
		var dry *readRequest // one of a group that has nothing more to give
		for _, w := range slices.Clone(b.waiting[key]) {
			switch {
			case w.finished || dry != nil && w.req.grouped && w.req.group == dry.group:
			case w.client.gone():
				w.finish(hungUp{}) // nobody is there to get it
			case s != nil:
				if answer := w.req.serve(s, key); answer != nil {
					w.finish(answer)
				} else if w.req.grouped {
					dry = w.req
				}
			case w.req.grouped:
				w.finish(failure("UNBLOCKED the stream key no longer exists"))
			}
		}
	}
}

// dropGoneClients ends the wait of those who hung up.
func (b *Broker) dropGoneClients() {
	for _, waiters := range b.waiting {
		for _, w := range slices.Clone(waiters) {
			if w.client.gone() {
				w.finish(hungUp{})
			}
		}
	}
}

// cutAll ends all sessions.
func (b *Broker) cutAll() {
	for _, cn := range b.clients() {
		cn.cut()
	}
}

func (b *Broker) unblockAll(answer any) {
	for _, cn := range b.clients() {
		if cn.blocked != nil {
			cn.blocked.finish(answer)
		}
	}
}
