package report

import (
	"testing"

	"github.com/leat-io/leat/bench/result"
)

// rates are samples of one contender and kind, one for each round.
func rates(contender string, kind result.Kind, perSecond ...float64) []result.Sample {
	var all []result.Sample
	for round, v := range perSecond {
		all = append(all, result.Sample{
			Job: result.Job{Contender: contender, Kind: kind}, Round: round, PerSecond: v,
		})
	}
	return all
}

func TestMedian(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		values []float64
		want   spread
	}{
		{[]float64{7}, spread{7, 7, 7, 1}},
		{[]float64{3, 1, 2}, spread{2, 1, 3, 3}},
		{[]float64{4, 1, 3, 2}, spread{2.5, 1, 4, 4}},
		{[]float64{5, 5, 1, 9, 5}, spread{5, 1, 9, 5}},
		{nil, spread{}},
	} {
		if got := spreadOf(c.values); got != c.want {
			t.Errorf("spreadOf(%v) = %v, want %v", c.values, got, c.want)
		}
	}
}

// The median of the ratios is not the ratio of the medians: in these rounds the
// machine was slow once for both and once for the second alone.
func TestRatioIsTakenWithinARound(t *testing.T) {
	t.Parallel()
	f := newFigures(append(
		rates("a", result.Consume, 100, 50, 90, 80, 120),
		rates("b", result.Consume, 200, 100, 100, 200, 100)...))
	// 0.5, 0.5, 0.9, 0.4 and 1.2; the ratio of the medians would be 0.9.
	want := spread{Median: 0.5, Min: 0.4, Max: 1.2, N: 5}
	if got := f.ratio(at("a", result.Consume), at("b", result.Consume), perSecond); got != want {
		t.Errorf("ratio = %v, want %v", got, want)
	}
}

func TestWhatFailedIsLeftOut(t *testing.T) {
	t.Parallel()
	a := rates("a", result.Consume, 10, 1_000_000, 30, 0)
	a[1].Error = "lost"
	f := newFigures(append(a, rates("b", result.Consume, 20, 40, 10)...))
	if got, want := f.spread(at("a", result.Consume), perSecond), (spread{20, 10, 30, 2}); got != want {
		t.Errorf("spread = %v, want %v", got, want)
	}
	// Round 1 failed, round 3 has no figure and no partner: 10/20 and 30/10.
	got, want := f.ratio(at("a", result.Consume), at("b", result.Consume), perSecond), (spread{1.75, 0.5, 3, 2})
	if got != want {
		t.Errorf("ratio = %v, want %v", got, want)
	}
	if cell := f.cell(at("a", result.Consume), perSecond, rate); cell != "20.0/s<br>failed: 1 of 4" {
		t.Errorf("cell = %q", cell)
	}
}

func TestCellOfWhatAllFailed(t *testing.T) {
	t.Parallel()
	a := rates("a", result.Publish, 10, 20)
	a[0].Error, a[1].Error = "dial tcp:\nrefused", "other"
	f := newFigures(a)
	if cell := f.cell(at("a", result.Publish), perSecond, rate); cell != "failed: dial tcp: refused" {
		t.Errorf("cell = %q", cell)
	}
	if cell := f.cell(at("a", result.Consume), perSecond, rate); cell != "-" {
		t.Errorf("cell = %q", cell)
	}
}

// Several samples of a round are one figure of it, their median.
func TestRoundWithSeveralSamples(t *testing.T) {
	t.Parallel()
	a := rates("a", result.Consume, 10, 20, 90)
	for i := range a {
		a[i].Round = 4
	}
	b := rates("b", result.Consume, 5)
	b[0].Round = 4
	got := newFigures(append(a, b...)).ratio(at("a", result.Consume), at("b", result.Consume), perSecond)
	if want := (spread{4, 4, 4, 1}); got != want {
		t.Errorf("ratio = %v, want %v", got, want)
	}
}

// Slow contenders are given fewer messages, and still stand in the same row; the
// points of a growth curve are told apart by what grows.
func TestPlace(t *testing.T) {
	t.Parallel()
	same := func(a, b result.Job) bool { return place(a) == place(b) }
	for _, c := range []struct {
		a, b result.Job
		want bool
	}{
		{result.Job{Kind: result.Consume, N: 10}, result.Job{Kind: result.Consume, N: 20}, true},
		{result.Job{Kind: result.Slow, N: 10, Concurrency: 10}, result.Job{Kind: result.Slow, N: 20, Concurrency: 10}, true},
		{result.Job{Kind: result.Slow, Concurrency: 10}, result.Job{Kind: result.Slow, Concurrency: 100}, false},
		{result.Job{Kind: result.GrowBacklog, N: 10}, result.Job{Kind: result.GrowBacklog, N: 20}, false},
		{result.Job{Kind: result.GrowPayload, N: 10, Payload: 1}, result.Job{Kind: result.GrowPayload, N: 20, Payload: 1}, true},
		{result.Job{Kind: result.GrowPayload, What: "publish"}, result.Job{Kind: result.GrowPayload, What: "consume"}, false},
		{result.Job{Kind: result.GrowGroups, Groups: 1}, result.Job{Kind: result.GrowGroups, Groups: 4}, false},
		{result.Job{Kind: result.GrowStreams, Streams: 1}, result.Job{Kind: result.GrowStreams, Streams: 4}, false},
		{result.Job{Kind: result.GrowProcesses, Processes: 1}, result.Job{Kind: result.GrowProcesses, Processes: 4}, false},
	} {
		if got := same(c.a, c.b); got != c.want {
			t.Errorf("%+v and %+v in one place: %v, want %v", c.a, c.b, got, c.want)
		}
	}
}

// A band is drawn between points that were measured more than once, and between no
// others.
func TestBandsNeedSeveralRounds(t *testing.T) {
	t.Parallel()
	l := line{}
	for i, n := range []int{5, 5, 1, 5, 5, 5, 1, 5} {
		l.points = append(l.points, point{x: i, y: spread{N: n}})
	}
	parts := l.measuredOften()
	if len(parts) != 2 || len(parts[0]) != 2 || len(parts[1]) != 3 || parts[1][0].x != 3 {
		t.Errorf("bands = %v", parts)
	}
}

func TestShortCommit(t *testing.T) {
	t.Parallel()
	const hex = "c6c0eda5122b4df46e37202992cae85d6ffb23af"
	for version, want := range map[string]string{
		hex: "c6c0eda5122b", hex + "-dirty": "c6c0eda5122b-dirty", "v9.23.0": "v9.23.0", "": "", "abc": "abc",
	} {
		if got := shortCommit(version); got != want {
			t.Errorf("shortCommit(%q) = %q, want %q", version, got, want)
		}
	}
}
