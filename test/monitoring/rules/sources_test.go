package rules_test

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/stac"
	"github.com/leat-io/leat/stac/poll"
	"github.com/leat-io/leat/stac/pollmetrics"
	"github.com/leat-io/leat/stream"
)

// ofSources are the faults of sources and pollers.
var ofSources = []scenario{
	{
		"a server answers 404, hangs, ends before it has sent all, takes in what is old, and sends an item that no event has room for",
		[]string{
			`LeatStacSourceFails{source="failing"}`, `LeatStacSourceBehind{source="hanging"}`, `LeatStacSourceTruncates{source="truncating"}`,
			`LeatStacItemsMissed{source="late"}`, `LeatStacItemsBad{source="broken"}`,
		},
		nil, sourcesFail,
	},
	{"the only poller of a source is killed", []string{`LeatStacPollersMissing{source="gone"}`}, nil, pollerDies},
	{"somebody who is not scraped holds a source", []string{`LeatStacNobodyLeads{source="held"}`}, nil, isHeld},
	{"a source changed twice a day, and has not for weeks", []string{`LeatStacSourceSilent{source="silent"}`}, nil, isSilent},
}

// endless is an ID that no event has room for.
var endless = strings.Repeat("x", 70_000)

// poller starts `leat stac poll` for one source of a server that is well.
func (l *live) poller(instance, source string, s *stacServer) interface {
	Kill()
	Restart()
	Forget()
} {
	return l.Start(instance, "stac", "poll", "--api", s.url(source), "--name", source, "--stream", "stac-"+source, "--since", "all",
		"--interval", "1s", "--strategy", "rescan", "--lease", "2s", "--allow-network", "127.0.0.0/8")
}

// sourcesFail has a source for each thing that a server may do wrong, all polled by one process.
func sourcesFail(l *live) steps {
	s := newSTACServer(l.T, "failing", "hanging", "truncating", "late", "broken")
	var file strings.Builder
	file.WriteString("sources:\n")
	for _, name := range s.names {
		fmt.Fprintf(&file, "  - {name: %s, api: %q, stream: stac-%s, since: all, interval: 1s, strategy: rescan, overlap: 1h, allow-networks: [127.0.0.0/8]", name, s.url(name), name)
		if name == "late" {
			file.WriteString(", reconcile: 3s")
		}
		file.WriteString("}\n")
	}
	path := filepath.Join(l.T.TempDir(), "sources.yaml")
	require.NoError(l.T, os.WriteFile(path, []byte(file.String()), 0o600))
	l.Start("sources", "stac", "poll", "--config", path)
	l.T.Cleanup(s.well) // what hangs ends
	return steps{func() {
		l.Await(`count(leat_stac_last_complete_pass_timestamp_seconds{instance="sources"}) == 5`)
		l.Await(`sum(leat_stac_passes_total{source="late", strategy="reconcile", outcome="complete"}) > 1`)
		s.put("late", "an old one", time.Now().AddDate(0, 0, -40))
		s.put("broken", endless, time.Now())
		s.ill()
	}, func() {
		s.remove("broken", endless)
		s.well()
	}}
}

func pollerDies(l *live) steps {
	p := l.poller("gone", "gone", newSTACServer(l.T, "gone"))
	return steps{func() {
		l.Await(`leat_stac_leading{source="gone"} == 1`)
		p.Kill()
	}, p.Restart}
}

func isHeld(l *live) steps {
	s := newSTACServer(l.T, "held")
	holds := l.poller("holds", "held", s)
	return steps{func() {
		l.Await(`leat_stac_leading{instance="holds"} == 1`)
		l.poller("waits", "held", s)
		l.Await(`leat_stac_leading{instance="waits"} == 0`)
		holds.Forget()
	}, holds.Kill}
}

// isSilent: a poller of this process whose clock is set learns that something changes every twelve hours; four weeks later another
// one goes on with what it knew.
func isSilent(l *live) steps {
	s := newSTACServer(l.T, "silent")
	conn, err := stream.Dial(l.T.Context(), l.Server.URL())
	require.NoError(l.T, err)
	reg := prometheus.NewRegistry()
	var clock atomic.Int64 // 0 is the machine's
	now := func() time.Time {
		if at := clock.Load(); at > 0 {
			return time.Unix(at, 0)
		}
		return time.Now()
	}
	poller := func(interval time.Duration, hooks poll.Hooks) *poll.Poller {
		p, err := poll.New(conn, poll.Config{
			Stream: "stac-silent", Now: now, Hooks: hooks, Sources: []poll.Source{{
				Name: "silent", Start: poll.Since(time.Time{}), Strategy: poll.Rescan, Interval: interval,
				Client: stac.ClientConfig{URL: s.url("silent"), AllowNetworks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, RetryFor: stac.NoRetry},
			}},
		})
		require.NoError(l.T, err)
		return p
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	started := false
	l.T.Cleanup(func() {
		cancel()
		if started {
			<-ended
		}
		_ = conn.Close()
	})
	l.Serve("silent", reg)
	return steps{func() {
		const halfDay = 12 * time.Hour
		for at := time.Now().AddDate(0, 0, -30); at.Before(time.Now().AddDate(0, 0, -26)); at = at.Add(halfDay) {
			clock.Store(at.Unix())
			s.put("silent", fmt.Sprint("item-", at.Unix()), at.Add(-time.Minute))
			p := poller(halfDay, poll.Hooks{})
			require.NoError(l.T, p.Once(ctx))
			p.Close()
		}
		clock.Store(0)
		p := poller(time.Second, pollmetrics.New(reg).Hooks())
		started = true
		go func() {
			defer close(ended)
			defer p.Close()
			_ = p.Run(ctx)
		}()
	}, func() { s.put("silent", "news", time.Now().Add(-time.Second)) }}
}
