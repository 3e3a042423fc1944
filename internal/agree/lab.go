package agree

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/leat-io/leat/internal/embedded"
)

// Clients is how many connections a sequence has.
const Clients = 4

// A Target is the server to compare with. Everything in it is deleted.
type Target struct {
	Addr  string // host:port
	Clock *Clock // nil for a server that goes by its own clock
}

// A Lab has the model and a real server side by side, with the same number of
// clients each. It is for one goroutine.
type Lab struct {
	// Kind and Version are what the server says that it is: "redis" or "valkey".
	Kind, Version string

	target  Target
	control *wire
	wires   []*wire
	wireIDs []string

	model    *embedded.Broker
	operator *embedded.Session
	sessions []*embedded.Session
	modelIDs []string
	waiting  []*embedded.Blocked // by client; nil for one that is not blocked

	now   time.Time // the model's clock where the server's cannot be set
	rules rules
}

// Open connects to a server and makes a model beside it.
func Open(target Target) (*Lab, error) {
	l := &Lab{
		target: target, waiting: make([]*embedded.Blocked, Clients),
		wires: make([]*wire, Clients), wireIDs: make([]string, Clients),
	}
	var err error
	if l.control, err = dial(target.Addr); err != nil {
		return nil, err
	}
	if err := l.look(); err != nil {
		return nil, err
	}
	for i := range Clients {
		if err := l.redial(i); err != nil {
			return nil, err
		}
	}
	l.model, err = embedded.NewSilent()
	return l, err
}

// Exact says whether times are compared.
func (l *Lab) Exact() bool { return l.target.Clock != nil }

var versionLine = regexp.MustCompile(`(?m)^(valkey|redis)_version:(.*?)\r?$`)

// look asks the server what it is, and makes it keep hashes in the order in
// which their fields came and expired keys until somebody looks at them.
func (l *Lab) look() error {
	info, err := l.control.must("INFO server")
	if err != nil {
		return err
	}
	for _, found := range versionLine.FindAllStringSubmatch(info, -1) {
		if l.Kind != "valkey" {
			l.Kind, l.Version = found[1], found[2]
		}
	}
	if l.Newer() {
		l.rules = rules{ends: newerEnds, masks: newerMasks}
	}
	for _, line := range []string{
		"CONFIG SET hash-max-listpack-value 1000000", "CONFIG SET hash-max-listpack-entries 1000000", "DEBUG SET-ACTIVE-EXPIRE 0",
	} {
		if _, err := l.control.must(line); err != nil {
			return fmt.Errorf("prepare %s: %w", l.target.Addr, err)
		}
	}
	return nil
}

// Close ends all connections. The server goes on.
func (l *Lab) Close() error {
	for _, w := range append(l.wires, l.control) {
		_ = w.Close() // nothing was left to send
	}
	return l.model.Close()
}

// reset makes both as new.
func (l *Lab) reset() error {
	for i, w := range l.wires {
		if !w.blocked {
			continue
		}
		w.blocked = false
		if _, err := l.control.must("CLIENT UNBLOCK " + l.wireIDs[i]); err != nil {
			return err
		}
		if _, err := w.receiveWithin(patience); err != nil {
			return err
		}
	}
	for i, w := range l.wires {
		if w.silent {
			if err := l.redial(i); err != nil {
				return err
			}
		}
		if _, err := l.wires[i].must("RESET"); err != nil {
			return err
		}
	}
	for _, line := range []string{"CONFIG SET maxmemory 0", "SCRIPT FLUSH", "FLUSHALL"} {
		if _, err := l.control.must(line); err != nil {
			return err
		}
	}
	l.model.Reset()
	l.sessions, l.modelIDs = nil, nil
	clear(l.waiting)
	for range Clients {
		s := l.model.Open()
		l.sessions, l.modelIDs = append(l.sessions, s), append(l.modelIDs, strconv.FormatInt(s.ID(), 10))
	}
	l.operator = l.model.Open()
	l.model.SetClock(func() time.Time { return l.now })
	if l.Exact() {
		return l.setClock(start)
	}
	return l.readClock()
}

// redial replaces a connection of which nobody knows what is still to come.
func (l *Lab) redial(client int) error {
	if l.wires[client] != nil {
		_ = l.wires[client].Close() // what it has to say does not matter
	}
	w, err := dial(l.target.Addr)
	if err == nil {
		l.wires[client] = w
		l.wireIDs[client], err = w.must("CLIENT ID")
	}
	return err
}

// setClock sets both clocks.
func (l *Lab) setClock(now time.Time) error {
	l.now = now
	return l.target.Clock.Set(now)
}

