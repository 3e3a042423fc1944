package stream

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// noMaintenance: hand-overs of connections announced by the server would move a
// blocked read to another connection without our knowledge.
var noMaintenance = maintnotifications.Config{Mode: maintnotifications.ModeDisabled}

func newRouter(p *plan, s *settings, forReads bool) router {
	if p.cluster != nil {
		return newClusterRouter(p.cluster, s, forReads)
	}
	return &singleRouter{build: func() *redis.Client { return newClient(p, s, forReads) }}
}

// newClient is a client of a single server, or of the master that sentinels name.
func newClient(p *plan, s *settings, forReads bool) *redis.Client {
	var client *redis.Client
	if p.failover != nil {
		o := *p.failover
		var set redis.Options
		set.Username, set.TLSConfig, set.DialTimeout = o.Username, o.TLSConfig, o.DialTimeout
		clientOptions(&set, s, forReads)
		o.MaxRetries, o.ContextTimeoutEnabled = set.MaxRetries, set.ContextTimeoutEnabled
		o.WriteTimeout, o.ReadTimeout, o.PoolTimeout = set.WriteTimeout, set.ReadTimeout, set.PoolTimeout
		o.DisableIdentity, o.PoolSize, o.TLSConfig = set.DisableIdentity, set.PoolSize, set.TLSConfig
		o.DialerRetries, o.DialTimeout = set.DialerRetries, set.DialTimeout
		o.CredentialsProviderContext = set.CredentialsProviderContext
		if s.sentinels != "" {
			o.SentinelPassword = s.sentinels
		}
		client = redis.NewFailoverClient(&o)
	} else {
		o := *p.simple
		clientOptions(&o, s, forReads)
		client = redis.NewClient(&o)
	}
	addHooks(client, s)
	return client
}

func addHooks(client *redis.Client, s *settings) {
	client.AddHook(dialHook{&s.taps})
	for _, h := range s.hooks {
		client.AddHook(h)
	}
	client.AddHook(wireHook{}) // the innermost
}

// dialHook marks every failure to connect as one: whatever went wrong on the way
// to a connection (a sentinel that is away, TLS), nothing was sent.
type dialHook struct{ taps *taps }

func (h dialHook) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := next(ctx, network, addr)
		var opErr *net.OpError
		if err != nil && (!errors.As(err, &opErr) || opErr.Op != "dial") {
			err = &net.OpError{Op: "dial", Net: network, Err: err}
		}
		if err != nil || h.taps == nil {
			return conn, err
		}
		return h.taps.tap(conn), nil
	}
}
func (dialHook) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }
func (dialHook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func mergeTLS(base *tls.Config, s *settings) *tls.Config {
	if base == nil {
		base = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	merged := base.Clone()
	if s.tls.RootCAs != nil {
		merged.RootCAs = s.tls.RootCAs
	}
	if s.tls.GetClientCertificate != nil {
		merged.GetClientCertificate = s.tls.GetClientCertificate
	}
	return merged
}

// singleRouter is one address (a sentinels' master is one: its dialer asks them).
type singleRouter struct {
	build func() *redis.Client

	mu      sync.Mutex
	client  *redis.Client
	rebuilt time.Time
	closed  bool
}

func (r *singleRouter) node(context.Context, string) (*redis.Client, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, redis.ErrClosed
	}
	if r.client == nil {
		r.client = r.build()
	}
	return r.client, nil
}

// note drops the pool when a server turns out to be a replica: behind a name or
// a proxy that follows the master, only a new connection leads to the new one.
func (r *singleRouter) note(err error) {
	if code := Code(err); code != "READONLY" && code != "MASTERDOWN" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.client == nil || r.closed || time.Since(r.rebuilt) < time.Second {
		return
	}
	old := r.client
	r.client, r.rebuilt = r.build(), time.Now()
	_ = old.Close()
}

func (r *singleRouter) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	if r.client == nil {
		return nil
	}
	return r.client.Close()
}

// clusterRouter sends each command to the master of its key's slot. It does not
// use the cluster client's own sending, which repeats commands whose reply was
// lost as often as it follows redirects.
type clusterRouter struct {
	cluster *redis.ClusterClient
}

// reloadEvery is how old the map of slots may be: with go-redis' default of 60 s
// nothing recovers from a failover for that long.
const reloadEvery = time.Second

func newClusterRouter(base *redis.ClusterOptions, s *settings, forReads bool) *clusterRouter {
	o := *base
	o.MaxRedirects = -1
	o.ClusterStateReloadInterval = reloadEvery
	o.DisableIdentity, o.ContextTimeoutEnabled = true, true
	o.ReadOnly, o.RouteByLatency, o.RouteRandomly = false, false, false
	o.MaintNotificationsConfig = &noMaintenance
	if s.tls != nil {
		o.TLSConfig = mergeTLS(o.TLSConfig, s)
	}
	o.NewClient = func(node *redis.Options) *redis.Client {
		clientOptions(node, s, forReads)
		client := redis.NewClient(node)
		addHooks(client, s)
		return client
	}
	return &clusterRouter{redis.NewClusterClient(&o)}
}

func (r *clusterRouter) node(ctx context.Context, key string) (*redis.Client, error) {
	node, err := r.cluster.MasterForKey(ctx, key)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNoNode, err)
	}
	return node, nil
}

// note asks for the map of slots anew when a reply or a failure to connect says
// that it is wrong. The reload goes on in the background.
func (r *clusterRouter) note(err error) {
	if err == nil {
		return
	}
	switch Code(err) {
	case "MOVED", "ASK", "READONLY", "CLUSTERDOWN", "MASTERDOWN":
		r.cluster.ReloadState(context.Background())
	case "":
		if class := Classify(err); class == ClassNotExecuted || class == ClassUnknown {
			r.cluster.ReloadState(context.Background())
		}
	}
}

func (r *clusterRouter) close() error { return r.cluster.Close() }
