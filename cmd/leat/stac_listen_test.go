package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
)

// answers is the status of one of the paths of --listen; 0 for none.
func (p *process) answers(path string) int {
	p.t.Helper()
	address, _ := p.logged("answers health checks")["address"].(string)
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}).Get("http://" + address + path)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	return resp.StatusCode
}

func TestStacPollShowsHowItIs(t *testing.T) {
	t.Parallel()
	server := newStacServer(t, 12)
	s := newScene(t)
	s.server = redistest.Start(t)
	poller := func() *process {
		return call{}.start(t, s.stac(server, "poll", "--since", "all", "--interval", "50ms", "--lease", "1s", "--listen", "127.0.0.1:0", "--log-level", "info")...)
	}
	first := poller()
	until(t, "all are published", func() bool { return first.scrape().of("leat_stac_events_published_total") == 12 })
	require.Equal(t, 1, first.scrape().of("leat_stac_leading"))
	require.Equal(t, 1, first.scrape().of("leat_build_info"))
	require.GreaterOrEqual(t, first.scrape().sum("leat_stac_items_discovered_total", "collection", "c"), 12)
	for _, path := range []string{"/livez", "/readyz", "/startupz"} {
		require.Equal(t, 200, first.answers(path), path)
	}

	second := poller()
	until(t, "who waits is ready", func() bool { return second.answers("/readyz") == 200 })
	require.Equal(t, 200, second.answers("/startupz"))
	require.Equal(t, 0, second.scrape().of("leat_stac_leading"))
	require.Contains(t, second.scrape(), "leat_stac_leading")
	first.signal(9)
	until(t, "the other one takes over", func() bool { return second.scrape().of("leat_stac_leading") == 1 })

	s.server.Stop()
	until(t, "redis is away", func() bool { return second.answers("/readyz") == 503 })
	require.Equal(t, 200, second.answers("/livez"), "a restart would not bring it back")
	require.Equal(t, 200, second.answers("/startupz"))
	s.server.Restart()
	until(t, "redis is back", func() bool { return second.answers("/readyz") == 200 })
	second.drain()
}

func TestStacPollBeforeRedisIsThere(t *testing.T) {
	t.Parallel()
	p := call{}.start(t, "stac", "poll", "--redis", "redis://127.0.0.1:1", "--stream", "s", "--api", "http://127.0.0.1:1", "--from-now", "--listen", "127.0.0.1:0", "--log-level", "info")
	require.Equal(t, 503, p.answers("/readyz"))
	require.Equal(t, 503, p.answers("/startupz"))
	require.Equal(t, 200, p.answers("/livez"))
	p.drain()
}

func TestStacBackfillShowsHowItIsWhenAsked(t *testing.T) {
	t.Parallel()
	s, server := newScene(t), newStacServer(t, 3)
	r := leat(t, s.stac(server, "backfill", "--since", "all", "--listen", "127.0.0.1:0")...)
	require.Equal(t, 0, r.code, r.stderr)
	require.Contains(t, r.stderr, "answers health checks")
	for _, args := range [][]string{{"backfill", "--since", "all"}, {"poll", "--since", "all", "--once", "--log-level", "info"}} {
		// An empty variable is as good as none.
		r = call{env: []string{"LEAT_LISTEN="}}.leat(t, s.stac(server, args[0], args[1:]...)...)
		require.Equal(t, 0, r.code, r.stderr)
		require.NotContains(t, r.stderr, "answers health checks")
	}
	taken := newStacServer(t, 0)
	r = leat(t, s.stac(server, "poll", "--since", "all", "--listen", strings.TrimPrefix(taken.URL, "http://"))...)
	require.Equal(t, 1, r.code)
	require.Contains(t, r.stderr, "listen for health checks")
}

// A file of sources goes with --listen.
func TestStacPollOfAFileShowsItsNames(t *testing.T) {
	t.Parallel()
	s, server := newScene(t), newStacServer(t, 3)
	config := file(t, "sources.yaml", "sources: [{name: one, api: \""+server.URL+"\", allow-networks: [127.0.0.0/8], since: all, interval: 50ms}]")
	p := call{}.start(t, "stac", "poll", "--config", config, "--stream", s.stream, "--redis", s.server.URL(), "--listen", "127.0.0.1:0", "--log-level", "info")
	until(t, "the name is the label", func() bool { return p.scrape().sum("leat_stac_events_published_total", "source", "one") == 3 })
	at := time.Now().Unix()
	require.InDelta(t, at, p.scrape().of("leat_stac_last_complete_pass_timestamp_seconds"), 30)
	p.drain()
}
