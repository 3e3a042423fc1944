package ndjson

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/leat-io/leat/producer"
	"github.com/leat-io/leat/stream"
)

// Config is what Publish does with the lines.
type Config struct {
	// Stream is where the events go. Required.
	Stream string
	// Defaults are the attributes of plain lines.
	Defaults Defaults
	// Rate is how many events a second are sent at the most; 0 for no limit.
	Rate float64
	// SkipBad goes on behind a bad line: one that is no event, or too large.
	// Without it the first one ends the publishing.
	SkipBad bool
	// Bad is told of each bad line. May be nil.
	Bad func(line int, err error)
	// Progress is told how many bytes of the input have been read. May be nil.
	Progress func(read int64)
}

// Report is what became of the lines that were read.
type Report struct {
	// Stored events are in the stream.
	Stored int `json:"stored"`
	// Bad lines were not sent.
	Bad int `json:"bad"`
	// NotStored lines were sent, and Redis did not take them. Sending them again
	// cannot make two of one.
	NotStored Ranges `json:"not_stored"`
	// Unknown lines were sent and may be stored or not: see
	// stream.ErrUnknownOutcome.
	Unknown Ranges `json:"unknown"`
}

// ErrBadLine ends a Publish without SkipBad.
var ErrBadLine = errors.New("bad line")

// openLines is how many lines may wait for their receipts to be looked at; the
// producer bounds what is on its way.
const openLines = 1024

// Publish sends the lines in their order and returns when the fate of each one that
// was sent is known. It ends early at a bad line (unless SkipBad), when Redis does
// not take an event (whose error it returns then), when the lines cannot be read,
// or when ctx ends. A read that blocks is left behind in that case.
func Publish(ctx context.Context, p *producer.Producer, lines *Reader, cfg Config) (Report, error) {
	sending, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	r := &run{cfg: cfg, producer: p, pace: pace{rate: cfg.Rate}, open: make(chan sent, openLines)}
	settled := make(chan struct{})
	go func() {
		defer close(settled)
		for s := range r.open {
			r.settle(s, stop)
		}
	}()
	err := r.send(sending, read(sending, lines))
	close(r.open)
	<-settled
	if r.err != nil { // why Redis did not take it says more than that we stopped
		err = r.err
	}
	r.report.Bad = r.bad
	return r.report, err
}

type run struct {
	cfg      Config
	producer *producer.Producer
	pace     pace
	open     chan sent
	bad      int

	// The goroutine that waits for receipts has these.
	report Report
	err    error
}

// sent is a line and what tells its fate.
type sent struct {
	line    int
	receipt *producer.Receipt
}

type next struct {
	line Line
	err  error
}

// read reads ahead in a goroutine, since a read of a terminal or a pipe ends with
// no context.
func read(ctx context.Context, lines *Reader) <-chan next {
	ahead := make(chan next, 16)
	go func() {
		for {
			line, err := lines.Next()
			select {
			case ahead <- next{line, err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return ahead
}

func (r *run) send(ctx context.Context, lines <-chan next) error {
	for {
		var n next
		select {
		case n = <-lines:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if n.err != nil {
			if errors.Is(n.err, io.EOF) {
				return nil
			}
			return n.err
		}
		if r.cfg.Progress != nil {
			r.cfg.Progress(n.line.Read)
		}
		e, err := r.event(n.line)
		if err == nil {
			if !r.pace.wait(ctx) {
				return context.Cause(ctx)
			}
			receipt := r.producer.Send(ctx, r.cfg.Stream, e)
			if err = tooLarge(receipt); err == nil {
				r.open <- sent{n.line.Number, receipt}
				continue
			}
		}
		r.bad++
		if r.cfg.Bad != nil {
			r.cfg.Bad(n.line.Number, err)
		}
		if !r.cfg.SkipBad {
			return fmt.Errorf("%w %d", ErrBadLine, n.line.Number)
		}
	}
}

func (r *run) event(line Line) (stream.Event, error) {
	if line.Err != nil {
		return stream.Event{}, line.Err
	}
	return r.cfg.Defaults.Event(line.Data)
}

// tooLarge is the error of an event that the producer refused at once for its size,
// which is the line's fault and not that of Redis.
func tooLarge(receipt *producer.Receipt) error {
	select {
	case <-receipt.Done():
	default:
		return nil
	}
	var large *producer.TooLargeError
	if _, err := receipt.Wait(context.Background()); errors.As(err, &large) {
		return large
	}
	return nil
}

// settle waits for a line's fate. The first one that Redis does not take stops the
// sending: what follows would not fare better, and would be out of order.
func (r *run) settle(s sent, stop context.CancelCauseFunc) {
	_, err := s.receipt.Wait(context.Background())
	switch {
	case err == nil:
		r.report.Stored++
		return
	case errors.Is(err, stream.ErrUnknownOutcome):
		r.report.Unknown.Add(s.line)
	default:
		r.report.NotStored.Add(s.line)
	}
	if r.err == nil {
		r.err = fmt.Errorf("line %d: %w", s.line, err)
		stop(r.err)
	}
}
