package simulate

import (
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/leat-io/leat/internal/embedded"
)

// server is the model of Redis behind the simulated network, with what can happen to
// a server and to what it answers.
type server struct {
	w      *world
	broker *embedded.Broker

	mu       sync.Mutex
	isDown   bool
	stalled  time.Time // until when it stands still
	loading  time.Time // until when it refuses everything
	readOnly time.Time // until when it refuses writes
	armed    []Fault   // faults that wait for a command
	offset   time.Duration
}

func (s *server) down() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.isDown
}

// serve answers one connection, as long as it lasts.
func (s *server) serve(c *conn) {
	session := s.broker.Open()
	defer session.Close()
	go func() {
		<-c.ended
		session.Close() // a read that blocks ends
	}()
	var got []byte
	for {
		next, ok := c.request()
		if !ok {
			return
		}
		got = append(got, next...)
		for {
			args, n := parse(got)
			if n == 0 {
				break
			}
			got = got[n:]
			if !s.answer(c, session, args) {
				return
			}
		}
	}
}

// request waits for the next chunk that the process sent. One that hung up, or died,
// is still heard to the end; a server that died hears nothing.
func (c *conn) request() ([]byte, bool) {
	var got chunk
	select {
	case got = <-c.up.chunks:
	default:
		select {
		case got = <-c.up.chunks:
		case <-c.ended:
			select {
			case got = <-c.up.chunks:
			default:
				return nil, false
			}
		}
	}
	time.Sleep(time.Until(got.at))
	return got.bytes, !c.cutByServer()
}

// cutByServer tells whether the server's side of the connection has ended.
func (c *conn) cutByServer() bool {
	select {
	case <-c.ended:
		return errors.Is(c.why, syscall.ECONNRESET)
	default:
		return false
	}
}

// answer carries a command out, with the fault that waits for it, if any. It is false
// when the connection has ended by it.
func (s *server) answer(c *conn, session *embedded.Session, args []string) bool {
	name := strings.ToUpper(args[0])
	s.standStill(c)
	if c.cutByServer() {
		return false
	}
	fault, disturbed := s.disarm(c.process, name)
	if disturbed && fault.Kind == LoseRequest {
		s.w.note("fault", c.process, fault.Kind.String()+" "+name)
		c.fail(syscall.ECONNRESET)
		return false
	}
	reply := s.refusal(name)
	if reply == nil {
		before := s.w.watch.before(c.process, name, args)
		reply = session.Do(args)
		s.w.watch.after(before, reply)
	}
	if c.cutByServer() { // it died meanwhile
		return false
	}
	if !disturbed {
		c.reply(reply, 0)
		return true
	}
	s.w.note("fault", c.process, fault.Kind.String()+" "+name)
	switch fault.Kind {
	case LoseReply:
		c.fail(syscall.ECONNRESET)
		return false
	case CutReply:
		c.reply(reply[:len(reply)/2], 0)
		c.fail(io.EOF)
		return false
	default:
		c.reply(reply, fault.For)
	}
	return true
}

// reply sends a reply on its way.
func (c *conn) reply(b []byte, late time.Duration) {
	if len(b) == 0 {
		return
	}
	at := c.net.arrival(c, &c.down).Add(late)
	c.down.last = at
	select {
	case c.down.chunks <- chunk{b, at}:
	case <-c.ended:
	}
}

// standStill waits while the server does. Then it takes the connections one by one, as
// the seed has it.
func (s *server) standStill(c *conn) {
	for {
		s.mu.Lock()
		wait := time.Until(s.stalled)
		s.mu.Unlock()
		if wait <= 0 {
			return
		}
		time.Sleep(wait + s.w.latency(c, &c.up))
	}
}

// disarm finds the fault that waits for a command of a process.
func (s *server) disarm(process, name string) (Fault, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range s.armed {
		if f.Command == name && s.w.place(f.Who) == process {
			s.armed = slices.Delete(s.armed, i, i+1)
			return f, true
		}
	}
	return Fault{}, false
}

// refusal is what the server says instead of carrying a command out.
func (s *server) refusal(name string) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	switch {
	case name == "HELLO", name == "CLIENT", name == "COMMAND":
		return nil
	case now.Before(s.loading):
		return []byte("-LOADING Redis is loading the dataset in memory\r\n")
	case now.Before(s.readOnly) && name != "PING" && name != "XRANGE" && name != "XPENDING" && name != "XINFO":
		return []byte("-READONLY You can't write against a read only replica.\r\n")
	}
	return nil
}

// restart ends the server, for that long; it comes back with what data say.
func (s *server) restart(d time.Duration, data *embedded.Snapshot) {
	s.mu.Lock()
	s.isDown = true
	s.mu.Unlock()
	s.w.net.drop()
	time.Sleep(d / 2)
	if data == nil {
		data = s.broker.Snapshot()
	}
	s.broker.Restore(data)
	s.w.inspect()
	time.Sleep(d - d/2)
	s.mu.Lock()
	s.isDown = false
	s.mu.Unlock()
}

// parse takes the first command out of what came: its words, and how many bytes it
// took; 0 when it is not all there.
func parse(b []byte) (args []string, n int) {
	count, at := header(b, 0, '*')
	if at == 0 {
		return nil, 0
	}
	for range count {
		size, from := header(b, at, '$')
		if from == 0 || len(b) < from+size+2 {
			return nil, 0
		}
		args = append(args, string(b[from:from+size]))
		at = from + size + 2
	}
	return args, at
}

// header is the number of a line that begins with kind, and where the next begins.
func header(b []byte, at int, kind byte) (n, next int) {
	if at >= len(b) || b[at] != kind {
		return 0, 0
	}
	end := strings.IndexByte(string(b[at:min(len(b), at+24)]), '\n')
	if end < 0 {
		return 0, 0
	}
	n, err := strconv.Atoi(strings.TrimSuffix(string(b[at+1:at+end]), "\r"))
	if err != nil {
		return 0, 0
	}
	return n, at + end + 1
}
