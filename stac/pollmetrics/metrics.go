package pollmetrics

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/leat-io/leat/stac"
	"github.com/leat-io/leat/stac/poll"
)

// Metrics counts what the pollers of a program do. One is enough for a program, as
// long as their sources have names that differ. It is safe for concurrent use.
type Metrics struct {
	families *families

	mu sync.Mutex
	// collections are those that are told apart, by source.
	collections map[string]map[string]bool
	// counted are the days of a sweep that is ending, by source.
	counted map[string][]poll.Day
}

// New makes metrics and registers them with reg, which may be nil. It panics where
// reg refuses them, as prometheus.MustRegister does: a second New with the same
// registry is a mistake in the program.
func New(reg prometheus.Registerer) *Metrics {
	m := &Metrics{families: newFamilies(), collections: map[string]map[string]bool{}, counted: map[string][]poll.Day{}}
	if reg != nil {
		reg.MustRegister(m.families.collectors()...)
	}
	return m
}

// Hooks are the hooks for a poller: poll.Config{Hooks: m.Hooks()}.
func (m *Metrics) Hooks() poll.Hooks {
	f := m.families
	count := func(c *prometheus.CounterVec) func(source, collection string, n int) {
		return func(source, collection string, n int) {
			c.WithLabelValues(source, m.collection(source, collection)).Add(float64(n))
		}
	}
	return poll.Hooks{
		Started:    m.started,
		Leading:    m.leading,
		Chosen:     m.chosen,
		Requested:  m.requested,
		Page:       m.page,
		Discovered: count(f.discovered),
		Duplicates: count(f.duplicates),
		PassedOver: count(f.passedOver),
		Published: func(source, collection string, change poll.Change, n int) {
			f.published.WithLabelValues(source, m.collection(source, collection), change.String()).Add(float64(n))
		},
		Lag: func(source, collection string, lag time.Duration) {
			f.lag.WithLabelValues(source, m.collection(source, collection)).Observe(lag.Seconds())
		},
		Passed:  m.passed,
		Stands:  m.stands,
		Counted: m.count,
		Bad:     func(source string, _ error) { f.bad.WithLabelValues(source).Inc() },
	}
}

// maxCollections bounds how many collections of a source are told apart: a server may
// have thousands. What is beyond is one series.
const (
	maxCollections   = 200
	otherCollections = "_other"
)

// collection is the label's value.
func (m *Metrics) collection(source, collection string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	known := m.collections[source]
	switch {
	case known == nil:
		known = map[string]bool{}
		m.collections[source] = known
	case !known[collection] && len(known) >= maxCollections:
		return otherCollections
	}
	known[collection] = true
	return strings.ToValidUTF8(collection, "\uFFFD") // a server may send anything
}

// started makes the series that are there from the beginning.
func (m *Metrics) started(source string, interval, reconcile time.Duration) {
	f := m.families
	f.leading.WithLabelValues(source).Set(0)
	f.interval.WithLabelValues(source).Set(interval.Seconds())
	f.sweepInterval.WithLabelValues(source).Set(reconcile.Seconds())
	for _, c := range []*prometheus.CounterVec{f.stray, f.bad, f.pages, f.bytes} {
		c.WithLabelValues(source)
	}
}

// leading forgets what was true of a source that somebody else polls by now.
func (m *Metrics) leading(source string, leading bool) {
	if leading {
		m.families.leading.WithLabelValues(source).Set(1)
		return
	}
	m.families.leading.WithLabelValues(source).Set(0)
	for _, g := range m.families.gauges() {
		g.DeletePartialMatch(prometheus.Labels{"source": source})
	}
}

func (m *Metrics) chosen(source string, plan poll.Plan) {
	m.families.strategy.DeletePartialMatch(prometheus.Labels{"source": source})
	m.families.strategy.WithLabelValues(source, plan.Strategy.String()).Set(1)
	for _, outcome := range outcomes {
		m.families.passes.WithLabelValues(source, plan.Strategy.String(), outcome)
	}
}

