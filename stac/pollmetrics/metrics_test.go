package pollmetrics_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/stac"
	"github.com/leat-io/leat/stac/internal/stactest"
	"github.com/leat-io/leat/stac/poll"
	"github.com/leat-io/leat/stac/pollmetrics"
)

func TestWhatAPollerDoes(t *testing.T) {
	t.Parallel()
	l := newLab(t, 30)
	began := float64(time.Now().Unix())
	p, reg := l.poller(nil)
	stop := l.run(p)
	l.sees(reg, "leat_stac_last_complete_sweep_timestamp_seconds source=lab", atLeast(began))
	l.sees(reg, "leat_stac_day_completeness_ratio day="+time.Now().UTC().AddDate(0, 0, -1).Format(time.DateOnly)+" source=lab", is(1))
	all := series(t, reg)
	require.Equal(t, 30.0, all["leat_stac_events_published_total change=create collection=c source=lab"])
	require.Equal(t, 0.0, all["leat_stac_sweep_missing_items source=lab"], "a pass of updated had them all")
	require.Equal(t, 1.0, all["leat_stac_strategy_info source=lab strategy=updated"])
	require.Equal(t, 1.0, all["leat_stac_leading source=lab"])
	require.Equal(t, 0.02, all["leat_stac_interval_seconds source=lab"])
	require.Equal(t, 3600.0, all["leat_stac_sweep_interval_seconds source=lab"])
	require.GreaterOrEqual(t, all["leat_stac_items_discovered_total collection=c source=lab"], 60.0, "by a pass and by the sweep")
	require.GreaterOrEqual(t, all["leat_stac_items_duplicate_total collection=c source=lab"], 30.0)
	require.Greater(t, all["leat_stac_requests_total source=lab status=200"], 5.0)
	require.GreaterOrEqual(t, all["leat_stac_request_duration_seconds source=lab"], all["leat_stac_requests_total source=lab status=200"])
	require.Greater(t, all["leat_stac_read_bytes_total source=lab"], 10_000.0)
	require.GreaterOrEqual(t, all["leat_stac_passes_total outcome=complete source=lab strategy=reconcile"], 1.0)
	require.GreaterOrEqual(t, all["leat_stac_last_change_timestamp_seconds source=lab"], began)
	require.NotContains(t, all, "leat_stac_rhythm_seconds source=lab", "there were changes on one day alone")

	fresh := stactest.Items("c", 31, time.Now().UTC().Add(-time.Hour), time.Second)[30]
	fresh.ID, fresh.Updated = "fresh", time.Now().UTC()
	l.server.Put(fresh)
	l.sees(reg, "leat_stac_publication_lag_seconds collection=c source=lab", is(1))
	l.sees(reg, "leat_stac_events_published_total change=create collection=c source=lab", is(31))

	l.fails()
	l.sees(reg, "leat_stac_passes_total outcome=failed source=lab strategy=updated", atLeast(1))
	l.sees(reg, "leat_stac_requests_total source=lab status=418", atLeast(1))
	stop()
	for name := range series(t, reg) {
		for _, gone := range []string{"timestamp", "day_", "strategy_info", "rhythm", "missing"} {
			require.NotContains(t, name, "leat_stac_"+gone, "it polls no more")
		}
	}
	require.Equal(t, 0.0, series(t, reg)["leat_stac_leading source=lab"])
}

func TestOnlyTheLeaderShowsWhereASourceIs(t *testing.T) {
	t.Parallel()
	l := newLab(t, 5)
	first, of := l.poller(nil)
	stop := l.run(first)
	l.sees(of, "leat_stac_last_complete_pass_timestamp_seconds source=lab", atLeast(1))
	second, waits := l.poller(nil)
	l.run(second)
	l.sees(waits, "leat_stac_leading source=lab", is(0))
	require.NotContains(t, series(t, waits), "leat_stac_last_complete_pass_timestamp_seconds source=lab")
	// What the first one knew is there at once, though the server is away.
	l.fails()
	stop()
	l.sees(waits, "leat_stac_leading source=lab", is(1))
	l.sees(waits, "leat_stac_last_complete_pass_timestamp_seconds source=lab", atLeast(1))
	l.sees(waits, "leat_stac_watermark_timestamp_seconds source=lab", atLeast(1))
	l.sees(waits, "leat_stac_last_change_timestamp_seconds source=lab", atLeast(1))
}

func TestSeriesAreBounded(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	h := pollmetrics.New(reg).Hooks()
	for i := range 1000 {
		h.Discovered("a", fmt.Sprint("c", i), 1)
		h.Counted("a", poll.Day{Day: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, i).Format(time.DateOnly), Server: 4, Missing: 1})
		h.Requested("a", stac.RequestInfo{Status: i})
	}
	h.Discovered("b", "another source's", 1)
	h.Passed("a", poll.Pass{Strategy: poll.Reconcile})
	count := map[string]int{}
	for name := range series(t, reg) {
		count[strings.Fields(name)[0]]++
	}
	all := series(t, reg)
	require.Equal(t, 202, count["leat_stac_items_discovered_total"])
	require.Equal(t, 800.0, all["leat_stac_items_discovered_total collection=_other source=a"])
	require.Equal(t, 31, count["leat_stac_day_completeness_ratio"])
	require.Equal(t, 0.75, all["leat_stac_day_completeness_ratio day=2028-09-26 source=a"], "the newest")
	require.Equal(t, 1000.0, all["leat_stac_sweep_missing_items source=a"])
	require.Less(t, count["leat_stac_requests_total"], 80)
	require.Equal(t, 1.0, all["leat_stac_requests_total source=a status=none"])

	h.Discovered("a", "no \xff UTF-8", 1)
	h.Discovered("c", "no \xff UTF-8", 1)
	require.Equal(t, 1.0, series(t, reg)["leat_stac_items_discovered_total collection=no \uFFFD UTF-8 source=c"])
}

func TestHowAPassEnds(t *testing.T) {
	t.Parallel()
	for want, p := range map[string]poll.Pass{
		"complete":    {},
		"truncated":   {Truncated: true, Err: stac.ErrIncomplete},
		"failed":      {Err: errors.New("504")},
		"interrupted": {Err: fmt.Errorf("search: %w", context.Canceled)},
	} {
		reg := prometheus.NewRegistry()
		pollmetrics.New(reg).Hooks().Passed("a", p)
		require.Equal(t, 1.0, series(t, reg)["leat_stac_passes_total outcome="+want+" source=a strategy=auto"])
	}
	reg := prometheus.NewRegistry()
	pollmetrics.New(reg).Hooks().Passed("a", poll.Pass{Err: poll.ErrLeaseLost})
	require.Equal(t, 1.0, series(t, reg)["leat_stac_passes_total outcome=interrupted source=a strategy=auto"])
}

func ExampleNew() {
	reg := prometheus.NewRegistry()
	m := pollmetrics.New(reg)
	m.Hooks().Published("sentinel", "sentinel-2-l2a", poll.Create, 3) // poll.Config{Hooks: m.Hooks()} does that
	families, _ := reg.Gather()
	fmt.Println(families[0].GetName(), families[0].Metric[0].GetCounter().GetValue())
	// Output: leat_stac_events_published_total 3
}
