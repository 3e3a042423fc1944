package embedded

import (
	"slices"
	"strings"
	"time"

	"github.com/alicebob/miniredis/v2/server"
)

// A call is one command with its arguments. Client is nil inside a script.
type call struct {
	b      *Broker
	client *conn
	name   string   // lower case
	args   []string // without the name
	inTx   bool     // run by EXEC
	// readOnly is set in a script that may not write.
	readOnly bool
}

// mayBlock says whether the caller can be made to wait.
func (c *call) mayBlock() bool { return c.client != nil && !c.inTx }

// serve is miniredis' pre-hook: it sees every command of every connection and
// answers them all, except those that push to the connection later.
func (b *Broker) serve(p *server.Peer, name string, args ...string) bool {
	if p == b.inner {
		return false // our own use of miniredis, under b.mu
	}
	name = strings.ToLower(name)
	if slices.Contains(pubsubCommands, name) {
		return false
	}
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		p.Close()
		return true
	}
	cn := b.connOf(p)
	cn.latest, cn.command = time.Now(), name
	answer := b.fromClient(&call{b: b, client: cn, name: name, args: args})
	b.serveReady()
	b.mu.Unlock()
	if w, ok := answer.(*waiter); ok {
		answer = w.wait()
	}
	p.WriteRaw(string(appendReply(nil, answer, cn.resp3)))
	return true
}

// pubsubCommands write to their connection from goroutines of miniredis.
var pubsubCommands = []string{"subscribe", "unsubscribe", "psubscribe", "punsubscribe"}

// fromClient queues a command inside MULTI and runs it otherwise.
func (b *Broker) fromClient(c *call) any {
	b.commands++
	cn := c.client
	if cn.queueing && !slices.Contains([]string{"multi", "exec", "discard", "watch", "quit"}, c.name) {
		if fail := b.check(c); fail != nil {
			cn.broken = true
			return fail
		}
		cn.queue = append(cn.queue, *c)
		return status("QUEUED")
	}
	return b.run(c)
}

// run carries out one command, of a client, a transaction or a script.
func (b *Broker) run(c *call) any {
	if fail := b.check(c); fail != nil {
		return fail
	}
	own, isOwn := commands[c.name]
	if c.readOnly && b.writes(c.name) {
		return failure("ERR Write commands are not allowed from read-only scripts.")
	}
	var answer any
	if isOwn {
		answer = own.run(c)
	} else {
		answer = b.runInner(c)
	}
	if b.writes(c.name) {
		b.noteWritten(c.name, c.args)
		b.unsure = b.unsure || !isOwn
	}
	return answer
}

// check refuses what cannot run at all.
func (b *Broker) check(c *call) any {
	own, isOwn := commands[c.name]
	switch {
	case isOwn:
		if n := len(c.args) + 1; (own.arity >= 0 && n != own.arity) || (own.arity < 0 && n < -own.arity) {
			return wrongArity(c.name)
		}
	case refused[c.name]:
		return failure("ERR '" + c.name + "' is not supported by the embedded broker")
	case !b.redis.Server().IsRegisteredCommand(c.name):
		return unknownCommand(c)
	}
	return nil
}

// refused are commands of miniredis that would wait while holding the one
// lock, and one that would make two keys share one stream.
var refused = map[string]bool{
	"blpop": true, "brpop": true, "brpoplpush": true, "blmove": true, "bzpopmin": true, "bzpopmax": true, "bzmpop": true,
	"copy": true,
}

func unknownCommand(c *call) failure {
	var s strings.Builder
	for _, arg := range c.args {
		if s.Len() > 128 {
			break
		}
		s.WriteString("'" + arg + "' ")
	}
	return failure("ERR unknown command '" + c.name + "', with args beginning with: " + s.String())
}

// runInner has miniredis carry out a command. Its reply is kept encoded.
func (b *Broker) runInner(c *call) any {
	b.innerOut.Reset()
	b.inner.Resp3 = c.client != nil && c.client.resp3
	b.redis.Server().Dispatch(b.inner, append([]string{c.name}, c.args...))
	b.inner.Flush()
	return encoded(b.innerOut.String())
}

// writes says whether a command may change data.
func (b *Broker) writes(name string) bool {
	if own, ok := commands[name]; ok {
		return own.flags&write != 0
	}
	return !b.redis.Server().IsReadOnlyCommand(name) && name != "ping" && name != "echo" && name != "time"
}
