package metrics

import (
	"context"
	"math"
	"time"
	"weak"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/stream"
)

// Consumer is the hooks for a consumer: consumer.Config{Hooks: m.Consumer()}. The
// same hooks serve any number of consumers.
func (m *Metrics) Consumer() consumer.Hooks { return consumer.Hooks{Bind: m.bind} }

// bind prepares all series of a consumer, so that none has to be looked up when
// something happens, and so that each is there, at 0, before it does.
func (m *Metrics) bind(c *consumer.Consumer) consumer.Hooks {
	b := &bound{m: m}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, name := range c.Streams() {
		b.flows = append(b.flows, m.flow(flowKey{name, c.Group()}))
	}
	m.running = append(m.running, weak.Make(c))
	return consumer.Hooks{
		Taken: b.taken, Worker: b.worker, Settled: b.settled, Acked: b.acked,
		AckSent: b.ackSent, AckMissed: b.ackMissed, PayloadLost: b.payloadLost, Waiting: b.waiting,
		Error: b.failed, Answered: b.answered, GroupRestored: b.restored, Beat: b.beat,
	}
}

// bound is the hooks of one consumer.
type bound struct {
	m     *Metrics
	flows []*flow
}

// of finds the series of a stream. The name is the consumer's own string, so that a
// comparison does not look at its bytes; and nobody reads a hundred streams at once.
func (b *bound) of(stream string) *flow {
	for _, f := range b.flows {
		if f.stream == stream {
			return f
		}
	}
	return b.flows[0] // a handler has changed the name in its delivery
}

func (b *bound) taken(stream string, how consumer.Taking, n int, _ time.Duration) {
	f := b.of(stream)
	f.taken[how].Add(uint64(n))
	f.batch.observe(int64(n))
}

func (b *bound) settled(d *stream.Delivery, outcome consumer.Outcome, since time.Duration) {
	if outcome == consumer.Acked {
		return // see acked
	}
	f := b.of(d.Stream)
	f.delay.took(since)
	f.outcomes[outcome].Add(1)
}

// acked counts what one call acknowledged, with one look at the clock.
func (b *bound) acked(stream string, acks []consumer.Ack) {
	f, now := b.of(stream), time.Now().UnixMilli()
	delay, age := f.delay.run(), f.age.run()
	for i := range acks {
		delay.observe(int64(acks[i].Since))
		age.observe(max(now-int64(min(acks[i].EntryID.Ms, math.MaxInt64)), 0))
	}
	delay.end()
	age.end()
}

func (b *bound) ackSent(stream string, n int, _ time.Duration) { b.of(stream).acks.observe(int64(n)) }

func (b *bound) ackMissed(stream string, n int) { b.of(stream).missed.Add(uint64(n)) }

func (b *bound) payloadLost(stream string, _ stream.ID) { b.of(stream).payloads.Add(1) }

func (b *bound) waiting(stream string, n int) { b.of(stream).retries.Store(int64(n)) }

func (b *bound) failed(loop, name string, err error) {
	b.of(name).errors.add(loop, stream.Classify(err).String(), 1)
}

func (b *bound) answered(stream string) { b.of(stream).reconnects.Add(1) }

func (b *bound) restored(stream string) { b.of(stream).restoredGroups.Add(1) }

// beat counts a beat. The janitor has one for all streams.
func (b *bound) beat(loop, stream string) {
	now := time.Now().UnixNano()
	for _, f := range b.flows {
		if stream == "" || f.stream == stream {
			f.beats.note(loop, now)
		}
	}
}

// exemplars is [Metrics.Exemplars].
func (m *Metrics) exemplars(group string, from func(context.Context) prometheus.Labels) consumer.Middleware {
	return func(next consumer.Handler) consumer.Handler {
		return func(ctx context.Context, d *stream.Delivery) error {
			labels := from(ctx)
			if labels == nil {
				return next(ctx, d)
			}
			began := time.Now()
			err := next(ctx, d)
			took := time.Since(began)
			m.mu.Lock()
			f := m.flow(flowKey{d.Stream, group})
			m.mu.Unlock()
			to := f.ok
			if err != nil {
				to = f.failed
			}
			to.exemplify(int64(took), labels)
			return err
		}
	}
}
