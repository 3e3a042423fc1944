package metrics

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/leat-io/leat/stream"
)

// ServerConfig says what a [Server] looks at.
type ServerConfig struct {
	// Streams to look at.
	Streams []string
	// Groups of each of them; all that there are, 100 of a stream at the most, when
	// nil. One that is named and not there is told of as missing.
	Groups []string
	// Lease is that of the groups' consumers: who has been silent for as long counts
	// as idle, and what it holds can be taken over. 30 s by default.
	Lease time.Duration
	// TTL is for how long what was collected is served, a tenth more or less, so that
	// a hundred programs do not ask together: 15 s by default.
	TTL time.Duration
	// Timeout bounds one collection, and how long a scrape waits for it: 2 s by
	// default. After that a scrape gets what was collected before.
	Timeout time.Duration
	// CountTo is up to what number is counted what Redis does not know: 1,000 by
	// default.
	CountTo int
	// Samples is how many nodes of a stream MEMORY USAGE looks at: 5 by default,
	// negative for not asking.
	Samples int
	// DeadLetters names the dead-letter streams of groups that have one of their own.
	DeadLetters map[string]string
}

// Server tells what Redis says of streams and groups: a prometheus.Collector.
//
// However many scrapes there are, Redis is asked once in [ServerConfig.TTL], in three
// round trips for each stream; scrapes that come meanwhile wait for the same answer, or
// get the last one. When Redis does not answer, the last values are served, with
// leat_server_up 0 and their age. It is safe for concurrent use.
type Server struct {
	cfg ServerConfig

	mu      sync.Mutex
	conn    *stream.Conn
	until   time.Time // what was collected is served until then
	flight  chan struct{}
	up      bool
	took    time.Duration
	rounds  uint64
	failed  uint64
	streams map[string]*observed
	closed  bool
	flights sync.WaitGroup
}

// observed is what is known of a stream.
type observed struct {
	stream.Observation
	at time.Time // by our clock
}

// NewServer makes a collector, which the caller registers. conn may be nil: until
// [Server.Use] gives one, Redis counts as away.
func NewServer(conn *stream.Conn, cfg ServerConfig) (*Server, error) {
	var errs []error
	if len(cfg.Streams) == 0 {
		errs = append(errs, errors.New("streams: want one at the least"))
	}
	for _, s := range cfg.Streams {
		if _, err := stream.KeysOf(s); err != nil {
			errs = append(errs, err)
		}
	}
	for _, d := range []struct {
		name  string
		value *time.Duration
		def   time.Duration
	}{{"lease", &cfg.Lease, 30 * time.Second}, {"ttl", &cfg.TTL, 15 * time.Second}, {"timeout", &cfg.Timeout, 2 * time.Second}} {
		if *d.value == 0 {
			*d.value = d.def
		}
		if *d.value < 0 {
			errs = append(errs, fmt.Errorf("%s %s: want more than 0", d.name, *d.value))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("configure server metrics: %w", err)
	}
	return &Server{cfg: cfg, conn: conn, streams: map[string]*observed{}}, nil
}

// Use gives the collector a connection, which it borrows.
func (s *Server) Use(conn *stream.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conn, s.until = conn, time.Time{}
}

// Close waits for a collection that is under way, and serves no new ones: before the
// connection is closed.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.flights.Wait()
}

// refresh collects when what there is is too old, and waits for that, but not for
// longer than the timeout.
func (s *Server) refresh() {
	s.mu.Lock()
	if s.flight == nil && !s.closed && s.conn != nil && !time.Now().Before(s.until) {
		s.flight = make(chan struct{})
		s.flights.Add(1)
		go s.fly(s.conn, s.flight)
	}
	flight := s.flight
	s.mu.Unlock()
	if flight == nil {
		return
	}
	timer := time.NewTimer(s.cfg.Timeout)
	defer timer.Stop()
	select {
	case <-flight:
	case <-timer.C:
		s.mu.Lock()
		s.up = false // until it comes back
		s.mu.Unlock()
	}
}

// fly is one collection: all streams at once, each for itself.
func (s *Server) fly(conn *stream.Conn, landed chan struct{}) {
	defer s.flights.Done()
	from := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), s.cfg.Timeout)
	defer cancel()
	found := make([]*observed, len(s.cfg.Streams))
	var all sync.WaitGroup
	tickets := make(chan struct{}, atOnce)
	for i, name := range s.cfg.Streams {
		tickets <- struct{}{}
		all.Go(func() {
			defer func() { <-tickets }()
			o, err := conn.Observe(ctx, name, stream.Observing{
				Groups: s.cfg.Groups, Lease: s.cfg.Lease, CountTo: s.cfg.CountTo, Samples: s.cfg.Samples, DeadLetters: s.cfg.DeadLetters,
			})
			if err == nil {
				found[i] = &observed{o, time.Now()}
			}
		})
	}
	all.Wait()
	s.land(found, time.Since(from))
	close(landed)
}

// atOnce is how many streams are looked at at the same time: the workers' own calls
// need connections too.
const atOnce = 4

// land takes what was found. Of a stream that could not be looked at stays what was
// known.
func (s *Server) land(found []*observed, took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flight, s.took, s.up = nil, took, true
	s.rounds++
	for i, o := range found {
		if o == nil {
			s.up = false
			continue
		}
		s.streams[s.cfg.Streams[i]] = o
	}
	if !s.up {
		s.failed++
	}
	s.until = time.Now().Add(time.Duration(float64(s.cfg.TTL) * (0.9 + 0.2*rand.Float64())))
}
