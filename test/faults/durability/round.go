package durability

import (
	"context"
	"fmt"
	"time"

	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/stream"
	"github.com/leat-io/leat/test/faults/world"
)

// streamName is the stream of all rounds: each has servers of its own.
const streamName = "orders"

// patience bounds what must happen in a round, on a machine that is busy with other things.
const patience = 2 * time.Minute

// Round is what came of one fault. Counts are of entries.
type Round struct {
	Repetition   int     `json:"repetition"` // rounds of the same one were made soon after each other
	Busy         float64 `json:"load_average"`
	Acknowledged int     `json:"acknowledged"`
	Lost         int     `json:"lost"`      // acknowledged, and not there
	Window       float64 `json:"window_ms"` // the age of the oldest lost entry when the fault came
	Weak         int     `json:"weak"`      // stored less durably than asked for, and reported so
	WeakLost     int     `json:"weak_lost"` // of those
	Unknown      int     `json:"unknown"`   // of unknown outcome besides
	Refused      int     `json:"refused"`   // not stored, and reported so
	Extra        int     `json:"extra"`     // there, and of unknown outcome for the publisher
	Throughput   float64 `json:"throughput"`
}

// round is one fault under way.
type round struct {
	ctx     context.Context
	host    *world.Host
	options []redistest.Option // of the servers
	level   *Level
	load    time.Duration
	payload int
	lag     time.Duration
	behind  int // bytes that a replica lacks which lags

	url      string
	master   *redistest.Server
	replicas []*redistest.Server
	sentinel *redistest.Sentinel
	cluster  *redistest.Cluster
	conn     *stream.Conn
	publish  *publisher
	struck   time.Time         // when the fault came
	left     *redistest.Server // the one that is read in the end
}

// run is the whole of it.
func (r *round) run(fault *Fault) (out Round, err error) {
	ctx, cancel := context.WithTimeout(r.ctx, patience)
	defer cancel()
	r.ctx, r.host = ctx, &world.Host{}
	defer r.host.Close()
	if err := world.Try(func() { err = fault.start(r) }); err != nil {
		return out, err
	}
	if err != nil {
		return out, err
	}
	if r.conn, err = stream.Dial(ctx, r.url); err != nil {
		return out, err
	}
	defer func() { _ = r.conn.Close() }()
	if r.publish, err = newPublisher(r.conn, r.level.config(), r.payload); err != nil {
		return out, err
	}
	out.Throughput, err = r.publish.begin(ctx, r.load)
	if err == nil {
		if failed := world.Try(func() { err = fault.strike(r) }); failed != nil {
			err = failed
		}
	}
	if ended := r.publish.end(ctx); err == nil {
		err = ended
	}
	if err != nil {
		return out, err
	}
	there, err := r.readIDs(r.left)
	if err != nil {
		return out, err
	}
	r.publish.compare(&out, there, r.struck)
	return out, nil
}

// pause lets time pass.
func (r *round) pause(d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-r.ctx.Done():
		return context.Cause(r.ctx)
	}
}

// longestLag is for how many times the time that was asked for replicas stand still on a slow machine.
const longestLag = 10

// fallBehind lets time pass in which so many replicas stand still, until they lack enough. Where the producer waits for them
// nothing is acknowledged any more.
func (r *round) fallBehind(still int) error {
	began, first := time.Now(), r.publish.count.Load()
	if err := r.pause(r.lag); err != nil {
		return err
	}
	return r.until("replicas lag", func() bool {
		return r.level.Replicas > len(r.replicas)-still || time.Since(began) > longestLag*r.lag ||
			int(r.publish.count.Load()-first)*r.payload >= r.behind
	})
}

// until looks every few milliseconds whether it is so.
func (r *round) until(what string, so func() bool) error {
	for !so() {
		if err := r.pause(10 * time.Millisecond); err != nil {
			return fmt.Errorf("wait until %s: %w", what, err)
		}
	}
	return nil
}
