package poll

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"github.com/leat-io/leat/stac"
	"github.com/leat-io/leat/stream"
)

// Poller polls sources and publishes what changes. Any number of replicas may run
// with the same configuration: each source is polled by one of them at a time,
// and taken over by another one when that dies. Safe for concurrent use.
type Poller struct {
	sources []*source
}

// source is one source and what it takes to poll it.
type source struct {
	cfg *Config
	src Source
	// client remembers the nodes of static catalogs, plain does not.
	client, plain *stac.Client
	// step is how long one step of a pass may take: a request with its pauses.
	step  time.Duration
	store *store
	mint  *mint
	log   *zap.Logger
}

// New makes a poller. An error joins all that is wrong with cfg. It borrows conn,
// and connects to nothing.
func New(conn *stream.Conn, cfg Config) (*Poller, error) {
	cfg, err := cfg.complete()
	if err != nil {
		return nil, err
	}
	p := &Poller{}
	var errs []error
	for i := range cfg.Sources {
		s, err := newSource(conn, &cfg, cfg.Sources[i])
		errs = append(errs, err)
		p.sources = append(p.sources, s)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return p, nil
}

func newSource(conn *stream.Conn, cfg *Config, src Source) (*source, error) {
	st, err := newStore(conn, src.Stream, src.Name, cfg.Lease)
	if err != nil {
		return nil, err
	}
	log := cfg.Logger.With(zap.String("source", src.Name))
	if src.Client.Logger == nil {
		src.Client.Logger = log
	}
	step := stepOf(src.Client) + cfg.Lease // which bounds how long Redis is waited for
	told := src.Client.Hooks.Request
	src.Client.Hooks.Request = func(r stac.RequestInfo) {
		if told != nil {
			told(r)
		}
		cfg.Hooks.Beat(src.Name, step)
		cfg.Hooks.Requested(src.Name, r)
	}
	if src.Client.Limiter == nil { // both clients are one to the server
		src.Client.Limiter = stac.NewLimiter(stac.DefaultRate, stac.DefaultBurst)
	}
	plain, err := stac.NewClient(src.Client)
	if err != nil {
		return nil, fmt.Errorf("source %q: %w", src.Name, err)
	}
	if src.Client.Cache == nil {
		src.Client.Cache = st
	}
	client, err := stac.NewClient(src.Client)
	if err != nil {
		return nil, fmt.Errorf("source %q: %w", src.Name, err)
	}
	return &source{
		step: step, cfg: cfg, src: src, client: client, plain: plain, store: st, log: log,
		mint: &mint{producer: src.Producer, payload: cfg.Payload, maxBytes: cfg.MaxEventBytes, source: client.Source, now: cfg.Now},
	}, nil
}

// stepOf is the longest time between two tries of requests: a pause that the server
// asked for, and a try that is not answered, with the one for a token before it.
func stepOf(c stac.ClientConfig) time.Duration {
	def(&c.Timeout, stac.DefaultTimeout)
	def(&c.MaxRetryAfter, stac.DefaultMaxRetryAfter)
	return 2*c.Timeout + max(c.MaxRetryAfter, stac.DefaultMaxRetryAfter)
}

// beat tells that a step is done and that another one begins.
func (s *source) beat() { s.cfg.Hooks.Beat(s.src.Name, s.step) }

// Close closes idle connections to the servers. Nothing may run any more.
func (p *Poller) Close() {
	for _, s := range p.sources {
		s.client.Close()
		s.plain.Close()
	}
}

// Names are those of the sources, in the order of the configuration.
func (p *Poller) Names() []string {
	names := make([]string, len(p.sources))
	for i, s := range p.sources {
		names[i] = s.src.Name
	}
	return names
}

// Run polls until ctx ends, which is no error. Servers and a Redis that are away
// are waited for. What waiting does not mend ends it: a source without a start
// ([ErrNoStart]), with another query than before ([ErrOtherQuery]), or with a
// strategy that its server does not allow ([ErrStrategy]).
func (p *Poller) Run(ctx context.Context) error {
	group, inner := errgroup.WithContext(ctx)
	for _, s := range p.sources {
		group.Go(func() error {
			if err := s.run(inner); err != nil {
				return fmt.Errorf("source %s: %w", s.src.Name, err)
			}
			return nil
		})
	}
	err := group.Wait()
	if ctx.Err() != nil {
		return nil //nolint:nilerr // it was told to stop
	}
	return err
}

// Once makes one pass over each source, and a sweep where one is due, and returns
// when all have ended: for jobs that something else starts. An error wraps [ErrHeld]
// where another replica polls a source.
func (p *Poller) Once(ctx context.Context) error {
	errs := make([]error, len(p.sources))
	var group errgroup.Group
	for i, s := range p.sources {
		group.Go(func() error {
			if err := s.once(ctx); err != nil {
				errs[i] = fmt.Errorf("source %s: %w", s.src.Name, err)
			}
			return nil
		})
	}
	_ = group.Wait() // each has its own error
	return errors.Join(errs...)
}

// lasting tells whether trying again is of no use.
func lasting(err error) bool {
	return errors.Is(err, ErrNoStart) || errors.Is(err, ErrOtherQuery) || errors.Is(err, ErrStrategy)
}