// readClock sets the model's clock by the server's.
func (l *Lab) readClock() error {
	raw, err := l.control.do("TIME")
	if err != nil {
		return err
	}
	n, err := parseReply(raw)
	if err != nil || len(n.items) != 2 {
		return fmt.Errorf("TIME: %q: %w", raw, err)
	}
	seconds, err := strconv.ParseInt(n.items[0].text, 10, 64)
	if err != nil {
		return fmt.Errorf("TIME: %w", err)
	}
	micros, err := strconv.ParseInt(n.items[1].text, 10, 64)
	l.now = time.Unix(seconds, micros*1000)
	return err
}

// An answer is what one client got from both, nil where nothing came.
type answer struct {
	client        int
	model, server []byte
}

// do carries an operation out on both sides and returns all replies that came,
// those of woken clients too. An error is one of the lab, not a difference.
func (l *Lab) do(o Operation) ([]answer, error) {
	if len(o.Args) == 0 {
		return l.moveClock(o.Clock)
	}
	if !l.Exact() {
		if err := l.readClock(); err != nil {
			return nil, err
		}
	}
	if full, ok := o.memory(); ok {
		l.model.SetMemoryFull(full)
		_, err := l.control.must(strings.Join(o.Args, " "))
		return nil, err
	}
	got := answer{client: o.Client}
	reply, blocked := l.sessions[o.Client].Begin(o.fill(l.modelIDs))
	w := l.wires[o.Client]
	w.queue(o.fill(l.wireIDs))
	if err := w.flush(); err != nil {
		return nil, err
	}
	timeout, mayBlock := o.blocks()
	var err error
	switch {
	case !mayBlock:
		got.model = reply
		got.server, err = w.receive()
	default:
		got.model, l.waiting[o.Client] = reply, blocked
		got.server, err = l.receiveOrBlock(o.Client, blocked == nil)
		w.blocked = err == nil && got.server == nil
		if w.until = (time.Time{}); timeout > 0 {
			w.until = l.now.Add(timeout)
		}
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		w.silent, err = true, nil // a difference, if the model has answered
	}
	if err != nil {
		return nil, fmt.Errorf("client %d: %w", o.Client, err)
	}
	woken, err := l.woken()
	return append([]answer{got}, woken...), err
}

// receiveOrBlock reads the reply of a command that may block; nil is that it
// does. Which of the two is expected decides what is looked at first.
func (l *Lab) receiveOrBlock(client int, expectReply bool) ([]byte, error) {
	within := 10 * time.Millisecond
	if !expectReply {
		within = 100 * time.Microsecond
	}
	for end := time.Now().Add(patience); time.Now().Before(end); {
		reply, err := l.wires[client].receiveWithin(within)
		if reply != nil || err != nil {
			return reply, err
		}
		if blocked, err := l.serverBlocks(); err != nil || blocked[client] {
			return nil, err
		}
	}
	return nil, errors.New("the server neither answered nor blocked")
}

// serverBlocks says which clients are blocked in the server.
func (l *Lab) serverBlocks() (blocked [Clients]bool, err error) {
	text, err := l.control.must("CLIENT LIST ID " + strings.Join(l.wireIDs, " "))
	for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
		if i < Clients {
			blocked[i] = strings.Contains(line, " flags=b ")
		}
	}
	return blocked, err
}

// anyBlocked says whether somebody waits on either side.
func (l *Lab) anyBlocked() bool {
	return slices.ContainsFunc(l.wires, func(w *wire) bool { return w.blocked }) ||
		slices.ContainsFunc(l.waiting, func(b *embedded.Blocked) bool { return b != nil })
}

// woken collects what blocked clients got.
func (l *Lab) woken() (list []answer, err error) {
	if !l.anyBlocked() {
		return nil, nil
	}
	still, err := l.serverBlocks()
	if err != nil {
		return nil, err
	}
	for i, w := range l.wires {
		got := answer{client: i}
		if b := l.waiting[i]; b != nil {
			if reply, done := b.Poll(); done {
				got.model, l.waiting[i] = reply, nil
			}
		}
		if w.blocked && !still[i] {
			w.blocked = false
			if got.server, err = w.receiveWithin(patience); err != nil {
				return nil, fmt.Errorf("woken client %d: %w", i, err)
			}
		}
		if got.model != nil || got.server != nil {
			list = append(list, got)
		}
	}
	return list, nil
}

// moveClock moves both clocks and ends the waits that are over by then.
func (l *Lab) moveClock(by time.Duration) ([]answer, error) {
	if !l.Exact() {
		return nil, nil
	}
	if err := l.setClock(l.now.Add(by)); err != nil {
		return nil, err
	}
	over := false
	for i, w := range l.wires {
		if w.blocked && !w.until.IsZero() && l.now.UnixMilli() > w.until.UnixMilli() {
			over = true
			l.operator.Do([]string{"CLIENT", "UNBLOCK", l.modelIDs[i], "TIMEOUT"})
		}
	}
	if !over {
		return nil, nil
	}
	if _, err := l.control.must("PING"); err != nil { // the server looks at the clock when something comes
		return nil, err
	}
	return l.woken()
}
