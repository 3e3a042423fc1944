package stream

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// DefaultURL is where Dial connects when the URL is empty.
const DefaultURL = "redis://127.0.0.1:6379"

// Option changes how [Dial] and [Wrap] connect.
type Option func(*settings) error

type settings struct {
	hooks        []redis.Hook
	passwordFile string
	sentinels    string // their password
	tls          *tls.Config
	timeout      time.Duration
	taps         taps // of all connections
}

// defaultTimeout bounds a command that does not block, the way to a connection
// included. Half-open connections hold a call for no longer than this.
const defaultTimeout = 5 * time.Second

// WithPasswordFile reads the password from a file at each new connection, so
// that a rotated secret is taken up without a restart. White space around it is
// cut off. It takes precedence over a password in the URL.
func WithPasswordFile(path string) Option {
	return func(s *settings) error {
		if _, err := readPassword(path); err != nil {
			return err
		}
		s.passwordFile = path
		return nil
	}
}

// WithSentinelPasswordFile reads the password for the sentinels themselves from a
// file, once: they are asked with that one for as long as the connection lasts. It
// takes precedence over sentinel_password in the URL, which has to be a
// redis+sentinel one; sentinel_username is named there. [Wrap] knows no sentinels.
func WithSentinelPasswordFile(path string) Option {
	return func(s *settings) (err error) {
		if s.sentinels, err = readPassword(path); err != nil {
			return fmt.Errorf("password of the sentinels: %w", err)
		}
		return nil
	}
}

func readPassword(path string) (string, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read redis password file: %w", err)
	}
	password := strings.TrimSpace(string(b))
	if password == "" {
		return "", fmt.Errorf("read redis password file %s: it is empty", path)
	}
	return password, nil
}

// WithCA trusts the certificates in a PEM file instead of the system's. Needs a
// rediss URL.
func WithCA(path string) Option {
	return func(s *settings) error {
		pem, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("read CA file: %w", err)
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return fmt.Errorf("read CA file %s: no PEM certificate in it", path)
		}
		s.tlsConfig().RootCAs = pool
		return nil
	}
}

// WithClientCert shows a client certificate (PEM files) to the server. The files
// are read again at each handshake, so that renewed ones are taken up. Needs a
// rediss URL.
func WithClientCert(certFile, keyFile string) Option {
	return func(s *settings) error {
		load := func() (*tls.Certificate, error) {
			cert, err := tls.LoadX509KeyPair(certFile, keyFile)
			if err != nil {
				return nil, fmt.Errorf("load client certificate: %w", err)
			}
			return &cert, nil
		}
		if _, err := load(); err != nil {
			return err
		}
		s.tlsConfig().GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return load() }
		return nil
	}
}

// WithTimeout bounds each command that does not block; 5 s when not given.
func WithTimeout(d time.Duration) Option {
	return func(s *settings) error {
		if d < time.Millisecond {
			return fmt.Errorf("timeout %s: want 1ms at the least", d)
		}
		s.timeout = d
		return nil
	}
}

// WithHook adds a go-redis hook to every connection, blocking reads included: for
// instrumentation, and for tests that lose replies. It costs speed: each reply is
// copied for it.
func WithHook(h redis.Hook) Option {
	return func(s *settings) error {
		s.hooks = append(s.hooks, h)
		return nil
	}
}

func (s *settings) tlsConfig() *tls.Config {
	if s.tls == nil {
		s.tls = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	return s.tls
}

// Dial connects to the Redis at url and asks it for a PING. The forms of the
// URL are
//
//	redis://[user:password@]host[:port][/db]
//	rediss://...                                  the same over TLS
//	unix://[user:password@]/path/to/socket[?db=n]
//	redis+sentinel://[user:password@]host[:port],host[:port]/master[/db]
//	redis+cluster://[user:password@]host[:port],host[:port]
//
// and rediss+sentinel, rediss+cluster. Parameters: protocol=2|3, client_name,
// dial_timeout; for sentinels sentinel_username and sentinel_password. An empty
// url is [DefaultURL]. Errors never show a password.
func Dial(ctx context.Context, url string, opts ...Option) (*Conn, error) {
	s, err := newSettings(opts)
	if err != nil {
		return nil, err
	}
	plan, err := parseURL(url)
	if err != nil {
		return nil, err
	}
	if plan.userWithoutPassword() && s.passwordFile == "" {
		// Redis would be talked to as its default user.
		return nil, fmt.Errorf("connect to %s: %w: a user without a password: add one, or a password file", plan, ErrURL)
	}
	if s.tls != nil && plan.tls == nil {
		return nil, fmt.Errorf("connect to %s: a CA or client certificate is given, but the URL is not a rediss one", plan)
	}
	if s.sentinels != "" && plan.failover == nil {
		return nil, fmt.Errorf("connect to %s: a password for sentinels is given, but the URL is not a redis+sentinel one", plan)
	}
	c := newConn(plan, s)
	if err := c.Ping(ctx); err != nil {
		_ = c.Close()
		return nil, fmt.Errorf("connect to %s: %w", plan, err)
	}
	return c, nil
}

func newSettings(opts []Option) (*settings, error) {
	s := &settings{timeout: defaultTimeout}
	for _, o := range opts {
		if err := o(s); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Wrap makes a Conn from the options of a client that the program has: a
// *redis.Client (plain or for failover by sentinels) or a *redis.ClusterClient.
// It opens connections of its own, since blocking reads must not starve the
// client's pool and its silent retries would add entries twice; it never closes
// the client, and a failover client must stay open for as long as the Conn is
// used. Any other kind of client gives a Conn whose every call fails and says so.
func Wrap(rdb redis.UniversalClient, opts ...Option) *Conn {
	s, err := newSettings(opts)
	if err != nil {
		return &Conn{broken: fmt.Errorf("%w: %w", errUnusable, err), settings: &settings{timeout: defaultTimeout}}
	}
	switch client := rdb.(type) {
	case *redis.Client:
		o := *client.Options()
		return newConn(&plan{simple: &o, where: o.Addr}, s)
	case *redis.ClusterClient:
		o := *client.Options()
		return newConn(&plan{cluster: &o, where: strings.Join(o.Addrs, ",")}, s)
	}
	return &Conn{broken: fmt.Errorf("%w: wrap %T: want a *redis.Client or a *redis.ClusterClient", errUnusable, rdb), settings: s}
}
