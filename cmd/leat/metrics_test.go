package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/metrics"
	"github.com/leat-io/leat/producer"
	"github.com/leat-io/leat/stream"
)

// figures are what a /metrics says.
type figures map[string]*dto.MetricFamily

// scrape gets /metrics from a worker; nil when it does not answer.
func (p *process) scrape() figures {
	p.t.Helper()
	address, _ := p.logged("answers health checks")["address"].(string)
	return scrapeAt(p.t, "http://"+address+"/metrics")
}

func scrapeAt(t *testing.T, url string) figures {
	t.Helper()
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}).Get(url)
	if err != nil {
		return nil
	}
	defer resp.Body.Close()
	require.Equal(t, 200, resp.StatusCode)
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(resp.Body)
	if err != nil {
		return nil // it died while it spoke
	}
	return families
}

// sum adds up a metric's series with that value of a label, all of them for "".
func (f figures) sum(name, label, value string) (sum int) {
	for _, m := range f[name].GetMetric() {
		if label == "" || slices.ContainsFunc(m.Label, func(l *dto.LabelPair) bool { return l.GetName() == label && l.GetValue() == value }) {
			sum += int(m.GetCounter().GetValue() + m.GetGauge().GetValue())
		}
	}
	return sum
}

func (f figures) of(name string) int { return f.sum(name, "", "") }

// receiver is a webhook that knows what it has answered.
type receiver struct {
	*httptest.Server
	mu      sync.Mutex
	ok, bad map[string]bool
	tries   map[string]int
	let     chan struct{} // closed when those that hang may go
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{ok: map[string]bool{}, bad: map[string]bool{}, tries: map[string]int{}, let: make(chan struct{})}
	r.Server = httptest.NewServer(r)
	t.Cleanup(func() {
		r.CloseClientConnections()
		r.Close()
	})
	return r
}

// ServeHTTP answers by the event's type.
func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	id, kind := req.Header.Get("Ce-Id"), req.Header.Get("Ce-Type")
	if kind == "hang" {
		<-r.let
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tries[id]++
	switch {
	case kind == "bad":
		r.bad[id] = true
		w.WriteHeader(http.StatusUnprocessableEntity)
	case kind == "later":
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(http.StatusServiceUnavailable)
	case kind == "flaky" && r.tries[id] == 1:
		w.WriteHeader(http.StatusInternalServerError)
	default:
		r.ok[id] = true
	}
}

func (r *receiver) handled() (ok, bad int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.ok), len(r.bad)
}

// TestFiguresAddUp: workers are killed and stopped under load; at rest everything that was published is handled, dead,
// pending or unread by /metrics alone, and handled is what the receiver has answered.
func TestFiguresAddUp(t *testing.T) {
	t.Parallel()
	s := &scene{t, redistest.Start(t), nil, "orders"}
	s.rdb = s.server.Client(t)
	hook := newReceiver(t)
	defer close(hook.let)
	start := func() *process {
		return s.worker("--webhook", hook.URL, "--lease", "1s", "--backoff-min", "10ms", "--backoff-max", "20ms", "--concurrency", "4",
			"--prefetch", "4", "--listen", "127.0.0.1:0", "--metrics-ttl", "50ms", "--webhook-timeout", "1m", "--shutdown-timeout", "1s")
	}
	publish, published := publisher(t, s)

	workers := []*process{start(), start(), start(), start()}
	publish("good", 1500)
	publish("flaky", 100)
	publish("bad", 20)
	publish("later", 30)
	until(t, "some work done", func() bool { ok, _ := hook.handled(); return ok > 200 })
	workers[0].signal(syscall.SIGKILL)
	workers[1].signal(syscall.SIGSTOP) // for longer than its lease
	workers = append(workers[1:], start())
	publish("good", 500)
	until(t, "more work done", func() bool { ok, _ := hook.handled(); return ok > 1200 })
	workers[1].signal(syscall.SIGKILL)
	workers[0].signal(syscall.SIGCONT)
	workers = append([]*process{workers[0]}, workers[2:]...)
	rest := func(f figures) bool {
		return f.of("leat_group_unread_entries") == 0 && f.of("leat_group_pending_entries") == 30 && f.of("leat_group_retries_waiting") == 30
	}
	until(t, "rest", func() bool { return rest(workers[0].scrape()) })
	addsUp(t, workers[0].scrape(), published(), hook)

	// As long as nobody dies, what the workers count themselves is the same.
	before := acked(workers)
	publish("good", 400)
	publish("flaky", 50)
	until(t, "rest again", func() bool { ok, _ := hook.handled(); return ok == 1500+100+500+450 && rest(workers[0].scrape()) })
	until(t, "their own figures", func() bool { return acked(workers)-before == 450 })

	// With something unread: all handlers hang.
	publish("hang", 200)
	until(t, "all handlers are busy, and as many wait as may", func() bool {
		for _, w := range workers {
			if f := w.scrape(); f.of("leat_deliveries_running") != 4 || f.of("leat_handler_slots_free") != 0 || f.of("leat_deliveries_waiting") < 4 {
				return false
			}
		}
		return true
	})
	total := published()
	var f figures
	until(t, "all of it seen", func() bool { // what Redis says is as old as the TTL
		f = workers[0].scrape()
		return f.of("leat_stream_added_total") == total && f.of("leat_group_unread_entries") > 0
	})
	addsUp(t, f, total, hook)
}

