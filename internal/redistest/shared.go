package redistest

import (
	"sync"
	"testing"
)

// Credentials and rights of the user that SharedTLS makes: what a careful operator gives leat. Dangerous commands are out,
// but for those that look at the server and unblock a reader of one's own.
const (
	sharedUser     = "leat"
	sharedPassword = "shared-secret"
	sharedRules    = "~* &* +@all -@dangerous +info +client|unblock +client|list"
)

// lazy is something started once per test binary, on first use. A failed start is remembered: every test that asks fails with
// the same error instead of trying again.
type lazy[T any] struct {
	start   func() (T, error)
	discard func(T)

	mu      sync.Mutex
	started bool
	value   T
	err     error
}

func (l *lazy[T]) get(t testing.TB) T {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.started {
		l.value, l.err = l.start()
		l.started = true
	}
	if l.err != nil {
		t.Fatal(l.err)
	}
	return l.value
}

// stop ends what was started; it may be used again afterwards.
func (l *lazy[T]) stop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.started && l.err == nil {
		l.discard(l.value)
	}
	l.started = false
}

func lazyServer(opts ...Option) *lazy[*instance] {
	return &lazy[*instance]{
		start: func() (*instance, error) {
			in, err := newInstance(opts...)
			if err != nil {
				return nil, err
			}
			if err := in.launch(); err != nil {
				in.discard()
				return nil, err
			}
			return in, nil
		},
		discard: (*instance).discard,
	}
}

var (
	sharedPlain = lazyServer()
	sharedTLS   = lazyServer(TLS(), ACLUser(sharedUser, sharedPassword, sharedRules))
)

// Shared returns the standalone server that all tests of this binary use together.
func Shared(t testing.TB) *Server {
	t.Helper()
	return shared(t, sharedPlain.get(t))
}

// SharedTLS returns the TLS server that all tests of this binary use together. It wants a client certificate (CAFile, CertFile,
// KeyFile), and URL names an ACL user that has no dangerous commands but INFO, CLIENT LIST and CLIENT UNBLOCK.
func SharedTLS(t testing.TB) *Server {
	t.Helper()
	return shared(t, sharedTLS.get(t))
}

func shared(t testing.TB, in *instance) *Server {
	in.logOnFailure(t)
	return &Server{instance: in, t: t, shared: true}
}
