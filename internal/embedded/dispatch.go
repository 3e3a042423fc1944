package embedded

import (
	"slices"
	"strings"

	"github.com/alicebob/miniredis/v2/server"
)

// A call is one command with its arguments. Client is nil inside a script.
type call struct {
	b      *Broker
	client *conn
	word   string   // the name as it was sent
	name   string   // in lower case
	args   []string // without the name
	inTx   bool     // run by EXEC
}

// mayBlock says whether the caller can be made to wait.
func (c *call) mayBlock() bool { return c.client != nil && !c.inTx }

// serve is miniredis' pre-hook: it sees every command of every connection and
// answers them all, except those that push to the connection later.
func (b *Broker) serve(p *server.Peer, name string, args ...string) bool {
	if p == b.inner {
		return false // our own use of miniredis, under b.mu
	}
	if slices.Contains(pubsubCommands, strings.ToLower(name)) {
		return false
	}
	b.mu.Lock()
	cn := b.connOf(p)
	b.mu.Unlock()
	answer := b.answer(cn, strings.ToLower(name), args) // miniredis has put it into capitals
	if _, cut := answer.(hungUp); cut {
		p.Close()
		return true
	}
	p.WriteRaw(string(appendReply(nil, answer, cn.resp3)))
	return true
}

// answer carries out one command of a client, and waits for the reply when it
// blocks.
func (b *Broker) answer(cn *conn, word string, args []string) any {
	answer := b.step(cn, word, args)
	if w, ok := answer.(*waiter); ok {
		answer = w.wait()
	}
	return answer
}

// step carries out one command of a client, with all that follows from it.
// The reply is a *waiter when the client has to wait.
func (b *Broker) step(cn *conn, word string, args []string) any {
	name := lowered(word)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed || cn.closed {
		return hungUp{}
	}
	cn.latest, cn.command = b.now(), name
	b.dropExpired(cn.latest.UnixMilli())
	answer := b.fromClient(&call{b: b, client: cn, word: word, name: name, args: args})
	b.serveReady()
	return answer
}

// pubsubCommands write to their connection from goroutines of miniredis.
var pubsubCommands = []string{"subscribe", "unsubscribe", "psubscribe", "punsubscribe"}

// fromClient queues a command inside MULTI and runs it otherwise.
func (b *Broker) fromClient(c *call) any {
	b.commands++
	cn := c.client
	own, fail := b.resolve(c)
	if fail == nil {
		fail = b.refuseForMemory(c, own)
	}
	inTx := cn.queueing && !slices.Contains([]string{"multi", "exec", "discard", "watch", "quit"}, c.name)
	switch {
	case fail != nil && cn.queueing:
		return cn.breakTransaction(c.name, fail)
	case fail != nil:
		return fail
	case inTx:
		cn.queue = append(cn.queue, queued{*c, own, b.callNeedsMemory(c, own)})
		return status("QUEUED")
	}
	return b.run(c, own)
}

// run carries out one command, of a client, a transaction or a script; own is
// what resolve found.
func (b *Broker) run(c *call, own *command) any {
	if own == nil {
		return b.runGuest(c)
	}
	answer := own.run(c)
	if own.flags&write != 0 {
		b.noteWritten(c.name, c.args)
	}
	return answer
}

// unknownCommand shows the first bytes of what was sent.
func unknownCommand(c *call) failure {
	const most = 128
	shown := ""
	for _, arg := range c.args {
		if len(shown) >= most {
			break
		}
		arg, _, _ = strings.Cut(arg, "\x00")
		shown += "'" + arg[:min(len(arg), most-len(shown))] + "' "
	}
	return failing("ERR unknown command '", c.word[:min(len(c.word), most)], "', with args beginning with: ", shown)
}

// writes says whether a command may change data.
func (b *Broker) writes(name string, own *command) bool {
	if own != nil {
		return own.flags&write != 0
	}
	return !b.redis.Server().IsReadOnlyCommand(name) && name != "ping" && name != "echo"
}
