package monitoring_test

import (
	"context"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/producer"
	"github.com/leat-io/leat/test/monitoring/plant"
)

func TestMain(m *testing.M) { redistest.Main(m) }

// site is a plant that looks like what people run: two groups, a program that publishes, and pollers of two sources.
type site struct {
	*plant.Plant
	hook    *plant.Receiver
	app     *plant.Program
	catalog *plant.Catalog
	doomed  *plant.Process // the worker that is killed
}

func begin(t *testing.T) *site {
	t.Helper()
	// What was stored is there again when Redis is.
	s := &site{Plant: plant.New(t, plant.Config{Redis: []redistest.Option{redistest.AOF("always")}})}
	s.hook = s.Receiver()
	s.app = s.Program("shop", producer.Config{BatchEvents: 10})
	work := func(name, stream, group string) *plant.Process {
		return s.Worker(name, stream, group, "--webhook", s.hook.URL, "--lease", "1s", "--concurrency", "4", "--backoff-min", "100ms",
			"--backoff-max", "1s", "--max-attempts", "3", "--max-deliveries", "3", "--webhook-timeout", "5s")
	}
	s.doomed = work("worker-1", "orders", "billing")
	work("worker-2", "orders", "billing")
	work("worker-3", "images", "thumbnails")

	s.catalog = s.Catalog()
	s.catalog.Add(20, 30*time.Hour, 24*time.Hour)
	poll := append([]string{"stac", "poll", "--stream", "items", "--interval", "300ms", "--reconcile", "1s"}, s.catalog.Flags()...)
	everything := append(poll[:len(poll):len(poll)], "--name", "everything", "--since", "all")
	s.Run(append(everything, "--once")...)
	s.remember("everything")
	s.Start("poller-1", everything...)
	s.Start("poller-2", append(poll[:len(poll):len(poll)], "--name", "from-now", "--from-now")...)
	return s
}

// remember makes a source look as if it had been polled for days: it takes changes on two of them to know its rhythm.
func (s *site) remember(source string) {
	s.T.Helper()
	ctx, rdb, key := s.T.Context(), s.Server.Client(s.T), "leat:{items}:stac:state:"+source
	text, err := rdb.HGet(ctx, key, "state").Result()
	require.NoError(s.T, err)
	state := map[string]any{}
	require.NoError(s.T, json.Unmarshal([]byte(text), &state))
	now := time.Now().UTC()
	day := func(ago int) string { return now.AddDate(0, 0, -ago).Format(time.DateOnly) }
	state["rhythm"] = map[string]any{
		"first": now.AddDate(0, 0, -8), "last": now, "looked": now, "pauses": map[string]int{day(1): 3600, day(2): 60},
	}
	changed, err := json.Marshal(state)
	require.NoError(s.T, err)
	require.NoError(s.T, rdb.HSet(ctx, key, "state", changed).Err())
}

// load publishes events of all kinds, and adds items, until the function is called that it returns.
func (s *site) load() (stop func()) {
	ctx, cancel := context.WithCancel(s.T.Context())
	var done sync.WaitGroup
	done.Go(func() {
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for ; ctx.Err() == nil; <-tick.C {
			for kind, n := range map[string]int{plant.Good: 5, plant.Slow: 1, plant.Flaky: 1, plant.Bad: 1, plant.Fail: 1} {
				for _, stream := range []string{"orders", "images"} {
					_ = s.app.Publish(ctx, stream, kind, n) // Redis is away at times
				}
			}
			s.catalog.Add(1, time.Hour)
		}
	})
	return func() {
		cancel()
		done.Wait()
	}
}

// faults kills a worker in the middle of its work, and starts it again once another one has taken over what it had; and takes
// Redis away for a while. Prometheus has to see both.
func (s *site) faults() {
	s.T.Helper()
	require.NoError(s.T, s.app.Publish(s.T.Context(), "orders", plant.Hang, 16))
	s.Await(`leat_deliveries_running{instance="worker-1"} == 4`)
	s.doomed.Kill()
	s.Await(`up{instance="worker-1"} == 0`)
	s.Await(`leat_deliveries_taken_total{how="reclaimed"} > 0`)
	s.hook.Release()
	s.doomed.Restart()

	s.Server.Kill()
	s.Await(`leat_server_up{instance="worker-2"} == 0`)
	s.Await(`sum(leat_redis_errors_total{instance="worker-2"}) > 0`)
	s.Server.Restart()
	s.Await(`sum(leat_redis_reconnects_total{instance="worker-2"}) > 0`)
	s.Await(`sum(leat_publish_retries_total{instance="shop"}) > 0`)
	s.Await(`sum(leat_group_dead_letters) > 0`)
}
