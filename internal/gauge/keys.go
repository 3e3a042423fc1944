package gauge

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/leat-io/leat/stream"
)

// group is the consumer group of every stream; the streams are what is unique.
const group = "bench"

// streamName is a stream of the run. The random part is the hash tag, unless the
// prefix has one, so that all streams of a run are on one server.
func streamName(prefix, random, name string) string { return prefix + "{" + random + "}:" + name }

func newRandom() string { return strings.ToLower(rand.Text()[:10]) }

// keysOf are all keys that belong to a stream of the run.
func keysOf(name string) ([]any, error) {
	keys, err := stream.KeysOf(name)
	if err != nil {
		return nil, err
	}
	return []any{keys.Stream, keys.Retry(group), keys.Failures(group), keys.Dead(group)}, nil
}

// survival is how much longer than the run a key lives that nobody deletes: the one
// of a process that was killed.
const survival = 5 * time.Minute

// create makes a stream with its group at the beginning.
func (r *run) create(ctx context.Context, purpose string) (name string, err error) {
	r.streams++
	name = streamName(r.cfg.Prefix, r.random, fmt.Sprintf("%s:%d", purpose, r.streams))
	r.names = append(r.names, name)
	g, err := r.conn.Group(name, group, stream.DeadLetter{})
	if err != nil {
		return "", err
	}
	if _, err := g.Create(ctx, stream.Oldest()); err != nil {
		return "", err
	}
	// Not every user may do that, and nothing depends on it.
	_, _ = r.door.do(ctx, "PEXPIRE", name, (r.cfg.Duration + survival).Milliseconds())
	return name, nil
}

// erase deletes what belongs to streams of the run.
func (r *run) erase(ctx context.Context, names ...string) error {
	var all []any
	for _, name := range names {
		keys, err := keysOf(name)
		if err != nil {
			return err
		}
		all = append(all, keys...)
	}
	if len(all) == 0 {
		return nil
	}
	// UNLINK frees the memory in the background; a user may be without it.
	_, err := r.door.do(ctx, append([]any{"UNLINK"}, all...)...)
	if stream.Classify(err) == stream.ClassRejected {
		_, err = r.door.do(ctx, append([]any{"DEL"}, all...)...)
	}
	return err
}

// eraseTries and erasePause: a failover takes a second or two.
const (
	eraseTries = 20
	erasePause = 250 * time.Millisecond
)

// eraseAll deletes everything that the run has made. It is the last thing that is
// sent: what wrote has ended by then. Where it has not been seen to end, because the
// server hung or the connection broke, events may come later and make a stream anew;
// there the deleted streams' names are taken for a while, by keys that expire.
func (r *run) eraseAll(ctx context.Context, unsure bool) error {
	var err error
	for range eraseTries {
		if err = r.erase(ctx, r.names...); err == nil {
			if unsure {
				r.occupy(ctx)
			}
			return nil
		}
		if class := stream.Classify(err); class == stream.ClassRejected || class == stream.ClassCanceled {
			break
		}
		if wait(ctx, erasePause) != nil {
			break
		}
	}
	return fmt.Errorf("delete the keys of this run at %s: %w; delete what is called %s* and leat:{%s}* there, or wait for %s, after which streams expire",
		r.door.conn, err, streamName(r.cfg.Prefix, r.random, ""), r.random, r.cfg.Duration+survival)
}

// occupied is for how long names stay taken: what is on its way comes sooner.
const occupied = 10 * time.Second

// occupy makes late events fail (WRONGTYPE). Where it cannot be done, at the
// server's maxmemory for one, late events are refused as well, or must be hoped not
// to come.
func (r *run) occupy(ctx context.Context) {
	for _, name := range r.names {
		if _, err := r.door.do(ctx, "SET", name, "", "PX", occupied.Milliseconds()); err != nil {
			return
		}
	}
}

// wait waits for d, or until ctx ends.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// errReplica says that the server takes no writes of anybody but its master.
var errReplica = errors.New("it is a replica, which is not written to: give the URL of its master, or of the sentinels or the cluster that know it")
