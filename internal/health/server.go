package health

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// Server answers /livez and /readyz.
type Server struct {
	http  *http.Server
	addr  string
	ended chan struct{}
}

// Listen binds addr ("host:port", ":8080", port 0 for any free one) and answers
// until Close. A check that returns an error makes its answer 503, with the error
// as text; nil is 200 and "ok". Both are called once for each request.
func Listen(ctx context.Context, addr string, live, ready func() error) (*Server, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen for health checks: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", answer(live))
	mux.HandleFunc("GET /readyz", answer(ready))
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
