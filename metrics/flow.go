package metrics

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/leat-io/leat/consumer"
)

type flowKey struct{ stream, group string }

const (
	takings  = int(consumer.Recovered) + 1
	outcomes = int(consumer.Skipped) + 1
)

// flow is the series of one stream as one group sees it. What is counted is plain
// atomics, written once a call of Redis and not once a delivery where it can be; the
// registry gets its own kinds of them at a scrape.
type flow struct {
	flowKey
	// ok and failed are how long handlers took that have ended: of ok what the workers
	// have given. What was acknowledged has an age.
	ok, failed  *histogram
	age, delay  *histogram
	batch, acks *histogram

	running int // deliveries in handlers, at the last look; under the lock of Metrics

	outcomes [outcomes]atomic.Uint64 // but for consumer.Acked
	taken    [takings]atomic.Uint64

	missed, payloads, reconnects, restoredGroups atomic.Uint64
	retries                                      atomic.Int64
	errors                                       tally
	beats                                        beats
}

// flow finds or makes the series of a stream and a group. Called with the lock.
func (m *Metrics) flow(key flowKey) *flow {
	f := m.flows[key]
	if f == nil {
		fam, s, g := &m.consumers, key.stream, key.group
		f = &flow{
			flowKey: key,
			ok:      fam.duration.with(s, g, "ok"), failed: fam.duration.with(s, g, "error"),
			age: fam.age.with(s, g), delay: fam.delay.with(s, g),
			batch: fam.batch.with(s, g), acks: fam.acks.with(s, g),
		}
		m.flows[key] = f
	}
	return f
}

// tally counts by two labels what happens once a call, or less often.
type tally struct {
	mu sync.Mutex
	n  map[[2]string]uint64
}

func (t *tally) add(a, b string, n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.n == nil {
		t.n = map[[2]string]uint64{}
	}
	t.n[[2]string{a, b}] += uint64(n)
}

func (t *tally) each(tell func(a, b string, n uint64)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for key, n := range t.n {
		tell(key[0], key[1], n)
	}
}

// loops are the loops of a consumer that beat.
var loops = [...]string{"fetcher", "retrier", "reclaimer", "leaser", "acker", "janitor"}

// beats are the heartbeats of the loops of a stream.
type beats struct {
	n    [len(loops)]atomic.Uint64
	last [len(loops)]atomic.Int64 // ns of the Unix epoch; 0 never
}

func (b *beats) note(loop string, now int64) {
	if i := slices.Index(loops[:], loop); i >= 0 {
		b.n[i].Add(1)
		b.last[i].Store(now)
	}
}

// lane is the series of one stream that producers publish to.
type lane struct {
	stream         string
	outcomes       tally // events by outcome
	bytes, retries atomic.Uint64
	took, blocked  *histogram
	batch          *histogram
}

// maxLanes bounds how many streams are told apart that are published to: a program
// may make up a name for each of its customers. What is beyond is one series.
const (
	maxLanes   = 1000
	otherLanes = "_other"
)

// lane finds or makes the series of a stream that is published to.
func (m *Metrics) lane(name string) *lane {
	m.mu.Lock()
	defer m.mu.Unlock()
	l := m.lanes[name]
	if l == nil && len(m.lanes) >= maxLanes {
		name = otherLanes
		l = m.lanes[name]
	}
	if l == nil {
		fam := &m.producers
		name = strings.Clone(name)
		l = &lane{stream: name, took: fam.took.with(name), blocked: fam.blocked.with(name), batch: fam.batch.with(name)}
		m.lanes[name] = l
	}
	return l
}
