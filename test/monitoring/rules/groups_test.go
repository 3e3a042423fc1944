package rules_test

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/metrics"
	"github.com/leat-io/leat/stream"
	"github.com/leat-io/leat/test/monitoring/plant"
)

// ofWorkers are the faults of workers and handlers.
var ofWorkers = append([]scenario{
	{"none: the worker that several of them need", nil, nil, mainWorker},
	{
		"a worker stands still (SIGSTOP), and goes on",
		[]string{`LeatWorkersMissing{stream="lonely"}`, `LeatWorkersDie{stream="shared"}`},
		[]string{`LeatLeasesLost{stream="shared"}`},
		standsStill,
	},
	{"a worker is killed and started again and again", []string{`LeatWorkerRestarts{instance="crash"}`}, nil, crashes},
	{"a hook that does not return keeps the leaser from going on", []string{`LeatLoopStandsStill{loop="leaser", stream="loops"}`}, nil, hangsInALoop},
	{
		"handlers hang, and an entry is deleted that nobody has read, of more than a thousand",
		[]string{`LeatHandlersHang{stream="hang"}`, `LeatUnreadUnknown{stream="hang"}`},
		nil, hangs,
	},
	{"a handler is too slow for what comes", []string{`LeatGroupBehind{stream="behind"}`, `LeatGroupFallsBehind{stream="behind"}`}, nil, isBehind},
	{"one handling in four fails for good", []string{`LeatHandlersFail{stream="some"}`}, nil, fails("some", plant.Good, plant.Good, plant.Good, plant.Bad)},
	{
		"three handlings in four fail for good",
		[]string{`LeatHandlersFailMostly{stream="most"}`, `LeatDeadLettersGrow{stream="most"}`},
		nil, fails("most", plant.Good, plant.Bad, plant.Bad, plant.Bad),
	},
	{"150 entries fail once and wait for a long time", []string{`LeatRetriesPileUp{stream="retries"}`}, nil, retries},
	{"an entry of two hours ago is still handled", []string{`LeatEntryPendingLong{stream="old"}`}, nil, isOld},
	{"a stream is trimmed below what is handled", []string{`LeatPayloadsLost{stream="trimmed"}`}, nil, trims},
	{"somebody acknowledges entries by hand while they are handled", []string{`LeatAcksMissed{stream="acked"}`}, nil, acks},
}, ofRedis...)

// standsStill: what the first worker holds goes to the second; what it alone works on, to nobody.
func standsStill(l *live) steps {
	hook := l.Receiver()
	first := l.Worker("first", "shared", "billing", "--stream", "lonely", "--webhook", hook.URL, "--lease", "3s", "--webhook-timeout", "10m", "--concurrency", "20", "--prefetch", "0")
	second := l.Worker("second", "shared", "billing", "--webhook", hook.URL, "--lease", "3s", "--webhook-timeout", "10m", "--concurrency", "50")
	return steps{func() {
		l.Await(`leat_deliveries_taken_total{instance="second", how="reclaimed"} == 0`)
		l.Await(`leat_deliveries_running{instance="first", stream="lonely"} == 0`)
		second.Pause() // so that the first one has all of them
		l.publish("shared", plant.Hang, 16)
		l.pending("shared", "billing", 16)
		first.Pause()
		second.Resume()
	}, first.Resume}
}

// hangsInALoop is a worker in this process.
func hangsInALoop(l *live) steps {
	ctx, cancel := context.WithCancel(context.Background())
	conn, err := stream.Dial(ctx, l.Server.URL())
	require.NoError(l.T, err)
	reg := prometheus.NewRegistry()
	hang, let, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
	c, err := consumer.New(conn, func(context.Context, *stream.Delivery) error { return nil }, consumer.Config{
		Group: "billing", Streams: []string{"loops"}, Lease: 2 * time.Second,
		Hooks: consumer.JoinHooks(metrics.New(reg).Consumer(), consumer.Hooks{Beat: func(loop, _ string) {
			if loop != "leaser" {
				return
			}
			select {
			case <-hang:
				<-let
			default:
			}
		}}),
	})
	require.NoError(l.T, err)
	go func() {
		defer close(ended)
		_ = c.Run(ctx)
	}()
	l.Serve("loops", reg)
	mend := func() { close(let) }
	l.T.Cleanup(func() {
		select {
		case <-let:
		default:
			mend()
		}
		cancel()
		<-ended
		_ = conn.Close()
	})
	return steps{func() {
		l.Await(`increase(leat_loop_beats_total{stream="loops", loop="leaser"}[5s]) > 0`)
		close(hang)
	}, mend}
}

