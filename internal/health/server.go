package health

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// Server answers /livez, /readyz and /startupz.
type Server struct {
	http  *http.Server
	addr  string
	ended chan struct{}
}

// Route is what the server answers beside its own paths: an http.ServeMux pattern
// ("GET /metrics") and its handler.
type Route struct {
	Pattern string
	Handler http.Handler
}

// Listen binds addr ("host:port", ":8080", port 0 for any free one) and answers
// until Close. A check that returns an error makes its answer 503, with the error
// as text; nil is 200 and "ok". Both are called once for each request. /startupz is 503
// with the error of ready until that has been nil once, and 200 from then on.
func Listen(ctx context.Context, addr string, live, ready func() error, more ...Route) (*Server, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen for health checks: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", answer(live))
	mux.HandleFunc("GET /readyz", answer(ready))
	mux.HandleFunc("GET /startupz", answer(once(ready)))
	for _, r := range more {
		mux.Handle(r.Pattern, r.Handler)
	}
	s := &Server{addr: listener.Addr().String(), ended: make(chan struct{}), http: &http.Server{
		Handler: mux,
		// A client that dawdles must not keep connections open for ever.
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: 10 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
	}}
	go func() {
		defer close(s.ended)
		_ = s.http.Serve(listener) // ends by Close alone
	}()
	return s, nil
}

// once is nil for ever when check has been.
func once(check func() error) func() error {
	var passed atomic.Bool
	return func() error {
		if passed.Load() {
			return nil
		}
		err := check()
		if err == nil {
			passed.Store(true)
		}
		return err
	}
}

func answer(check func() error) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		if err := check(); err != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, err.Error()+"\n")
			return
		}
		_, _ = io.WriteString(w, "ok\n")
	}
}

// Addr is host:port, with the port that was found when port 0 was asked for.
func (s *Server) Addr() string { return s.addr }

// Close lets answers that are on their way out, for a second, and stops.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, s.http.Close())
	}
	<-s.ended
	return err
}
