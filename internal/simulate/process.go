package simulate

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/producer"
	"github.com/leat-io/leat/stream"
)

// timeout bounds each call to the server, and with it how long a process believes in
// a connection that is dead.
const timeout = 400 * time.Millisecond

// connect is a process' way to the server.
func (w *world) connect(process string) (*stream.Conn, func()) {
	client := redis.NewClient(&redis.Options{
		Addr: "127.0.0.1:6379", DialTimeout: timeout, ReadBufferSize: 1 << 10, WriteBufferSize: 1 << 10,
		// Never exhausted: who waits for a connection uses timers that go-redis shares, and a timer is of one bubble.
		PoolSize: 100,
		Dialer:   func(context.Context, string, string) (net.Conn, error) { return w.net.dial(process) },
	})
	conn := stream.Wrap(client, stream.WithTimeout(timeout))
	return conn, func() {
		_ = conn.Close()
		_ = client.Close()
	}
}

// begin puts a new process at a place.
func (w *world) begin(place int, kind string) *process {
	var dead atomic.Bool
	p := &process{dead: dead.Load, done: make(chan struct{})}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	w.mu.Lock()
	defer w.mu.Unlock()
	w.born++
	p.name = fmt.Sprintf("%s%d.%d", kind, place, w.born)
	p.kill = func() {
		dead.Store(true)
		w.net.bury(p.name)
		p.cancel()
	}
	w.processes[place] = p
	return p
}

// work starts a worker at a place.
func (w *world) work(place int) {
	p := w.begin(place, "worker")
	conn, hangUp := w.connect(p.name)
	c, err := consumer.New(conn, func(ctx context.Context, d *stream.Delivery) error { return w.handle(ctx, p, d) }, w.config(p))
	if err != nil {
		panic(err) // the plan is wrong
	}
	w.note("begin", p.name, "")
	w.running.Go(func() {
		defer close(p.done)
		defer hangUp()
		err := c.Run(p.ctx)
		if !p.dead() {
			w.note("end", p.name, fmt.Sprint(err))
		}
	})
}

// config is that of a worker.
func (w *world) config(p *process) consumer.Config {
	plan := w.plan
	cfg := consumer.Config{
		Group: groupName, Streams: []string{streamName}, Name: p.name,
		Concurrency: plan.Concurrency, Prefetch: plan.Prefetch, MaxAttempts: plan.MaxAttempts, MaxDeliveries: 30,
		Lease: plan.Lease, Poll: plan.Lease / 2, Backoff: consumer.Constant(plan.Backoff), ShutdownTimeout: 300 * time.Millisecond,
		Reuse: plan.Reuse, Headroom: -1, ConsumerIdle: 10 * plan.Lease, Random: w.random(p.name),
		Hooks: consumer.Hooks{
			Settled: func(d *stream.Delivery, outcome consumer.Outcome, _ time.Duration) {
				w.tell(p, "settled", d, outcome.String())
			},
		},
	}
	if plan.Ordered {
		cfg.OrderBy = func(d *stream.Delivery) string { return d.Subject }
	}
	return cfg
}

// random is a source of numbers for the jitter of one process.
func (w *world) random(name string) func() float64 {
	var mu sync.Mutex
	r := rand.New(rand.NewPCG(w.plan.Seed, text(name)))
	return func() float64 {
		mu.Lock()
		defer mu.Unlock()
		return r.Float64()
	}
}

// tell writes a line about a delivery, unless the process is dead.
func (w *world) tell(p *process, what string, d *stream.Delivery, text string) {
	if p.dead() {
		return
	}
	w.add(Line{
		What: what, Process: p.name, Event: string([]byte(d.ID)), Entry: d.EntryID, Deliveries: d.Deliveries, Attempt: d.Attempt, Text: text,
	})
}

var errHandler = errors.New("handler fails")