func hangs(l *live) steps {
	hook := l.Receiver()
	l.Worker("hang", "hang", "hang", "--webhook", hook.URL, "--lease", "3s", "--webhook-timeout", "10m", "--concurrency", "2", "--prefetch", "0")
	return steps{func() {
		l.publish("hang", plant.Hang, 8)
		l.pending("hang", "hang", 2)
		entries, err := l.rdb.XRange(l.T.Context(), "hang", "-", "+").Result()
		require.NoError(l.T, err)
		l.redis("XDEL", "hang", entries[6].ID)
		l.publish("hang", plant.Good, 1100) // what Redis does not know is counted, up to 1,000
	}, func() {
		l.Until("what hangs is handled", func() bool {
			hook.Release()
			return hook.Handled() >= 1107
		})
	}}
}

func isBehind(l *live) steps {
	hook := l.Receiver()
	hook.SlowFor(2 * time.Second)
	l.Worker("behind", "behind", "behind", "--webhook", hook.URL, "--concurrency", "1", "--prefetch", "0")
	return steps{func() { l.publish("behind", plant.Slow, 300) }, func() { hook.SlowFor(0) }}
}

// main is the worker of those that do not mind each other.
func mainWorker(l *live) steps {
	hook := l.Receiver()
	l.Worker("main", "some", "billing", "--stream", "most", "--stream", "retries", "--stream", "big", "--webhook", hook.URL,
		"--lease", "3s", "--webhook-timeout", "10m", "--concurrency", "64", "--backoff-min", "1m", "--backoff-max", "1m")
	return steps{fault: func() { l.Await(`count(leat_group_exists{instance="main"} == 1) == 4`) }}
}

func fails(name string, kinds ...string) func(l *live) steps {
	return func(l *live) steps {
		var stop func()
		return steps{func() { stop = l.feed(name, kinds...) }, func() { stop() }}
	}
}

func retries(l *live) steps { return steps{fault: func() { l.publish("retries", plant.Flaky, 150) }} }

func isOld(l *live) steps {
	hook := l.Receiver()
	l.Worker("old", "old", "old", "--webhook", hook.URL, "--lease", "3s", "--webhook-timeout", "10m")
	return steps{func() {
		added := time.Now().Add(-2 * time.Hour).UnixMilli()
		require.NoError(l.T, l.rdb.XAdd(l.T.Context(), &redis.XAddArgs{
			Stream: "old", ID: fmt.Sprintf("%d-0", added),
			Values: []string{"specversion", "1.0", "id", "old", "source", "/plant", "type", plant.Hang},
		}).Err())
	}, hook.Release}
}

func trims(l *live) steps {
	hook := l.Receiver()
	l.Worker("trimmed", "trimmed", "trimmed", "--webhook", hook.URL, "--lease", "3s", "--webhook-timeout", "10m")
	return steps{func() {
		l.Await(`leat_payloads_lost_total{stream="trimmed"} == 0`)
		l.publish("trimmed", plant.Hang, 3)
		l.pending("trimmed", "trimmed", 3)
		l.redis("XTRIM", "trimmed", "MAXLEN", 0)
	}, hook.Release}
}

func acks(l *live) steps {
	hook := l.Receiver()
	l.Worker("acked", "acked", "acked", "--webhook", hook.URL, "--lease", "1m", "--webhook-timeout", "10m")
	return steps{fault: func() {
		l.Await(`leat_acks_missed_total{stream="acked"} == 0`)
		l.publish("acked", plant.Hang, 3)
		l.pending("acked", "acked", 3)
		entries, err := l.rdb.XRange(l.T.Context(), "acked", "-", "+").Result()
		require.NoError(l.T, err)
		for _, e := range entries {
			l.redis("XACK", "acked", "acked", e.ID)
		}
		l.Until("they are handled", func() bool {
			hook.Release()
			return hook.Handled() >= 3
		})
	}}
}
