package measure

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync/atomic"
	"time"

	"github.com/leat-io/leat/bench/contender"
	"github.com/leat-io/leat/bench/result"
)

// FlowInterval is the time between two events of a flow: 1,000 a second.
const FlowInterval = time.Millisecond

// Flow is events at a steady rate, each of which carries the time at which it was
// due to be sent. It is an open loop: when the publisher is held up, the next
// events are late, and that counts, as it would for those who wait for them.
type Flow struct {
	// All is closed when the flow has ended and all of it is handled.
	All chan struct{}

	size    int
	warm    int
	epoch   time.Time
	next    atomic.Int64   // number of the next event to be sent
	counts  atomic.Int64   // number of the first event that counts
	took    []atomic.Int64 // nanoseconds by number; 0 not handled yet
	handled atomic.Int64   // numbers
	again   atomic.Int64
	sent    atomic.Int64 // numbers, once the flow has ended
	full    atomic.Bool
}

// An event of a flow begins with flowMark, its time and its number, in digits
// that every encoding leaves as they are. The data of Payload never begins so.
const (
	flowMark   = 'T'
	flowDigits = 16
	flowHeader = 1 + 2*flowDigits
)

// NewFlow makes a flow of at the most limit events of size bytes, and warm ones
// before that which are not counted.
func NewFlow(warm, limit, size int) *Flow {
	f := &Flow{
		All: make(chan struct{}), size: max(size, flowHeader), warm: warm, epoch: time.Now(),
		took: make([]atomic.Int64, warm+limit),
	}
	f.counts.Store(int64(warm))
	return f
}

// CountFromNow makes the events count that are sent from now on, and no others.
func (f *Flow) CountFromNow() { f.counts.Store(f.next.Load()) }

// Publish publishes the flow, to its limit or until stop is closed. warmed, which may
// be nil, is called behind the warm ones.
func (f *Flow) Publish(ctx context.Context, p contender.Publisher, stop <-chan struct{}, warmed func()) error {
	data := Payload(f.size)
	data[0] = flowMark
	start, n := time.Since(f.epoch)+FlowInterval, 0
	for ; n < len(f.took); n++ {
		select {
		case <-stop:
			return f.end(n)
		case <-ctx.Done():
			return fmt.Errorf("publish the flow: %w", ctx.Err())
		default:
		}
		if n == f.warm && warmed != nil {
			warmed()
		}
		f.next.Store(int64(n))
		due := start + time.Duration(n)*FlowInterval
		waitUntil(f.epoch.Add(due))
		digits(data[1:1+flowDigits], uint64(due))
		digits(data[1+flowDigits:flowHeader], uint64(n))
		if err := p.One(ctx, data); err != nil {
			return err
		}
	}
	return f.end(n)
}

func (f *Flow) end(n int) error {
	if n <= int(f.counts.Load()) {
		return errors.New("the flow ended before one of its events counted")
	}
	f.sent.Store(int64(n))
	f.check()
	return nil
}

// Handle is a handler. It tells whether the event is one of a flow's.
func (f *Flow) Handle(data []byte) bool {
	now := time.Since(f.epoch)
	if len(data) < flowHeader || data[0] != flowMark {
		return false
	}
	due, ok := number(data[1 : 1+flowDigits])
	n, alsoOK := number(data[1+flowDigits : flowHeader])
	if !ok || !alsoOK || n >= uint64(len(f.took)) {
		return false
	}
	if !f.took[n].CompareAndSwap(0, max(1, int64(now)-int64(due))) {
		f.again.Add(1)
		return true
	}
	f.handled.Add(1)
	f.check()
	return true
}

// check closes All when the flow has ended and all is handled.
func (f *Flow) check() {
	if sent := f.sent.Load(); sent > 0 && f.handled.Load() >= sent && f.full.CompareAndSwap(false, true) {
		close(f.All)
	}
}

// Latencies are the times from due to handled of the events that count, in
// ascending order. Call it when All is closed.
func (f *Flow) Latencies() []time.Duration {
	var all []time.Duration
	for i := int(f.counts.Load()); i < int(f.sent.Load()); i++ {
		all = append(all, time.Duration(f.took[i].Load()))
	}
	slices.Sort(all)
	return all
}

// Quantiles writes the flow's latencies, and what was handled twice, into s.
func (f *Flow) Quantiles(s *result.Sample) {
	all := f.Latencies()
	s.P50, s.P99, s.P999 = Quantile(all, 0.5), Quantile(all, 0.99), Quantile(all, 0.999)
	s.Duplicates += int(f.again.Load())
}

// Quantile is the smallest of the values, in ascending order, that a part q of them
// does not exceed; 0 when there are none.
func Quantile(values []time.Duration, q float64) time.Duration {
	if len(values) == 0 {
		return 0
	}
	at := int(math.Ceil(float64(len(values))*q)) - 1
	return values[min(max(at, 0), len(values)-1)]
}

// digits writes v as hexadecimal digits that fill to.
func digits(to []byte, v uint64) {
	const hex = "0123456789abcdef"
	for i := len(to) - 1; i >= 0; i-- {
		to[i] = hex[v&15]
		v >>= 4
	}
}

// number reads what digits wrote. It allocates nothing: this is part of what is
// measured.
func number(from []byte) (v uint64, ok bool) {
	for _, c := range from {
		switch {
		case '0' <= c && c <= '9':
			v = v<<4 | uint64(c-'0')
		case 'a' <= c && c <= 'f':
			v = v<<4 | uint64(c-'a'+10)
		default:
			return 0, false
		}
	}
	return v, true
}
