package consumer

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/leat-io/leat/stream"
)

// Consumer works the entries of one or more streams off, as one member of a
// consumer group. Make it with [New] or [NewBatch], then call Run once.
type Consumer struct {
	cfg     Config
	conn    *stream.Conn
	log     *zap.Logger
	exec    *executor
	sources []*source
	room    *room
	pace    *pace
	queue   *queue
	later   *later
	gate    *gate

	adapting sync.Mutex // held while the room follows the pace

	epoch time.Time
	phase atomic.Int32
	// settleCtx outlives Run's context: what was handled is settled. It ends
	// when the consumer gives up.
	settleCtx *settling
	giveUp    context.CancelFunc
	// unsettled counts what could not be settled before the consumer gave up.
	unsettled atomic.Int64
}

// What a consumer is doing.
const (
	phaseNew int32 = iota
	phaseStarting
	phaseRunning
	phaseDraining
	phaseEnded
)

// ErrRunOnce is what a second Run gets: a consumer's name, and what it learned, are
// those of one run.
var ErrRunOnce = errors.New("consumer has been run before: make a new one")

// New makes a consumer that hands each delivery to h. The error joins all that is
// wrong with the configuration.
func New(conn *stream.Conn, h Handler, cfg Config) (*Consumer, error) {
	if h == nil {
		return nil, errors.New("new consumer: handler is nil")
	}
	for i, m := range cfg.Middleware {
		if m == nil {
			return nil, fmt.Errorf("new consumer: Middleware[%d] is nil", i)
		}
	}
	if h = Chain(h, cfg.Middleware...); h == nil {
		return nil, errors.New("new consumer: a Middleware returned nil")
	}
	return build(conn, &executor{handle: h, most: 1}, cfg)
}

// NewBatch makes a consumer that hands up to Config.BatchSize deliveries at once
// to h. Config.Concurrency is how many calls run at the same time. Prefetch should
// be some batches' worth, or batches cannot be full.
func NewBatch(conn *stream.Conn, h BatchHandler, cfg Config) (*Consumer, error) {
	switch {
	case h == nil:
		return nil, errors.New("new consumer: handler is nil")
	case len(cfg.Middleware) > 0:
		return nil, errors.New("new consumer: Middleware wraps single handlers, not batch handlers")
	}
	def(&cfg.BatchSize, 100)
	def(&cfg.Concurrency, 16)
	def(&cfg.Prefetch, cfg.Concurrency*cfg.BatchSize)
	return build(conn, &executor{handleBatch: h, most: cfg.BatchSize, fill: cfg.BatchWait}, cfg)
}

func build(conn *stream.Conn, exec *executor, cfg Config) (*Consumer, error) {
	cfg, err := cfg.withDefaults()
	if conn == nil {
		err = errors.Join(err, errors.New("conn is nil"))
	}
	c := &Consumer{cfg: cfg, conn: conn, log: cfg.Logger, epoch: time.Now().Add(-time.Nanosecond)}
	if conn != nil {
		for _, name := range cfg.Streams {
			group, groupErr := conn.Group(name, cfg.Group, cfg.DeadLetter)
			if groupErr != nil && cfg.Group != "" {
				err = errors.Join(err, groupErr)
			}
			c.sources = append(c.sources, &source{c: c, stream: name, group: group, ledger: &ledger{holdings: map[*holding]struct{}{}}})
		}
	}
	if err != nil {
		return nil, fmt.Errorf("new consumer: %w", err)
	}
	c.exec, exec.c = exec, c
	least, most := cfg.prefetch()
	c.pace = newPace(least, most)
	// A place more for each stream: what a blocking read reserves must not keep
	// another stream from being read.
	c.room, c.gate, c.queue = newRoom(c.budget()+len(cfg.Streams)), newGate(), newQueue(cfg.OrderBy != nil)
	c.later = newLater(c.queue, c.release)
	c.settleCtx, c.giveUp = newSettling()
	for _, s := range c.sources {
		s.acker = newAcker(s, cfg.AckBatch, cfg.Concurrency+most)
		context.AfterFunc(c.settleCtx, s.acker.space.Broadcast)
	}
	c.cfg.Hooks = c.cfg.Hooks.bound(c)
	return c, nil
}

// Name is the consumer's name in its group.
func (c *Consumer) Name() string { return c.cfg.Name }

// now is the consumer's clock: monotonic, and never 0.
func (c *Consumer) now() time.Duration { return time.Since(c.epoch) }

// Run reads and handles until ctx ends, then drains: it stops reading, hands back
// what has not started, lets handlers finish within ShutdownTimeout, acknowledges
// what they finished, and removes its name from the groups. It returns nil after
// that. It survives a Redis that is away, replaced, or without the group; it
// returns an error when the groups cannot be made or used at all, when handlers did
// not stop, or when something could not be settled in time, which is then handled
// again by others. It takes no longer than ShutdownTimeout and about a second.
func (c *Consumer) Run(ctx context.Context) error {
	if !c.phase.CompareAndSwap(phaseNew, phaseStarting) {
		return ErrRunOnce
	}
	defer c.phase.Store(phaseEnded)
	defer c.giveUp()
	if err := c.join(ctx); err != nil {
		if ctx.Err() != nil {
			return nil // told to stop before it began: there is nothing to drain
		}
		return err
	}
	reserve(c)
	defer unreserve(c)
	c.phase.CompareAndSwap(phaseStarting, phaseRunning)
	c.log.Info("consumer runs", zap.String("consumer", c.cfg.Name), zap.String("group", c.cfg.Group), zap.Strings("streams", c.cfg.Streams))
	return c.start(ctx).drain(ctx)
}

