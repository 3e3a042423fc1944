package network

import (
	"bufio"
	"context"
	"io"
	"net"
	"sync"
	"time"
)

const (
	// onTheWay is how many messages may be late in one direction before the next one is read.
	onTheWay = 4096
	// lineLimit bounds the length of a line, such as an error, in bytes. Strings have no bound.
	lineLimit = 64 << 10
	// hangUpTimeout is how long a client may take to end its side of a connection that has ended.
	hangUpTimeout = time.Second
)

// joint is one connection of a tap: from a client, and to the server.
type joint struct {
	tap            *Tap
	client, server net.Conn
	number         int
	ctx            context.Context //nolint:containedctx // ends with the connection
	end            context.CancelFunc

	mu    sync.Mutex
	asked []string // commands without a reply, in order
}

// message is on its way.
type message struct {
	bytes []byte
	due   time.Time
	last  bool // the connection ends behind it
}

// join serves one connection until either side ends it.
func (t *Tap) join(client net.Conn, number int) {
	defer func() { _ = client.Close() }()
	server, err := new(net.Dialer).DialContext(t.ctx, "tcp", t.upstream)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	j := &joint{tap: t, client: client, server: server, number: number}
	j.ctx, j.end = context.WithCancel(t.ctx)
	requests, replies := make(chan message, onTheWay), make(chan message, onTheWay)
	var running sync.WaitGroup
	for _, do := range []func(){
		func() { j.readRequests(requests) },
		func() { j.readReplies(replies) },
		func() { j.write(server, requests) },
		func() { j.write(client, replies) },
	} {
		running.Go(do)
	}
	<-j.ctx.Done()
	_ = server.Close()
	j.hangUp(&running)
}

// hangUp ends the client's side so that what was passed on arrives: closing with requests unread would be a reset.
func (j *joint) hangUp(running *sync.WaitGroup) {
	defer context.AfterFunc(j.tap.ctx, func() { _ = j.client.Close() })()
	_ = j.client.SetDeadline(time.Now().Add(hangUpTimeout))
	if tcp, ok := j.client.(*net.TCPConn); ok {
		_ = tcp.CloseWrite()
	}
	running.Wait()
	_, _ = io.Copy(io.Discard, j.client)
}

// readRequests reads what the client asks. When it asks no more, the connection ends behind its last request.
func (j *joint) readRequests(to chan<- message) {
	r := bufio.NewReaderSize(j.client, lineLimit)
	for {
		request, err := readMessage(r)
		if err != nil {
			j.send(to, message{last: true, due: j.tap.due(Requests)})
			return
		}
		j.mu.Lock()
		j.asked = append(j.asked, commandName(request))
		j.mu.Unlock()
		if !j.send(to, message{bytes: request, due: j.tap.due(Requests)}) {
			return
		}
	}
}

// readReplies reads what the server answers, and does what the plan says.
func (j *joint) readReplies(to chan<- message) {
	r := bufio.NewReaderSize(j.server, lineLimit)
	for n := 1; ; {
		reply, err := readMessage(r)
		if err != nil {
			j.send(to, message{last: true, due: j.tap.due(Replies)})
			return
		}
		m := message{bytes: reply, due: j.tap.due(Replies)}
		if reply[0] != '>' { // what the server says of its own accord answers nothing
			switch f := j.tap.decide(Reply{Conn: j.number, Number: n, Command: j.answered(), Size: len(reply)}); f.kind {
			case cut:
				m.bytes, m.last = reply[:min(f.bytes, len(reply))], true
			case hang:
				<-j.ctx.Done()
				return
			case late:
				m.due = m.due.Add(f.delay)
			case pass:
			}
			n++
		}
		if !j.send(to, m) || m.last {
			return
		}
	}
}

// answered returns the command that the next reply is for.
func (j *joint) answered() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.asked) == 0 {
		return ""
	}
	name := j.asked[0]
	j.asked = j.asked[1:]
	return name
}

func (j *joint) send(to chan<- message, m message) bool {
	select {
	case to <- m:
		return true
	case <-j.ctx.Done():
		return false
	}
}

// write passes messages on when they are due, in order.
func (j *joint) write(to net.Conn, from <-chan message) {
	defer j.end()
	for {
		var m message
		select {
		case m = <-from:
		case <-j.ctx.Done():
			return
		}
		if wait := time.Until(m.due); wait > 0 {
			select {
			case <-time.After(wait):
			case <-j.ctx.Done():
				return
			}
		}
		if _, err := to.Write(m.bytes); err != nil || m.last {
			return
		}
	}
}
