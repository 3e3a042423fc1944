package demo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/leat-io/leat/internal/embedded"
	"github.com/leat-io/leat/stream"
)

// ErrInterrupted is what Run returns when its context ended.
var ErrInterrupted = errors.New("demo interrupted: the workers are stopped")

// groupName is the consumer group of every demo; the stream is what is unique.
const groupName = "demo"

// run is one demo.
type run struct {
	cfg    Config
	pace   pace
	screen *screen
	tally  *tally
	forker *forker
	conn   *stream.Conn
	group  *stream.Group
	orders orders // of every worker, but for the name

	mu        sync.Mutex
	processes []*process
	ending    bool // no more are started

	began     time.Time // the first event
	published []publication
	kill      kill
}

// publication is an event whose XADD was acknowledged.
type publication struct {
	entry stream.ID
	event string    // its subject
	at    time.Time // just before it was sent
}

// Run runs the demo and returns what came of it. It removes its keys and ends its
// workers, whatever happens. An error means that it could not be carried through;
// that events were lost is no error of Run, but of [Summary.Err].
func Run(ctx context.Context, cfg Config) (_ *Summary, err error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	r := &run{cfg: cfg, pace: newPace(cfg.Events, cfg.Workers, cfg.KillAfter), screen: newScreen(&cfg), tally: newTally()}
	defer r.screen.close()
	where, erase, disconnect, err := r.connect(ctx)
	if err != nil {
		return nil, interrupted(ctx, err)
	}
	defer disconnect()
	defer func() { err = errors.Join(err, erase()) }()
	r.forker = newForker()
	defer r.forker.close()
	defer r.killAll()

	r.screen.say(strong, "%s for %s, %s", count(cfg.Events, "event"), count(cfg.Workers, "worker"), where)
	if err := r.carryOut(ctx); err != nil {
		return nil, interrupted(ctx, err)
	}
	seconds := time.Since(r.began).Seconds()
	r.stopAll()
	found, err := r.audit(ctx)
	if err != nil {
		return nil, interrupted(ctx, err)
	}
	return r.summarize(found, seconds), nil
}

// interrupted makes one plain error of all that comes of a context that ended.
func interrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ErrInterrupted
	}
	return err
}

// connect leads to the broker, the embedded one or a real one, and makes the
// stream. erase removes it from a real one.
func (r *run) connect(ctx context.Context) (where string, erase func() error, disconnect func(), err error) {
	redis, stop := r.cfg.Redis, func() {}
	nothing := func() error { return nil }
	if redis.URL == "" {
		broker, err := embedded.Start(context.WithoutCancel(ctx))
		if err != nil {
			return "", nil, nil, err
		}
		redis.URL, stop = broker.URL(), func() { _ = broker.Close() }
		where = "embedded broker at " + broker.Addr()
	}
	name := "leat-demo:" + strings.ToLower(rand.Text()[:10])
	keys, err := stream.KeysOf(name)
	if err != nil {
		stop()
		return "", nil, nil, err
	}
	eraser := newEraser(keys, groupName)
	r.conn, err = redis.dial(ctx, stream.WithHook(eraser))
	if err != nil {
		stop()
		if r.cfg.Redis.URL != "" {
			err = fmt.Errorf("%w; the demo needs no Redis: --redis embedded: runs it on a broker of its own", err)
		}
		return "", nil, nil, err
	}
	disconnect = func() { _ = r.conn.Close(); stop() }
	if where == "" {
		where = "stream " + name + " at " + r.conn.String()
	}
	if r.group, err = r.conn.Group(name, groupName, stream.DeadLetter{}); err == nil {
		_, err = r.group.Create(ctx, stream.Oldest())
	}
	if err != nil {
		disconnect()
		return "", nil, nil, err
	}
	r.orders = orders{Redis: redis, Stream: name, Group: groupName, Service: r.pace.service}
	if r.cfg.Redis.URL == "" || r.cfg.Keep {
		return where, nothing, disconnect, nil
	}
	return where, func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.conn.Timeout())
		defer cancel()
		return eraser.erase(ctx, r.group)
	}, disconnect, nil
}

// carryOut publishes, works off and kills, and returns when all is settled, or
// nothing moves any more.
func (r *run) carryOut(ctx context.Context) error {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	for range r.cfg.Workers {
		if _, err := r.startWorker(fail); err != nil {
			return err
		}
	}
	if err := r.awaitUp(ctx); err != nil {
		return err
	}
	r.screen.start()
	r.began = time.Now()
	err := r.together(ctx, fail)
	if cause := context.Cause(ctx); cause != nil { // why all the others ended as well
		return cause
	}
	return err
}

func (r *run) together(ctx context.Context, fail context.CancelCauseFunc) error {
	all, ctx := errgroup.WithContext(ctx)
	publishing := make(chan struct{})
	all.Go(func() error {
		defer close(publishing)
		return r.publish(ctx)
	})
	killing, stopKilling := context.WithCancel(ctx)
	defer stopKilling()
	if r.cfg.KillAfter > 0 {
		all.Go(func() error { return r.killOne(ctx, killing, fail) })
	}
	all.Go(func() error {
		defer stopKilling() // when all is settled there is nothing left to kill for
		return r.awaitSettled(ctx, publishing)
	})
	return all.Wait()
}

// wait waits for d, or until ctx ends.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

const (
	// look is how often Redis is asked how far the work is.
	look = 50 * time.Millisecond
	// patience is for how long nothing may move until the demo gives up: the lease
	// of a dead worker, and time for a busy machine.
	patience = lease + 20*time.Second
)

// awaitSettled waits until Redis says that all is delivered and nothing pending.
func (r *run) awaitSettled(ctx context.Context, publishing <-chan struct{}) error {
	moved, seen := time.Now(), ""
	for {
		settled, records := r.tally.now()
		r.screen.progress(settled)
		info, err := r.group.Info(ctx)
		select {
		case <-publishing:
			if err == nil && info.Pending == 0 && info.LastDelivered.Compare(r.lastPublished()) >= 0 {
				return nil
			}
		default:
		}
		switch now := fmt.Sprint(records, info, err); {
		case now != seen:
			moved, seen = time.Now(), now
		case time.Since(moved) > patience:
			r.screen.say(red, "nothing has moved for %s: giving up", patience)
			return nil // the audit tells what is lost
		}
		if err := wait(ctx, look); err != nil {
			return err
		}
	}
}

// lastPublished is the greatest ID; only after publishing has ended.
func (r *run) lastPublished() (last stream.ID) {
	if n := len(r.published); n > 0 {
		last = r.published[n-1].entry
	}
	return last
}
