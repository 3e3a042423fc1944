package simulate

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/leat-io/leat/internal/embedded"
)

// The one stream and group of every history.
const (
	streamName = "events"
	groupName  = "workers"
)

// world is one history while it happens: a server, a network, a publisher and
// workers, and somebody who disturbs them, all in one bubble of simulated time.
type world struct {
	plan   Plan
	begun  time.Time
	net    *network
	server *server
	watch  *watch

	mu        sync.Mutex
	lines     []Line
	processes []*process // at each place; the last is the publisher
	born      int
	closing   bool

	inspector *embedded.Session
	running   sync.WaitGroup // processes, dead ones as well
	faults    sync.WaitGroup
}

func newWorld(p Plan, broker *embedded.Broker) *world {
	w := &world{plan: p, begun: time.Now()}
	w.net = newNetwork(w)
	w.server = &server{w: w, broker: broker}
	w.inspect()
	w.watch = &watch{w: w}
	w.processes = make([]*process, p.Workers+1)
	return w
}

// patience is how long a history may take to come to rest when nothing goes wrong any
// more: far longer than any lease or pause of it.
const patience = time.Minute

// run is the history.
func (w *world) run() {
	published := make(chan struct{})
	w.publish(published)
	for place := range w.plan.Workers {
		w.work(place)
	}
	for _, f := range w.plan.Faults {
		w.faults.Go(func() { w.cause(f) })
	}
	w.faults.Wait()
	<-published
	w.server.disarmAll()
	rest := w.rest()
	w.mu.Lock()
	w.closing = true
	w.mu.Unlock()
	for _, p := range w.processes {
		p.cancel()
		time.Sleep(time.Microsecond)
	}
	w.running.Wait()
	w.watch.final(rest)
	w.net.drop()
	w.inspector.Close()
	time.Sleep(lingering)
}

// lingering is how long go-redis may take to notice that a pool, whose server it could
// not reach, is closed: it looks once a second.
const lingering = 2 * time.Second

// rest waits until everything is settled.
func (w *world) rest() bool {
	for end := time.Now().Add(patience); time.Now().Before(end); {
		time.Sleep(20 * time.Millisecond)
		if w.watch.settled() {
			return true
		}
	}
	return false
}

// since is the time of the history.
func (w *world) since() time.Duration { return time.Since(w.begun) }

// ask asks the server itself, past the network.
func (w *world) ask(args ...string) []byte {
	w.mu.Lock()
	session := w.inspector
	w.mu.Unlock()
	return session.Do(args)
}

// inspect makes a new session for ask: a server that starts again ends all.
func (w *world) inspect() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.inspector = w.server.broker.Open()
}

// note writes a line that is about a process, or about nobody.
func (w *world) note(what, process, text string) {
	w.add(Line{What: what, Process: process, Text: text})
}

func (w *world) add(l Line) {
	l.At = w.since()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lines = append(w.lines, l)
}

// place is the name of the process that is at a place now.
func (w *world) place(i int) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if i >= len(w.processes) || w.processes[i] == nil {
		return ""
	}
	return w.processes[i].name
}

func (w *world) at(i int) *process {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.processes[i]
}

// latency is how long a chunk takes: never the same twice, so that nothing happens at
// the same time.
func (w *world) latency(c *conn, way *pipe) time.Duration {
	way.count++
	h := mix(w.plan.Seed, text(c.process), uint64(c.number), way.count)
	if way == &c.down {
		h = mix(h, 1, 2, 3)
	}
	return 20*time.Microsecond + time.Duration(h%400_000)
}

// chance is a number in [0, n) that depends on what it is about and the seed only.
func (w *world) chance(n int, about ...any) int {
	h := mix(w.plan.Seed, text(fmt.Sprint(about...)), 0, 0)
	return int(h % uint64(n))
}

// text makes a number of a text (FNV-1a).
func text(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

// mix makes one number of four (the finaliser of SplitMix64).
func mix(a, b, c, d uint64) uint64 {
	h := a
	for _, v := range [...]uint64{b, c, d} {
		h = (h ^ v) + 0x9e3779b97f4a7c15
		h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
		h = (h ^ h>>27) * 0x94d049bb133111eb
		h ^= h >> 31
	}
	return h
}

// process is a worker or the publisher.
type process struct {
	name   string
	ctx    context.Context //nolint:containedctx // its life
	cancel context.CancelFunc
	dead   func() bool
	kill   func()
	done   chan struct{}
}
