package poll_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/leat-io/leat/deploy/acl"
	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/stac"
	"github.com/leat-io/leat/stac/internal/stactest"
	"github.com/leat-io/leat/stac/poll"
	"github.com/leat-io/leat/stream"
)

// TestPollerUnderItsACL: the user of deploy/acl/poller.acl can do all that a poller does, on every server at hand, and each of its
// rules is needed.
func TestPollerUnderItsACL(t *testing.T) {
	t.Parallel()
	for _, program := range redistest.Installed(t) {
		t.Run(program.String(), func(t *testing.T) {
			t.Parallel()
			s := redistest.Start(t, redistest.Binary(program.Path))
			rules := acl.Poller.Rules("items")
			require.NoError(t, pollsWith(t, s, rules))
			for _, less := range withoutOne(rules) {
				err := pollsWith(t, s, less)
				require.Error(t, err, "nothing needs more than %s", less)
			}
		})
	}
}

// withoutOne is the rules with one of them missing, for each of them; of a selector one of its words at a time.
func withoutOne(rules []string) (all [][]string) {
	for i, rule := range rules {
		if inside, selector := strings.CutPrefix(rule, "("); selector {
			words := strings.Fields(strings.TrimSuffix(inside, ")"))
			for j := range words {
				less := slices.Clone(rules)
				less[i] = "(" + strings.Join(slices.Delete(slices.Clone(words), j, j+1), " ") + ")"
				all = append(all, less)
			}
			continue
		}
		all = append(all, slices.Delete(slices.Clone(rules), i, i+1))
	}
	return all
}

// pollsWith does what pollers do as a user with these rules, on a server that knows nothing of it: new, changed and deleted
// items, a static catalog, a backfill, a count and a comparison. The error is what the server has refused, by its own log: some
// of it a poller can do without.
func pollsWith(t *testing.T, s *redistest.Server, rules []string) error {
	t.Helper()
	rdb := s.Client(t)
	//nolint:forbidigo // the server is this test's
	require.NoError(t, errors.Join(rdb.FlushAll(t.Context()).Err(), rdb.ScriptFlush(t.Context()).Err(), rdb.ACLLogReset(t.Context()).Err()))
	set := []any{"ACL", "SETUSER", acl.Poller.User(), "reset", "on", ">pw"}
	for _, rule := range rules {
		set = append(set, rule)
	}
	require.NoError(t, rdb.Do(t.Context(), set...).Err(), "%s", rules)
	conn, err := stream.Dial(t.Context(), "redis://"+acl.Poller.User()+":pw@"+s.Addr())
	if err == nil {
		defer conn.Close()
		ctx, stop := untilRefused(t.Context(), rdb)
		defer stop()
		l := &lab{t: t, ctx: ctx, server: stactest.New(t, stactest.PgSTAC(), stactest.Items("c", 30, day, time.Hour)...), conn: conn, rdb: rdb, stream: "items"}
		dir, catalog, _ := files(t)
		stactest.Catalog(t, dir, 1, 5)
		err = l.pollAll(catalog)
	}
	refused, logErr := rdb.ACLLog(t.Context(), 1).Result()
	require.NoError(t, logErr)
	if len(refused) > 0 {
		return fmt.Errorf("%s: %s %s: %w", refused[0].Context, refused[0].Reason, refused[0].Object, err)
	}
	require.NoError(t, err)
	return nil
}

// untilRefused ends the context when the server has refused anything: a poller would wait for it, and a test need not.
func untilRefused(ctx context.Context, rdb *redis.Client) (_ context.Context, stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var watching sync.WaitGroup
	watching.Go(func() {
		defer cancel()
		for tick := time.NewTicker(20 * time.Millisecond); ctx.Err() == nil && len(rdb.ACLLog(ctx, 1).Val()) == 0; <-tick.C {
		}
	})
	return ctx, func() { cancel(); watching.Wait() }
}

// pollAll stops at the first error.
func (l *lab) pollAll(catalog string) error {
	api := l.poller(poll.Config{Logger: zap.NewNop(), Sources: []poll.Source{
		l.source(func(s *poll.Source) { s.Name, s.Reconcile = "api", time.Millisecond }),
		l.source(func(s *poll.Source) {
			s.Name, s.Reconcile, s.Start, s.Overlap = "may", time.Millisecond, poll.FromNow(), 0 // which it finds out by itself
			s.Query.Datetime = stac.Interval{Start: day, End: day.AddDate(0, 1, 0)}
		}),
	}})
	static := l.poller(poll.Config{Logger: zap.NewNop(), Sources: []poll.Source{
		l.source(func(s *poll.Source) { s.Name, s.Client = "static", local(catalog) }),
	}})
	keys, err := stream.KeysOf(l.stream)
	require.NoError(l.t, err)
	require.NoError(l.t, l.rdb.Set(l.ctx, keys.Stac("lease", "api"), "another replica", 300*time.Millisecond).Err())
	items := l.server.All()
	for _, step := range []func() error{
		func() error { return api.Once(l.ctx) },
		func() error {
			items[1].Updated = items[1].Updated.Add(time.Hour)
			items[3].Updated, items[3].Datetime = items[3].Updated.Add(time.Hour), day.AddDate(1, 0, 0) // not of May any more
			fresh := stactest.Items("fresh", 1, time.Now().Add(-time.Hour), 0)
			fresh[0].Updated = time.Now()
			l.server.Put(items[1], items[3], fresh[0])
			l.server.Delete("c", items[2].ID)
			return api.Once(l.ctx)
		},
		func() error { return static.Once(l.ctx) },
		func() error {
			_, err := api.Backfill(l.ctx, "api", poll.Backfill{Again: true})
			return err
		},
		func() error {
			_, err := api.Check(l.ctx, "api", poll.Check{Since: day, Until: day.AddDate(0, 0, 2), Stream: true})
			return err
		},
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}
