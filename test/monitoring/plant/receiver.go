package plant

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"time"
)

// Types of events that a [Receiver] treats in different ways.
const (
	Good  = "good"  // 200 at once
	Slow  = "slow"  // 200 after some time: see Receiver.SlowFor
	Flaky = "flaky" // 500 at the first try
	Fail  = "fail"  // 500 at each
	Bad   = "bad"   // 422: a dead letter
	Later = "later" // 503, to be tried again in an hour
	Hang  = "hang"  // no answer before Release
)

// Receiver is a webhook for workers.
type Receiver struct {
	*httptest.Server
	slow    atomic.Int64
	broken  atomic.Bool
	handled atomic.Int64

	mu    sync.Mutex
	tries map[string]int
	let   chan struct{} // closed when those that hang may go
}

// Receiver starts a webhook.
func (p *Plant) Receiver() *Receiver {
	p.T.Helper()
	r := &Receiver{tries: map[string]int{}, let: make(chan struct{})}
	r.SlowFor(200 * time.Millisecond)
	r.Server = httptest.NewServer(http.HandlerFunc(r.answer))
	p.T.Cleanup(func() {
		r.Release()
		r.CloseClientConnections()
		r.Close()
	})
	return r
}

// SlowFor says how long events of the type Slow take: 200 ms by default.
func (r *Receiver) SlowFor(d time.Duration) { r.slow.Store(int64(d)) }

// Break makes it answer 500 to everything, or no more.
func (r *Receiver) Break(broken bool) { r.broken.Store(broken) }

// Handled is how many events it has answered with 200.
func (r *Receiver) Handled() int { return int(r.handled.Load()) }

// Release answers events of the type Hang that have come; those that come later hang
// anew.
func (r *Receiver) Release() {
	r.mu.Lock()
	defer r.mu.Unlock()
	close(r.let)
	r.let = make(chan struct{})
}

func (r *Receiver) answer(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	id := req.Header.Get("Ce-Id")
	r.tries[id]++
	try, let := r.tries[id], r.let
	r.mu.Unlock()
	kind := req.Header.Get("Ce-Type")
	switch kind {
	case Hang:
		wait(req, let, nil)
	case Slow:
		timer := time.NewTimer(time.Duration(r.slow.Load()))
		defer timer.Stop()
		wait(req, let, timer.C)
	}
	switch {
	case r.broken.Load() || kind == Fail || kind == Flaky && try == 1:
		w.WriteHeader(http.StatusInternalServerError)
	case kind == Bad:
		w.WriteHeader(http.StatusUnprocessableEntity)
	case kind == Later:
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(http.StatusServiceUnavailable)
	default:
		r.handled.Add(1)
	}
}

// wait waits for the first of a release, a time, and the end of who asks.
func wait(req *http.Request, let <-chan struct{}, after <-chan time.Time) {
	select {
	case <-let:
	case <-after:
	case <-req.Context().Done():
	}
}
