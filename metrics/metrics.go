package metrics

import (
	"context"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"weak"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/leat-io/leat/consumer"
)

// Metrics counts what the producers and consumers of a program do. One is enough for
// a program: series are told apart by stream and group. It is safe for concurrent use.
type Metrics struct {
	consumers consumerFamilies
	producers producerFamilies

	mu      sync.Mutex
	flows   map[flowKey]*flow
	lanes   map[string]*lane
	running []weak.Pointer[consumer.Consumer] // those whose load is asked for
	workers []weak.Pointer[worker]

	pendingEvents, pendingBytes atomic.Int64 // of producers
}

// Option changes what [New] makes.
type Option func(*settings)

type settings struct {
	version, revision string
}

// WithVersion says which version and revision of the program leat_build_info names,
// instead of what Go has noted of leat's module.
func WithVersion(version, revision string) Option {
	return func(s *settings) { s.version, s.revision = version, revision }
}

// New makes metrics and registers them with reg, which may be nil. It panics where
// reg refuses them, as prometheus.MustRegister does: a second New with the same
// registry is a mistake in the program.
func New(reg prometheus.Registerer, opts ...Option) *Metrics {
	var s settings
	for _, o := range opts {
		o(&s)
	}
	m := &Metrics{
		consumers: newConsumerFamilies(), producers: newProducerFamilies(),
		flows: map[flowKey]*flow{}, lanes: map[string]*lane{},
	}
	m.consumers.duration.before = m.collectWorkers
	if reg != nil {
		reg.MustRegister(buildInfo(s))
		reg.MustRegister(m.consumers.collectors()...)
		reg.MustRegister(m.producers.collectors()...)
		reg.MustRegister(derived{m})
	}
	return m
}

// buildInfo is leat_build_info.
func buildInfo(s settings) prometheus.Collector {
	if s.version == "" {
		s.version, s.revision = "unknown", "unknown"
		if info, ok := debug.ReadBuildInfo(); ok {
			for _, m := range append(info.Deps, &info.Main) {
				if m.Path == modulePath && m.Version != "" {
					s.version = m.Version
				}
			}
			for _, set := range info.Settings {
				if set.Key == "vcs.revision" && info.Main.Path == modulePath {
					s.revision = set.Value
				}
			}
		}
	}
	g := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "leat_build_info", Help: "1, with the version of leat and of Go as labels.",
		ConstLabels: prometheus.Labels{"version": s.version, "revision": s.revision, "goversion": runtime.Version()},
	})
	g.Set(1)
	return g
}

const modulePath = "github.com/leat-io/leat"

// Exemplars is a middleware that keeps examples for leat_handler_duration_seconds of
// a group: from says which labels an example of this handling has (the trace's ID,
// when its span is sampled), nil for none. List it behind the middleware that starts
// the span. Exemplars are exposed to those who ask for OpenMetrics or protobuf.
func (m *Metrics) Exemplars(group string, from func(ctx context.Context) prometheus.Labels) consumer.Middleware {
	return m.exemplars(group, from)
}
