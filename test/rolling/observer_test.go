package rolling

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"
)

// Each fiftieth event takes a tenth of a second: a worker that is told to stop has some in hand.
const (
	slowEvery = 50
	slow      = 100 * time.Millisecond
)

// observer is the webhook of all workers. It has nothing from Redis.
type observer struct {
	*httptest.Server
	mu     sync.Mutex
	counts map[string]int // by event
	tries  int            // of events that had been tried before
	first  time.Time
	last   time.Time
	gap    time.Duration
}

func observe(t *testing.T) *observer {
	t.Helper()
	o := &observer{counts: map[string]int{}}
	o.Server = httptest.NewServer(o)
	t.Cleanup(o.Close)
	return o
}

// ServeHTTP handles an event.
func (o *observer) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	id := r.Header.Get("Ce-Id")
	if n, err := strconv.Atoi(id); err == nil && n%slowEvery == 0 {
		time.Sleep(slow) //nolint:forbidigo // the work that it stands for
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	now := time.Now()
	if o.first.IsZero() {
		o.first, o.last = now, now
	}
	o.gap = max(o.gap, now.Sub(o.last))
	o.last = now
	o.counts[id]++
	if r.Header.Get("Leat-Attempt") != "1" {
		o.tries++
	}
}

// handled is how many events were handled.
func (o *observer) handled() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.counts)
}
