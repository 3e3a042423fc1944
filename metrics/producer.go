package metrics

import (
	"errors"
	"time"

	"github.com/leat-io/leat/producer"
	"github.com/leat-io/leat/stream"
)

// Producer is the hooks for a producer: producer.Config{Hooks: m.Producer()}. The
// same hooks serve any number of producers.
func (m *Metrics) Producer() producer.Hooks {
	return producer.Hooks{Published: m.published, Retried: m.retried, Pending: m.pending, Blocked: m.blocked}
}

// What becomes of an event, beside the classes of [stream.Class].
const (
	stored     = "stored"
	notDurable = "not_durable" // stored, but with fewer replicas or disks than asked for
)

func (m *Metrics) published(p producer.Published) {
	l := m.lane(p.Stream)
	outcome := p.Class.String()
	switch {
	case p.Class == stream.ClassNone:
		outcome = stored
		l.bytes.Add(uint64(p.Bytes))
	case errors.Is(p.Err, stream.ErrNotDurable):
		outcome = notDurable
		l.bytes.Add(uint64(p.Bytes))
	}
	l.outcomes.add(outcome, "", p.Events)
	l.took.took(p.Took)
	l.batch.observe(int64(p.Events))
}

func (m *Metrics) retried(r producer.Retried) { m.lane(r.Stream).retries.Add(uint64(r.Events)) }

func (m *Metrics) pending(events, bytes int) {
	m.pendingEvents.Add(int64(events))
	m.pendingBytes.Add(int64(bytes))
}

func (m *Metrics) blocked(stream string, waited time.Duration) { m.lane(stream).blocked.took(waited) }