// join makes the groups where they do not exist. Until it has, an error that may
// pass is waited out; one that will not ends Run.
func (c *Consumer) join(ctx context.Context) error {
	for _, s := range c.sources {
		pause := pauses(c.cfg.Random)
		for {
			err := s.join(ctx)
			if err == nil {
				break
			}
			if stream.Classify(err) == stream.ClassRejected || ctx.Err() != nil {
				return err
			}
			s.failed("join", err)
			if !sleep(ctx, pause.NextBackOff()) {
				return context.Cause(ctx)
			}
		}
	}
	return nil
}

func (s *source) join(ctx context.Context) error {
	created, err := s.group.Create(ctx, s.c.cfg.Start)
	if err != nil {
		return err
	}
	at, err := s.group.Position(ctx)
	if err != nil {
		return err
	}
	// A user who may not run scripts could read, and never retry, reclaim or keep
	// a lease: that is found out here and not at the first failure.
	if _, err := s.group.Extend(ctx, s.c.cfg.Name, []stream.Held{{}}); err != nil {
		return err
	}
	if created {
		s.position = at
		s.c.log.Info("made the consumer group", zap.String("stream", s.stream), zap.String("group", s.group.Name()),
			zap.Stringer("start", s.c.cfg.Start), zap.Stringer("behind", at))
	} else {
		s.position = s.c.cfg.Start.Behind(at)
	}
	if s.c.cfg.Guarantee == AtLeastOnce {
		if s.floor, err = s.group.Floor(ctx); err != nil {
			return err
		}
	}
	s.okAt.Store(int64(s.c.now()))
	return nil
}

// budget is how many entries the consumer may hold now, waiting and running, beside
// one for each stream.
func (c *Consumer) budget() int { return c.cfg.Concurrency + c.pace.waiting() }

// adapt makes as much room as the load asks for.
func (c *Consumer) adapt() {
	c.adapting.Lock() // or the room could stay as large as an older look at the load asked for
	defer c.adapting.Unlock()
	before := c.pace.waiting()
	if now := c.pace.at(c.now(), c.room.vacated()); now != before {
		c.room.resize(c.cfg.Concurrency + now + len(c.cfg.Streams))
	}
}

// enqueue hands what was taken to the executor, or back when there is none any
// more.
func (c *Consumer) enqueue(h *holding) {
	if c.cfg.OrderBy != nil {
		for _, it := range h.refs {
			it.key = c.keyOf(it.d)
		}
	}
	if !c.queue.push(h.refs, h.how != Read) {
		c.release(h.refs)
	}
}

// keyOf guards OrderBy: a panic in it must not end the reading. The entry is then
// ordered with others of which that is true.
func (c *Consumer) keyOf(d *stream.Delivery) (key string) {
	if err := guard(func() error { key = c.cfg.OrderBy(d); return nil }); err != nil {
		c.log.Error("OrderBy panicked", zap.String("stream", d.Stream), zap.Stringer("entry", d.EntryID), zap.Error(err))
	}
	return key
}

// Pause stops taking entries, and returns when no call that takes some is under way
// any more: after Config.Block at the most, a little later when Redis hangs. What is
// held is still handled, and its leases are kept.
func (c *Consumer) Pause() { c.gate.shut() }

// Resume undoes Pause.
func (c *Consumer) Resume() { c.gate.unshut() }

var (
	errNotRunning = errors.New("consumer is not running")
	errDraining   = errors.New("consumer is draining")
)

// Ready is nil while the consumer runs and no call about one of its streams has
// failed since that stream was read last; else it says what is wrong. A paused consumer, and one whose
// handlers are all busy, is ready.
func (c *Consumer) Ready() error {
	switch c.phase.Load() {
	case phaseDraining, phaseEnded:
		return errDraining
	case phaseRunning:
	default:
		return errNotRunning
	}
	for _, s := range c.sources {
		broken, ok := time.Duration(s.brokenAt.Load()), time.Duration(s.okAt.Load())
		if broken > ok {
			return fmt.Errorf("stream %s cannot be read for %s", s.stream, (c.now() - ok).Round(time.Millisecond))
		}
	}
	return nil
}

// started is what runs of a consumer.
type started struct {
	c                *Consumer
	readers          []*stream.Reader
	takers           sync.WaitGroup // fetchers, retriers, reclaimers, janitor
	workers          sync.WaitGroup
	keepers          sync.WaitGroup // leasers and ackers, which go on to the end
	stopWork         context.CancelCauseFunc
	stopLeasers      context.CancelFunc
	stopAckers       chan struct{}
	handlersFinished chan struct{}
}
