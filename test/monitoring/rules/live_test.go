package rules_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/producer"
	"github.com/leat-io/leat/test/monitoring/plant"
)

// scenario is a fault that is made, and what it makes fire.
type scenario struct {
	fault string
	// alerts fire while the fault is there; after, when it is taken away, or soon. Each is an alert with the labels by which its
	// series is known: LeatGroupBehind{stream="orders"}.
	alerts, after []string
	// begin starts what runs, and is healthy.
	begin func(l *live) steps
}

// steps are how a fault is made and taken away. nil is nothing.
type steps struct{ fault, mend func() }

// live is a plant with what all scenarios share.
type live struct {
	*plant.Plant
	rdb  redis.UniversalClient
	shop *plant.Program
}

// TestEveryAlertHasAFault: in the tables of this package. Every recording rule is looked at, too.
func TestEveryAlertHasAFault(t *testing.T) {
	t.Parallel()
	faults := map[string]string{}
	for _, s := range slices.Concat(ofWorkers, ofSources, outage, empty) {
		for _, alert := range slices.Concat(s.alerts, s.after) {
			name, _, _ := strings.Cut(alert, "{")
			faults[name] = s.fault
		}
	}
	for _, name := range alerts(t) {
		require.NotEmpty(t, faults[name], "%s has no fault that makes it fire", name)
		delete(faults, name)
	}
	require.Empty(t, faults, "these are no alerts")
	for _, r := range rules(t) {
		looked := func(in *regexp.Regexp) bool { return in.MatchString(r.Record) }
		require.True(t, r.Record == "" || slices.ContainsFunc(slices.Collect(maps.Values(recordedIn)), looked), "nobody looks whether %s has data", r.Record)
	}
}

// TestEveryAlertFiresAndClears makes every fault, sees in a Prometheus that each alert fires, takes the faults away, and sees that it
// does not fire any more. A minute of the rules is a second here. The faults are made together, since most of the time is waited.
func TestEveryAlertFiresAndClears(t *testing.T) {
	t.Parallel()
	if os.Getenv("LEAT_TEST_ALERTS") == "" {
		t.Skip("SKIPPED, NO ALERT WAS MADE TO FIRE: make test-alerts does, on a machine that has nothing else to do, since a minute is a second here")
	}
	for name, scenarios := range map[string][]scenario{"workers": ofWorkers, "sources": ofSources, "outage": outage, "empty": empty} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := plant.New(t, plant.Config{Scrape: time.Second, Rules: shrunk(t), Redis: []redistest.Option{redistest.AOF("everysec")}})
			l := &live{Plant: p, rdb: p.Server.Client(t)}
			if name != "empty" {
				l.shop = p.Program("shop", producer.Config{})
			}
			l.run(scenarios)
			l.recorded(t, recordedIn[name])
		})
	}
}

func (l *live) run(scenarios []scenario) {
	l.T.Helper()
	made := make([]steps, len(scenarios))
	for i, s := range scenarios {
		made[i] = s.begin(l)
	}
	for i, s := range scenarios {
		l.T.Log("fault: ", s.fault)
		made[i].fault()
	}
	for _, s := range scenarios {
		for _, alert := range s.alerts {
			l.T.Log("fires: ", alert)
			l.Await(hasFired(alert))
		}
	}
	l.texts()
	for i := range made {
		if made[i].mend != nil {
			made[i].mend()
		}
	}
	for _, s := range scenarios {
		for _, alert := range s.after {
			l.T.Log("fires after: ", alert)
			l.Await(hasFired(alert))
		}
	}
	for _, s := range scenarios {
		for _, alert := range slices.Concat(s.alerts, s.after) {
			l.T.Log("clears: ", alert)
			l.AwaitNone(firing(alert))
		}
	}
}

// firing selects an alert that fires now.
func firing(alert string) string {
	name, labels, _ := strings.Cut(strings.TrimSuffix(alert, "}"), "{")
	return `ALERTS{alertname="` + name + `", alertstate="firing", ` + labels + `}`
}

// hasFired is that it has: some end before anybody looks.
func hasFired(alert string) string { return `max_over_time(` + firing(alert) + `[10m])` }

// texts: what alerts say is made without mistakes, and says something.
func (l *live) texts() {
	l.T.Helper()
	resp, err := http.Get(l.Prometheus.URL + "/api/v1/alerts")
	require.NoError(l.T, err)
	defer resp.Body.Close()
	var answer struct {
		Data struct {
			Alerts []struct {
				Annotations map[string]string `json:"annotations"`
			} `json:"alerts"`
		} `json:"data"`
	}
	require.NoError(l.T, json.NewDecoder(resp.Body).Decode(&answer))
	require.NotEmpty(l.T, answer.Data.Alerts)
	for _, alert := range answer.Data.Alerts {
		for _, text := range alert.Annotations {
			require.NotRegexp(l.T, regexp.MustCompile(`<error|<no value>|%!|\s\s|  | for  |^ `), text)
			require.NotEmpty(l.T, text)
		}
	}
}

// recordedIn is in which plant a recording rule has data.
var recordedIn = map[string]*regexp.Regexp{
	"workers": regexp.MustCompile(`^stream|^job:leat_server_up:`),
	"outage":  regexp.MustCompile(`^job:`),
	"sources": regexp.MustCompile(`^source`),
}

// recorded: every recording rule of those has had data, and no rule fails.
func (l *live) recorded(t *testing.T, which *regexp.Regexp) {
	t.Helper()
	for _, r := range rules(t) {
		if r.Record != "" && which != nil && which.MatchString(r.Record) {
			l.Await("last_over_time(" + r.Record + "[10m])")
		}
	}
	loaded, err := l.Prometheus.Rules()
	require.NoError(t, err)
	require.Len(t, loaded, len(rules(t)))
	for _, r := range loaded {
		require.Equal(t, "ok", r.Health, "%s: %s", r.Name, r.Error)
	}
}

// feed publishes events of these types, one of each, five times a second, until it is told to stop. What is not taken is the
// fault's doing.
func (l *live) feed(stream string, kinds ...string) (stop func()) {
	return l.often(func() {
		for _, kind := range kinds {
			_ = l.shop.Publish(l.T.Context(), stream, kind, 1)
		}
	})
}

// often does something five times a second until it is told to stop, or the test ends.
func (l *live) often(do func()) (stop func()) {
	ended, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(200 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-ended:
				return
			case <-ticker.C:
				do()
			}
		}
	}()
	var once bool
	stop = func() {
		if !once {
			once = true
			close(ended)
			<-done
		}
	}
	l.T.Cleanup(stop)
	return stop
}

// publish adds n events of a type.
func (l *live) publish(stream, kind string, n int) {
	l.T.Helper()
	require.NoError(l.T, l.shop.Publish(l.T.Context(), stream, kind, n))
}

// pending waits until as many entries of a stream are pending, at the least.
func (l *live) pending(stream, group string, n int64) {
	l.T.Helper()
	l.Until("entries of "+stream+" are pending", func() bool {
		found, err := l.rdb.XPending(l.T.Context(), stream, group).Result()
		return err == nil && found.Count >= n
	})
}

// redis sends a command that has to succeed.
func (l *live) redis(command ...any) {
	l.T.Helper()
	require.NoError(l.T, l.rdb.Do(l.T.Context(), command...).Err(), command)
}
