package poll

import (
	"context"
	"crypto/sha1" //nolint:gosec // Redis names scripts by SHA-1; nothing secret hangs on it
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/leat-io/leat/stac"
	"github.com/leat-io/leat/stream"
)

// The scripts, one file each in scripts/.
var (
	//go:embed scripts/publish.lua
	publishLua string
	//go:embed scripts/lease.lua
	leaseLua string

	publishScript, leaseScript = newScript(publishLua), newScript(leaseLua)
)

// script is sent by its SHA-1, and in full when the server does not know it.
type script struct{ source, sha string }

func newScript(source string) script {
	sum := sha1.Sum([]byte(source)) //nolint:gosec // see the import
	return script{source, hex.EncodeToString(sum[:])}
}

// store is what is kept of one source in Redis, in the slot of its stream.
type store struct {
	conn   *stream.Conn
	source string
	stream string
	// Keys; see [stream.Keys.Stac].
	lease, state, seen, lags, nodes string
	ttl                             time.Duration
}

func newStore(conn *stream.Conn, name, source string, ttl time.Duration) (*store, error) {
	keys, err := stream.KeysOf(name)
	if err != nil {
		return nil, err
	}
	return &store{
		conn: conn, source: source, stream: name, ttl: ttl,
		lease: keys.Stac("lease", source), state: keys.Stac("state", source),
		seen: keys.Stac("seen", source), lags: keys.Stac("lags", source), nodes: keys.Stac("nodes", source),
	}, nil
}

// backfill is the same, with a lease and a state of its own: what was published
// is known to both.
func (s *store) backfill() *store {
	other := *s
	keys, err := stream.KeysOf(s.stream)
	if err == nil { // it was checked by newStore
		other.lease, other.state = keys.Stac("backfill-lease", s.source), keys.Stac("backfill-state", s.source)
	}
	return &other
}

func (s *store) wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s of source %s in the slot of stream %s: %w", what, s.source, s.stream, err)
}

func (s *store) run(ctx context.Context, sc script, keys []any, args ...any) (any, error) {
	all := append([]any{"EVALSHA", sc.sha, len(keys)}, append(keys, args...)...)
	reply, err := s.conn.Do(ctx, s.stream, all...)
	if stream.Code(err) == "NOSCRIPT" {
		all[0], all[1] = "EVAL", sc.source
		reply, err = s.conn.Do(ctx, s.stream, all...)
	}
	return reply, err
}

// take tries to get the lease: 0, or how long somebody else's lasts.
func (s *store) take(ctx context.Context, token string) (time.Duration, error) {
	ms, err := s.leased(ctx, "take", token)
	return time.Duration(ms) * time.Millisecond, s.wrap("take the lease", err)
}

// keep begins the lease anew; false when it is lost.
func (s *store) keep(ctx context.Context, token string) (bool, error) {
	mine, err := s.leased(ctx, "keep", token)
	return mine == 1, s.wrap("keep the lease", err)
}

// leave gives the lease back.
func (s *store) leave(ctx context.Context, token string) error {
	_, err := s.leased(ctx, "leave", token)
	return s.wrap("leave the lease", err)
}

func (s *store) leased(ctx context.Context, what, token string) (int64, error) {
	reply, err := s.run(ctx, leaseScript, []any{s.lease}, what, token, s.ttl.Milliseconds())
	n, _ := reply.(int64)
	return n, err
}

// load reads the state into v; false where there is none.
func (s *store) load(ctx context.Context, v any) (bool, error) {
	reply, err := s.conn.Do(ctx, s.stream, "HGET", s.state, "state")
	text, ok := reply.(string)
	if err != nil || !ok {
		return false, s.wrap("load the state", err)
	}
	if err := json.Unmarshal([]byte(text), v); err != nil {
		return false, s.wrap("decode the state", err)
	}
	return true, nil
}

// publish runs the script about one batch until it is known to have run, the
// lease is lost, or ctx ends, and returns a letter for each operation. Repeating it
// is harmless: what it did the first time it finds done.
func (s *store) publish(ctx context.Context, token string, pass int64, state []byte, operations []any) (letters string, err error) {
	args := append([]any{token, s.ttl.Milliseconds(), pass, state}, operations...)
	keys := []any{s.stream, s.lease, s.state, s.seen, s.lags}
	schedule := backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(50*time.Millisecond), backoff.WithMaxInterval(2*time.Second), backoff.WithMaxElapsedTime(0))
	try := func() error {
		reply, err := s.run(ctx, publishScript, keys, args...)
		switch class := stream.Classify(err); {
		case stream.Code(err) == "FENCED":
			return backoff.Permanent(fmt.Errorf("%w: %w", ErrLeaseLost, err))
		case err != nil && class != stream.ClassNotExecuted && class != stream.ClassUnknown:
			return backoff.Permanent(err)
		case err != nil:
			return err
		}
		letters, _ = reply.(string)
		return nil
	}
	if err = backoff.Retry(try, backoff.WithContext(schedule, ctx)); err != nil && ctx.Err() != nil && !errors.Is(err, ErrLeaseLost) {
		err = fmt.Errorf("%w: %w", context.Cause(ctx), err)
	}
	return letters, s.wrap("publish items", err)
}

// Load is the cache of a static catalog's nodes; see [stac.Cache].
func (s *store) Load(ctx context.Context, url string) (node stac.Node, ok bool, err error) {
	reply, err := s.conn.Do(ctx, s.stream, "HGET", s.nodes, url)
	text, ok := reply.(string)
	if err != nil || !ok {
		return node, false, s.wrap("load a node", err)
	}
	if json.Unmarshal([]byte(text), &node) != nil { // it is read again
		return stac.Node{}, false, nil //nolint:nilerr // what cannot be read is not known
	}
	return node, true, nil
}

// Store keeps a node.
func (s *store) Store(ctx context.Context, url string, node stac.Node) error {
	text, err := json.Marshal(node)
	if err == nil {
		_, err = s.conn.Do(ctx, s.stream, "HSET", s.nodes, url, text)
	}
	return s.wrap("keep a node", err)
}
