package rules_test

import (
	"fmt"
	"net"
	"os/exec"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/producer"
	"github.com/leat-io/leat/stream"
	"github.com/leat-io/leat/test/monitoring/plant"
)

// ofRedis are the faults of what workers and producers find in a Redis that is there.
var ofRedis = []scenario{
	{
		"a worker may not read, take over or make groups any more, and its group is deleted",
		[]string{`LeatGroupNotWorked{stream="starved"}`, `LeatEntriesUnclaimed{stream="unclaimed"}`, `LeatGroupMissing{stream="missing"}`, `LeatRedisErrors{loop="fetcher", class="rejected"}`},
		[]string{`LeatGroupRestored{stream="missing"}`},
		limits,
	},
	{"a worker may not look at its stream any more", []string{`LeatCollectionOld{stream="blind"}`}, nil, blinds},
	{"a stream grows and grows", []string{`LeatStreamGrows{stream="big"}`}, nil, grows},
	{"a key that events are published to is no stream", []string{`LeatPublishFails{stream="plain"}`}, nil, refuses},
	{"the replica that a producer wants is not there", []string{`LeatPublishNotDurable{stream="careful"}`, `LeatPublishBlocked{stream="careful"}`}, nil, waitsForAReplica},
}

// outage are those of one that is not.
var outage = []scenario{
	{"Redis stands still, and dies", []string{`LeatPublishUnknown{stream="orders"}`, `LeatRedisAway{job="leat"}`, `LeatPublishStalls{instance="stalled"}`}, nil, dies},
}

// empty are those of a Prometheus that scrapes nothing.
var empty = []scenario{
	{"nothing of leat is scraped", []string{`LeatAbsent{severity="critical"}`}, nil, beginsLate},
}

// user makes a user of Redis who may do everything, and the URL by which a worker is he.
func (l *live) user(name string) (url string) {
	l.T.Helper()
	l.redis("ACL", "SETUSER", name, "on", ">secret", "~*", "&*", "+@all")
	return "redis://" + name + ":secret@" + l.Server.Addr()
}

func limits(l *live) steps {
	hook := l.Receiver()
	l.Worker("limited", "starved", "limited", "--stream", "unclaimed", "--stream", "missing", "--webhook", hook.URL, "--lease", "3s", "--redis", l.user("limited"))
	return steps{func() {
		l.Await(`count(leat_groups_restored_total{instance="limited"} == 0) == 3`)
		l.redis("ACL", "SETUSER", "limited", "-xreadgroup", "-xautoclaim", "-xgroup")
		l.Await(`count(leat_redis_errors_total{instance="limited", loop="fetcher", class="rejected"}) == 3`)
		l.publish("starved", plant.Good, 5)
		l.publish("unclaimed", plant.Good, 3)
		require.NoError(l.T, l.rdb.XReadGroup(l.T.Context(), &redis.XReadGroupArgs{
			Group: "limited", Consumer: "dead", Streams: []string{"unclaimed", ">"}, Count: 3, Block: -1,
		}).Err())
		l.redis("XGROUP", "DESTROY", "missing", "limited")
	}, func() {
		l.redis("ACL", "SETUSER", "limited", "+xreadgroup", "+xautoclaim", "+xgroup")
	}}
}

func blinds(l *live) steps {
	hook := l.Receiver()
	l.Worker("blind", "blind", "blind", "--webhook", hook.URL, "--redis", l.user("blind"))
	return steps{func() {
		l.Await(`leat_server_collection_age_seconds{stream="blind"}`)
		l.redis("ACL", "SETUSER", "blind", "-xinfo")
	}, func() { l.redis("ACL", "SETUSER", "blind", "+xinfo") }}
}

// grows: the worker main has the group.
func grows(l *live) steps {
	var stop func()
	data := make([]byte, 64<<10)
	n := 0
	return steps{func() {
		stop = l.often(func() {
			n++
			_, _ = l.shop.Producer.Publish(l.T.Context(), "big", stream.Event{ID: fmt.Sprint("big-", n), Source: "/plant", Type: plant.Good, Data: data})
		})
	}, func() {
		stop()
		l.redis("XTRIM", "big", "MAXLEN", 0)
	}}
}

func refuses(l *live) steps {
	var stop func()
	return steps{func() {
		l.redis("SET", "plain", "text")
		stop = l.feed("plain", plant.Good)
	}, func() { stop() }}
}

// waitsForAReplica: four callers want to send as fast as they can, and each pipeline waits for a replica in vain.
func waitsForAReplica(l *live) steps {
	app := l.Program("careful", producer.Config{Replicas: 1, DurabilityTimeout: 200 * time.Millisecond, MaxPending: 1})
	var stops []func()
	return steps{func() {
		for range 4 {
			stops = append(stops, l.often(func() {
				app.Producer.Send(l.T.Context(), "careful", stream.Event{Source: "/plant", Type: plant.Good, Data: []byte("{}")})
			}))
		}
	}, func() {
		for _, stop := range stops {
			stop()
		}
	}}
}

// crashes starts a worker at a port of its own, so that Prometheus need not be told each time.
func crashes(l *live) steps {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(l.T, err)
	address := listener.Addr().String()
	require.NoError(l.T, listener.Close())
	start := func() (kill func()) {
		cmd := exec.CommandContext(l.T.Context(), plant.Leat(l.T), "worker", "--stream", "crash", "--group", "billing", "--webhook", "http://127.0.0.1:1", "--listen", address, "--redis", l.Server.URL())
		require.NoError(l.T, cmd.Start())
		return func() { _, _ = cmd.Process.Kill(), cmd.Wait() }
	}
	l.Prometheus.Add("crash", address)
	return steps{fault: func() {
		seen := 0.0
		for range 5 {
			kill := start()
			l.Until("Prometheus sees the worker begin", func() bool {
				found, err := l.Prometheus.Query(`process_start_time_seconds{instance="crash"}`)
				if err != nil || len(found) == 0 || found[0].Value <= seen {
					return false
				}
				seen = found[0].Value
				return true
			})
			kill()
		}
	}}
}

// dies: at first it hangs with an event on its way, then it is killed with events in the memory of a producer.
func dies(l *live) steps {
	hook := l.Receiver()
	l.Worker("worker", "orders", "billing", "--webhook", hook.URL)
	quick := stream.WithTimeout(500 * time.Millisecond)
	app := l.Program("hurried", producer.Config{}, quick)
	stalled := l.Program("stalled", producer.Config{RetryFor: time.Hour}, quick)
	return steps{func() {
		require.NoError(l.T, app.Publish(l.T.Context(), "orders", plant.Good, 1))
		require.NoError(l.T, stalled.Publish(l.T.Context(), "orders", plant.Good, 1))
		l.Await(`leat_deliveries_settled_total{instance="worker", outcome="acked"} >= 2`)
		l.Await(`leat_build_info{instance="hurried"} offset 16s`) // else all that it has might be from before it was scraped
		l.Server.Pause()
		_ = app.Publish(l.T.Context(), "orders", plant.Good, 1)
		l.Await(hasFired(`LeatPublishUnknown{stream="orders"}`))
		l.Server.Kill()
		for range 10 {
			stalled.Producer.Send(l.T.Context(), "orders", stream.Event{Source: "/plant", Type: plant.Good, Data: []byte("{}")})
		}
	}, func() {
		l.Server.Restart()
	}}
}

// beginsLate: nothing of leat is scraped, until somebody starts a program.
func beginsLate(l *live) steps {
	return steps{func() {}, func() { l.Program("late", producer.Config{}) }}
}