// publisher publishes through metrics of its own, and says how many events they count.
func publisher(t *testing.T, s *scene) (publish func(kind string, n int), published func() int) {
	t.Helper()
	reg := prometheus.NewRegistry()
	m := metrics.New(reg)
	endpoint := httptest.NewServer(exposed(reg))
	t.Cleanup(endpoint.Close)
	conn, err := stream.Dial(t.Context(), s.server.URL())
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	p, err := producer.New(conn, producer.Config{Source: "test", Hooks: m.Producer()})
	require.NoError(t, err)
	t.Cleanup(func() { _ = p.Close(context.Background()) })
	publish = func(kind string, n int) {
		events := make([]stream.Event, n)
		for i := range events {
			events[i] = stream.Event{Type: kind}
		}
		_, err := p.Publish(t.Context(), s.stream, events...)
		require.NoError(t, err)
	}
	return publish, func() int { return scrapeAt(t, endpoint.URL).of("leat_events_published_total") }
}

func acked(workers []*process) (sum int) {
	for _, w := range workers {
		sum += w.scrape().sum("leat_deliveries_settled_total", "outcome", "acked")
	}
	return sum
}

func addsUp(t *testing.T, f figures, published int, hook *receiver) {
	t.Helper()
	ok, bad := hook.handled()
	pending, unread, dead := f.of("leat_group_pending_entries"), f.of("leat_group_unread_entries"), f.of("leat_group_dead_letters")
	handled := f.of("leat_group_read_total") - pending - dead
	t.Logf("published %d = handled %d + dead %d + pending %d + unread %d", published, handled, dead, pending, unread)
	require.Equal(t, published, f.of("leat_stream_added_total"))
	require.Equal(t, published, handled+dead+pending+unread)
	require.Equal(t, ok, handled, "what the receiver has answered with 200")
	require.Equal(t, bad, dead, "what it has refused")
	require.LessOrEqual(t, f.sum("leat_deliveries_settled_total", "outcome", "acked"), handled)
}

// TestScrapesDoNotHammerRedis: four workers, each of which is scraped fifty times a second, ask Redis no more than four times
// in a TTL. Redis' own count says so.
func TestScrapesDoNotHammerRedis(t *testing.T) {
	t.Parallel()
	s := &scene{t, redistest.Start(t), nil, "orders"}
	s.rdb = s.server.Client(t)
	var workers []*process
	for range 4 {
		workers = append(workers, s.worker("--command", "true", "--listen", "127.0.0.1:0", "--metrics-ttl", "1h"))
	}
	for _, w := range workers {
		w.logged("consumer runs")
		until(t, "a collection", func() bool { return w.scrape().of("leat_server_up") == 1 })
	}
	collections := func() int {
		stats, err := s.rdb.Info(t.Context(), "commandstats").Result()
		require.NoError(t, err)
		m := regexp.MustCompile(`cmdstat_memory\|usage:calls=(\d+)`).FindStringSubmatch(stats)
		require.NotNil(t, m)
		n, err := strconv.Atoi(m[1])
		require.NoError(t, err)
		return n
	}
	require.LessOrEqual(t, collections(), 4)
	before := collections()
	var all sync.WaitGroup
	for _, w := range workers {
		url := fmt.Sprintf("http://%s/metrics", w.logged("answers health checks")["address"])
		all.Go(func() {
			for range 50 {
				resp, err := http.Get(url)
				if err != nil {
					t.Error(err)
					return
				}
				_ = resp.Body.Close()
			}
		})
	}
	all.Wait()
	require.Equal(t, before, collections(), "200 scrapes, and not one collection")
	http.DefaultClient.CloseIdleConnections()
}
