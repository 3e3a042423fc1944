package redistest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

// group is several servers that work together.
type group []*instance

// add starts one more server with opts and those of the package.
func (g *group) add(in *instance, err error) (*instance, error) {
	if err != nil {
		return nil, err
	}
	*g = append(*g, in)
	return in, in.launch()
}

func (g group) discard() {
	for _, in := range g {
		in.discard()
	}
}

func (g group) logOnFailure(t testing.TB) {
	for _, in := range g {
		in.logOnFailure(t)
	}
}

// find returns the server at host:port.
func (g group) find(addr string) (*instance, error) {
	for _, in := range g {
		if in.Addr() == addr {
			return in, nil
		}
	}
	return nil, fmt.Errorf("no server of this group is at %q", addr)
}

// running returns the servers whose process is there.
func (g group) running() group {
	var live group
	for _, in := range g {
		in.mu.Lock()
		if in.process.running() {
			live = append(live, in)
		}
		in.mu.Unlock()
	}
	return live
}

// each runs look on every server and joins what it finds.
func (g group) each(ctx context.Context, look func(context.Context, *redis.Client) error) error {
	var errs []error
	for _, in := range g {
		if err := in.look(ctx, look); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", in.Addr(), err))
		}
	}
	return errors.Join(errs...)
}

func (g group) addrs() string {
	addrs := make([]string, len(g))
	for i, in := range g {
		addrs[i] = in.Addr()
	}
	return strings.Join(addrs, ",")
}

// look runs do with a client that lives for this call.
func (in *instance) look(ctx context.Context, do func(context.Context, *redis.Client) error) error {
	c := in.newClient()
	defer func() { _ = c.Close() }()
	return do(ctx, c)
}

// info returns a section of INFO as a map.
func info(ctx context.Context, c *redis.Client, section string) (map[string]string, error) {
	text, err := c.Info(ctx, section).Result()
	if err != nil {
		return nil, err
	}
	fields := map[string]string{}
	for line := range strings.SplitSeq(text, "\r\n") {
		if key, value, ok := strings.Cut(line, ":"); ok {
			fields[key] = value
		}
	}
	return fields, nil
}

// isLinkedReplica is nil when the server is a replica that has its master's data and follows it.
func isLinkedReplica(ctx context.Context, c *redis.Client) error {
	fields, err := info(ctx, c, "replication")
	if err != nil {
		return err
	}
	if fields["role"] != "slave" || fields["master_link_status"] != "up" {
		return fmt.Errorf("role %s, link %q: no linked replica", fields["role"], fields["master_link_status"])
	}
	return nil
}

// hasReplicas is nil when the server is a master with at least n replicas online.
func hasReplicas(ctx context.Context, c *redis.Client, n int) error {
	fields, err := info(ctx, c, "replication")
	if err != nil {
		return err
	}
	online := 0
	for key, value := range fields {
		if strings.HasPrefix(key, "slave") && strings.Contains(value, "state=online") {
			online++
		}
	}
	if fields["role"] != "master" || online < n {
		return fmt.Errorf("role %s with %d replicas online, want %d", fields["role"], online, n)
	}
	return nil
}

// plainOnly refuses options that a group cannot have.
func plainOnly(opts []Option) error {
	var set settings
	for _, o := range opts {
		o(&set)
	}
	if set.unix || set.tls || set.password != "" || len(set.users) > 0 {
		return errors.New("redistest: a sentinel or cluster takes AOF, Config and Binary only")
	}
	return nil
}

func (p *port) text() string { return strconv.Itoa(p.number) }