// handle is what every worker does: it takes its time, and succeeds or fails as the
// seed has it for the event and the try.
func (w *world) handle(ctx context.Context, p *process, d *stream.Delivery) error {
	w.tell(p, "start", d, "")
	w.watch.started(p, d)
	id := string([]byte(d.ID))
	defer func() { w.watch.handled(p, id, d) }()
	busy := time.Duration(w.chance(30_000_000, "busy", d.ID, d.Attempt, p.name))
	if w.chance(12, "long", d.ID, d.Attempt) == 0 {
		busy += w.plan.Lease * 3 / 2
	}
	timer := time.NewTimer(busy)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		w.tell(p, "cancelled", d, context.Cause(ctx).Error())
		return context.Cause(ctx)
	}
	switch fate := w.chance(20, "fate", d.ID); {
	case w.plan.Sound:
	case w.plan.Hopeful && d.Attempt == 1:
		w.tell(p, "fail", d, "")
		return errHandler
	case fate == 0:
		w.tell(p, "hopeless", d, "")
		return consumer.Permanent(errHandler)
	case fate == 1, fate <= 4 && d.Attempt < w.plan.MaxAttempts && d.Attempt <= fate-1:
		w.tell(p, "fail", d, "")
		return errHandler
	case fate == 5 && d.Attempt == 1:
		w.tell(p, "fail", d, "panic")
		panic(errHandler)
	}
	w.tell(p, "done", d, "")
	return nil
}

// publish starts the publisher; published is closed when it has no more to add.
func (w *world) publish(published chan<- struct{}) {
	p := w.begin(w.plan.Workers, "publisher")
	conn, hangUp := w.connect(p.name)
	prod, err := producer.New(conn, producer.Config{Source: "simulation", RetryFor: 20 * time.Second, Random: w.random(p.name)})
	if err != nil {
		panic(err)
	}
	w.running.Go(func() {
		defer close(p.done)
		defer hangUp()
		for i := 0; i < w.plan.Events; {
			i += w.add1(p, prod, i)
			time.Sleep(w.plan.Every)
		}
		if err := prod.Close(context.Background()); err != nil {
			w.note("close", p.name, err.Error())
		}
		close(published)
	})
}

// event is the i-th event.
func event(i int) stream.Event {
	return stream.Event{ID: fmt.Sprint("e", i), Type: "simulated", Subject: fmt.Sprint("k", i%3), Data: []byte(dataOf(fmt.Sprint("e", i)))}
}

// dataOf is the data of an event.
func dataOf(id string) string { return "data of " + id }

// add1 publishes the next event, or some, and what has an unknown outcome again, now
// and then. It says how many events these were.
func (w *world) add1(p *process, prod *producer.Producer, from int) int {
	n := 1
	way := w.chance(3, "way", from)
	if way == 0 {
		n = min(3, w.plan.Events-from)
	}
	events := make([]stream.Event, n)
	for i := range events {
		events[i] = event(from + i)
	}
	for try := 0; len(events) > 0; try++ {
		ids, errs := w.send(p, prod, way, events)
		var again []stream.Event
		for i, e := range events {
			switch err := errs[i]; {
			case err == nil:
				w.add(Line{What: "published", Process: p.name, Event: e.ID, Entry: ids[i]})
			case stream.Classify(err) == stream.ClassUnknown:
				w.add(Line{What: "unknown", Process: p.name, Event: e.ID, Text: err.Error()})
				if w.chance(2, "again", e.ID, try) == 0 {
					again = append(again, e)
				}
			default:
				w.add(Line{What: "refused", Process: p.name, Event: e.ID, Text: err.Error()})
			}
		}
		events = again
	}
	return n
}

// send publishes events by Publish or by Send.
func (w *world) send(p *process, prod *producer.Producer, way int, events []stream.Event) ([]stream.ID, []error) {
	for _, e := range events {
		w.add(Line{What: "publish", Process: p.name, Event: e.ID})
	}
	ids, errs := make([]stream.ID, len(events)), make([]error, len(events))
	if way == 2 {
		for i, e := range events {
			ids[i], errs[i] = prod.Send(context.Background(), streamName, e).Wait(context.Background())
		}
		return ids, errs
	}
	got, err := prod.Publish(context.Background(), streamName, events...)
	var some *producer.PublishError
	switch {
	case errors.As(err, &some):
		for i, err := range some.Errs {
			errs[i] = err
		}
	case err != nil:
		for i := range errs {
			errs[i] = err
		}
	}
	copy(ids, got)
	return ids, errs
}
