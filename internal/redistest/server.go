package redistest

import (
	"crypto/tls"
	"net/url"
	"sync"
	"testing"
)

// Server is a running redis-server, seen by one test. It is safe for concurrent use.
type Server struct {
	*instance
	t      testing.TB
	shared bool // serves other tests too: may not be disturbed
}

// instance is the server itself, whichever tests look at it.
type instance struct {
	binary  string
	dir     string
	port    *port // nil on a unix socket
	busPort *port // cluster bus; nil elsewhere
	set     settings
	admin   credentials
	client  credentials
	certs   *certificates // nil without TLS
	mode    string        // extra first argument: "--sentinel" or empty

	mu      sync.Mutex
	process *process
}

// credentials of a user; both empty for a server that asks for none.
type credentials struct {
	name, password string
}

// Start starts a standalone server that ends with the test.
func Start(t testing.TB, opts ...Option) *Server {
	t.Helper()
	in, err := newInstance(opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(in.discard)
	in.logOnFailure(t)
	if err := in.launch(); err != nil {
		t.Fatal(err)
	}
	return &Server{instance: in, t: t}
}

// URL returns what stream.Dial takes: redis://, rediss:// or unix://, with the credentials of the first ACLUser, else the
// Password.
func (s *Server) URL() string {
	u := url.URL{Scheme: "redis", Host: s.Addr()}
	switch {
	case s.set.unix:
		u = url.URL{Scheme: "unix", Path: s.Addr()}
	case s.set.tls:
		u.Scheme = "rediss"
	}
	if s.instance.client.password != "" {
		u.User = url.UserPassword(s.instance.client.name, s.instance.client.password)
	}
	return u.String()
}

// Addr returns host:port, or the path of the unix socket.
func (in *instance) Addr() string {
	if in.set.unix {
		return in.dir + "/redis.sock"
	}
	return in.port.addr()
}

// Dir returns the server's folder: redis.conf, redis.log and its data.
func (in *instance) Dir() string { return in.dir }

// PID returns the process id of the server, or of the last one when it is not running.
func (in *instance) PID() int {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.process.pid()
}

// CAFile returns the path of the PEM certificate that signed the server's; empty without TLS.
func (in *instance) CAFile() string { return in.certs.path("ca.crt") }

// CertFile returns the path of the PEM client certificate; empty without TLS.
func (in *instance) CertFile() string { return in.certs.path("client.crt") }

// KeyFile returns the path of the client's PEM private key; empty without TLS.
func (in *instance) KeyFile() string { return in.certs.path("client.key") }

// TLSConfig returns a client configuration that the server accepts, a copy of the caller's own; nil without TLS.
func (in *instance) TLSConfig() *tls.Config {
	if in.certs == nil {
		return nil
	}
	return in.certs.client.Clone()
}
