// Package bare is the limit: the protocol spoken by hand, by internal/bare.
package bare

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/leat-io/leat/bench/contender"
	"github.com/leat-io/leat/bench/contender/envelope"
	"github.com/leat-io/leat/bench/contender/loop"
	"github.com/leat-io/leat/internal/bare"
)

type limit struct{ thin bool }

// New is the limit for the work that leat does: entries with the same fields.
func New() contender.Contender { return limit{} }

// NewOneField is the limit for entries of one field, the data. What it is faster by
// is what the envelope of an event costs the server.
func NewOneField() contender.Contender { return limit{thin: true} }

// Info is what the report says.
func (l limit) Info() contender.Info {
	if l.thin {
		return contender.Info{
			Name:     "bare protocol, one field",
			Settings: "as the bare protocol, with entries of one field, the data",
		}
	}
	return contender.Info{
		Name: "bare protocol",
		Settings: fmt.Sprintf("hand-written RESP2 without allocations, entries with the same CloudEvents fields as leat's; "+
			"XADD in pipelines of %d, 16 under way; XREADGROUP COUNT %d, two under way, one XACK for each batch in the same write, "+
			"handled by one goroutine; with slow handlers a goroutine for each and XACK on a second connection",
			bare.DefaultPipeline, bare.DefaultCount),
	}
}

func dial(ctx context.Context, s contender.Setup) (*bare.Conn, error) {
	return bare.Dial(ctx, bare.Config{Addr: s.Addr})
}

// Prepare makes the group.
func (l limit) Prepare(ctx context.Context, s contender.Setup) error {
	c, err := dial(ctx, s)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	_, err = c.Do(ctx, "XGROUP", "CREATE", s.Queue, s.Group, "0", "MKSTREAM")
	if err != nil && strings.Contains(err.Error(), "BUSYGROUP") {
		return nil
	}
	return err
}

// With slow handlers a read asks for as many entries as may be handled at once,
// within these bounds: a batch is acknowledged when the last of it is handled.
const minCount, maxCount = 100, 1000

// Consume reads with one connection, and acknowledges with a second one when
// handlers run beside each other.
func (l limit) Consume(ctx context.Context, s contender.Setup, w contender.Work) error {
	read, err := dial(ctx, s)
	if err != nil {
		return err
	}
	defer func() { _ = read.Close() }()
	consuming := bare.Consuming{
		Key: s.Queue, Group: s.Group, Consumer: loop.ConsumerName(),
		Handle: func(e *bare.Entry) { w.Handle(e.Value("data")) },
	}
	var handled, acked int
	if w.Concurrency <= 1 {
		handled, acked, err = read.Consume(ctx, consuming)
	} else {
		acks, dialErr := dial(ctx, s)
		if dialErr != nil {
			return dialErr
		}
		defer func() { _ = acks.Close() }()
		consuming.Count = min(max(w.Concurrency, minCount), maxCount)
		handled, acked, err = bare.ConsumeConcurrently(ctx, read, acks, consuming, w.Concurrency)
	}
	if err == nil && acked != handled {
		err = fmt.Errorf("consume %s: %d entries were handled and %d acknowledged", s.Queue, handled, acked)
	}
	return err
}

// Publisher opens a connection.
func (l limit) Publisher(ctx context.Context, s contender.Setup) (contender.Publisher, error) {
	c, err := dial(ctx, s)
	if err != nil {
		return nil, err
	}
	p := &publisher{c: c, ids: envelope.NewIDs(), what: bare.Publishing{Key: s.Queue, Pairs: envelope.Fields}}
	p.what.Fields = p.event
	if l.thin {
		p.what.Pairs, p.what.Fields = 1, p.dataAlone
	}
	return p, nil
}

type publisher struct {
	c    *bare.Conn
	ids  *envelope.IDs
	time []byte
	data []byte
	what bare.Publishing
}

// event appends the fields of an event. The clock is read once for a pipeline.
func (p *publisher) event(dst []byte, i int) []byte {
	if i%bare.DefaultPipeline == 0 {
		p.time = envelope.AppendTime(p.time[:0], time.Now())
	}
	dst = bare.AppendPair(dst, "specversion", envelope.SpecVersion)
	dst = bare.AppendPair(dst, "id", p.ids.Next())
	dst = bare.AppendPair(dst, "source", envelope.Source)
	dst = bare.AppendPair(dst, "type", envelope.Type)
	dst = bare.AppendPair(dst, "time", p.time)
	return bare.AppendPair(dst, "data", p.data)
}

func (p *publisher) dataAlone(dst []byte, _ int) []byte { return bare.AppendPair(dst, "data", p.data) }

// Many publishes in pipelines.
func (p *publisher) Many(ctx context.Context, n int, data []byte) error {
	p.what.N, p.data = n, data
	return p.c.Publish(ctx, p.what)
}

// One publishes in one round trip.
func (p *publisher) One(ctx context.Context, data []byte) error { return p.Many(ctx, 1, data) }

// Close closes the connection.
func (p *publisher) Close() error { return p.c.Close() }
