package plant

import (
	"testing"
	"time"

	"github.com/leat-io/leat/internal/redistest"
)

// Patience is how long a condition is waited for. It decides no test that passes.
const Patience = 2 * time.Minute

// Config is how a plant is built. The zero value works.
type Config struct {
	// Scrape is how often Prometheus scrapes: 500 ms by default.
	Scrape time.Duration
	// Evaluation is how often it evaluates rules: Scrape by default.
	Evaluation time.Duration
	// Rules are the paths of rule files.
	Rules []string
	// Redis are options of the server.
	Redis []redistest.Option
}

// Plant is a server, a Prometheus, and what runs between them.
type Plant struct {
	T          testing.TB
	Server     *redistest.Server
	Prometheus *Prometheus
}

// New starts a server and a Prometheus that scrapes nothing yet.
func New(t testing.TB, cfg Config) *Plant {
	t.Helper()
	if cfg.Scrape == 0 {
		cfg.Scrape = 500 * time.Millisecond
	}
	if cfg.Evaluation == 0 {
		cfg.Evaluation = cfg.Scrape
	}
	return &Plant{T: t, Server: redistest.Start(t, cfg.Redis...), Prometheus: startPrometheus(t, cfg)}
}

// Await waits until Prometheus answers an expression with one series at the least, and
// returns them. What is no PromQL ends the test at once.
func (p *Plant) Await(expr string) []Sample {
	p.T.Helper()
	var found []Sample
	p.Until(expr, func() bool {
		var err error
		if found, err = p.Prometheus.Query(expr); err != nil {
			p.T.Fatal(err)
		}
		return len(found) > 0
	})
	return found
}

// AwaitNone waits until Prometheus answers an expression with no series.
func (p *Plant) AwaitNone(expr string) {
	p.T.Helper()
	p.Until("no "+expr, func() bool {
		found, err := p.Prometheus.Query(expr)
		if err != nil {
			p.T.Fatal(err)
		}
		return len(found) == 0
	})
}

// Until waits for something to become true.
func (p *Plant) Until(what string, holds func() bool) {
	p.T.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(Patience); !holds(); <-tick.C {
		if time.Now().After(deadline) {
			p.T.Fatalf("waited %s in vain: %s", Patience, what)
		}
	}
}
