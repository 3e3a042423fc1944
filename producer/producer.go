package producer

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/leat-io/leat/stream"
)

// Producer adds events to streams. It is safe for concurrent use by any number
// of goroutines; one for a program is enough.
type Producer struct {
	conn *stream.Conn
	cfg  Config
	log  *zap.Logger

	began time.Time // see clock
	uuids uuids

	parcels   sync.Pool // of *parcel
	batches   batches
	pipelines sync.Pool // of *pipeline

	aborted context.Context // ends when Close gives up what is left
	abort   context.CancelFunc

	flushers sync.WaitGroup
	drained  chan struct{} // closed when Close has begun and nothing is open
	ended    chan struct{} // closed when Close is through

	// mu guards what follows and the lanes. Nothing blocks under it, and neither
	// hooks nor the log are called under it. One lock for all lanes is enough, since
	// Send holds it for no more than a copy of what it has encoded before.
	mu         sync.Mutex
	work       *sync.Cond // ready has grown, or stopped is set
	lanes      map[string]*lane
	ready      queue[*lane] // to be flushed, first come first served
	returning  int          // flushers that will look at ready next
	flights    map[*flight]struct{}
	closing    bool // Close has begun
	stopped    bool // flushers end
	open       int  // events of Send whose fate is open
	openBytes  int
	waiting    list.List // of *parcel: Sends for which there is no room, in order of arrival
	publishing int       // calls of Publish
	lost       losses
}

// losses are what Close reports: events that were open when it began.
type losses struct {
	notStored, unknown int
	first              error
}

// flushers is how many pipelines of Send are on their way at a time, each of
// another stream: a node that hangs must not hold up the streams of others, and
// one that answers needs no more than this to be busy.
const flushers = 4

// New makes a producer. An error joins all that is wrong with cfg. The producer
// borrows conn: close the producer first, then conn.
func New(conn *stream.Conn, cfg Config) (*Producer, error) {
	err := cfg.complete()
	if conn == nil {
		err = errors.Join(errors.New("connection: want one, got nil"), err)
	}
	if err != nil {
		return nil, fmt.Errorf("configure producer: %w", err)
	}
	p := &Producer{
		conn: conn, cfg: cfg, log: sampled(cfg.Logger),
		began: time.Now(), lanes: map[string]*lane{}, flights: map[*flight]struct{}{},
		drained: make(chan struct{}), ended: make(chan struct{}),
	}
	p.work = sync.NewCond(&p.mu)
	p.parcels.New, p.pipelines.New = newParcel, newPipeline
	p.aborted, p.abort = context.WithCancel(context.Background())
	for range flushers {
		p.flushers.Go(p.flush)
	}
	return p, nil
}

// Pending is how many events Send has accepted whose fate is open, and the sum
// of their sizes in bytes. Neither exceeds what Config allows.
func (p *Producer) Pending() (events, bytes int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.open, p.openBytes
}

// clock is a time as the time since the producer began: a third of the memory, and
// never set back.
func (p *Producer) clock(now time.Time) time.Duration { return now.Sub(p.began) }

// sampled lets five lines of a kind pass in a second: a stream that refuses every
// batch would write thousands.
func sampled(log *zap.Logger) *zap.Logger {
	return log.WithOptions(zap.WrapCore(func(core zapcore.Core) zapcore.Core {
		return zapcore.NewSamplerWithOptions(core, time.Second, 5, 0)
	}))
}