func (m *Metrics) requested(source string, r stac.RequestInfo) {
	m.families.requests.WithLabelValues(source, status(r.Status)).Inc()
	m.families.requestTook.WithLabelValues(source).Observe(r.Duration.Seconds())
	m.families.bytes.WithLabelValues(source).Add(float64(r.Bytes))
}

// status is a label with few values: a server may answer any number.
func status(code int) string {
	switch {
	case code == 0:
		return "none"
	case http.StatusText(code) == "":
		return strconv.Itoa(code/100) + "xx"
	}
	return strconv.Itoa(code)
}

func (m *Metrics) page(source string, p poll.PageInfo) {
	m.families.pages.WithLabelValues(source).Inc()
	m.families.stray.WithLabelValues(source).Add(float64(p.Stray))
}

// How a pass has ended.
const (
	complete    = "complete"
	truncated   = "truncated"
	failed      = "failed"
	interrupted = "interrupted"
)

var outcomes = [...]string{complete, truncated, failed, interrupted}

func outcome(p poll.Pass) string {
	switch {
	case p.Err == nil:
		return complete
	case errors.Is(p.Err, context.Canceled), errors.Is(p.Err, poll.ErrLeaseLost):
		return interrupted
	case p.Truncated:
		return truncated
	}
	return failed
}

func (m *Metrics) passed(source string, p poll.Pass) {
	how, strategy := outcome(p), p.Strategy.String()
	m.families.passes.WithLabelValues(source, strategy, how).Inc()
	if how == complete {
		m.families.passTook.WithLabelValues(source, strategy).Observe(p.Took.Seconds())
	}
	if days := m.sweepEnds(source); how == complete && len(days) > 0 {
		m.show(source, days)
	}
}

func (m *Metrics) stands(source string, s poll.Standing) {
	f := m.families
	for _, at := range []struct {
		gauge *prometheus.GaugeVec
		is    time.Time
	}{{f.watermark, s.Watermark}, {f.passAt, s.PassAt}, {f.sweptAt, s.SweptAt}, {f.changedAt, s.ChangedAt}} {
		if at.is.IsZero() {
			at.gauge.DeleteLabelValues(source)
		} else {
			at.gauge.WithLabelValues(source).Set(float64(at.is.UnixMilli()) / 1000)
		}
	}
	if s.Rhythm == 0 {
		f.rhythm.DeleteLabelValues(source)
	} else {
		f.rhythm.WithLabelValues(source).Set(s.Rhythm.Seconds())
	}
}

// count keeps a day until the sweep has ended that has counted it.
func (m *Metrics) count(source string, d poll.Day) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.counted[source] = append(m.counted[source], d)
}

func (m *Metrics) sweepEnds(source string) []poll.Day {
	m.mu.Lock()
	defer m.mu.Unlock()
	days := m.counted[source]
	delete(m.counted, source)
	return days
}

// shownDays bounds how many days of a source are shown, the newest of them.
const shownDays = 31

// show replaces the days that are shown.
func (m *Metrics) show(source string, days []poll.Day) {
	missing := 0
	for i := range days {
		missing += days[i].Missing
	}
	m.families.missing.WithLabelValues(source).Set(float64(missing))
	for _, g := range m.families.days() {
		g.DeletePartialMatch(prometheus.Labels{"source": source})
	}
	dated := slices.DeleteFunc(days, func(d poll.Day) bool { return d.Day == "-" }) // those without a time
	slices.SortFunc(dated, func(a, b poll.Day) int { return strings.Compare(a.Day, b.Day) })
	for _, d := range dated[max(len(dated)-shownDays, 0):] {
		ratio := 1.0
		if d.Server > 0 {
			ratio = float64(d.Server-d.Missing-d.Outdated) / float64(d.Server)
		}
		m.families.dayServer.WithLabelValues(source, d.Day).Set(float64(d.Server))
		m.families.dayPublished.WithLabelValues(source, d.Day).Set(float64(d.Published))
		m.families.dayRatio.WithLabelValues(source, d.Day).Set(ratio)
	}
}
