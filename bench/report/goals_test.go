package report

import (
	"strings"
	"testing"
	"time"

	"github.com/leat-io/leat/bench/result"
)

// goalOf is the line of a run whose text begins so.
func goalOf(t *testing.T, samples []result.Sample, begins string) goal {
	t.Helper()
	var found []goal
	for _, g := range newReport(result.Run{Samples: samples}, nil).goals() {
		if strings.HasPrefix(g.text, begins) {
			found = append(found, g)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d goals begin with %q", len(found), begins)
	}
	return found[0]
}

// pair has five rounds of two contenders at the same work.
func pair(kind result.Kind, a string, rateA float64, b string, rateB float64) []result.Sample {
	return append(rates(a, kind, rateA, rateA, rateA, rateA, rateA), rates(b, kind, rateB, rateB, rateB, rateB, rateB)...)
}

// with sets more fields of samples.
func with(samples []result.Sample, set func(*result.Sample)) []result.Sample {
	for i := range samples {
		set(&samples[i])
	}
	return samples
}

// Each line is met on one side of its limit, and not on the other.
func TestVerdicts(t *testing.T) {
	t.Parallel()
	slow := func(share, of float64) []result.Sample {
		return with(pair(result.Slow, ours, share*of, bare, 440e3), func(s *result.Sample) { s.Concurrency, s.Ideal = 1000, 640e3 })
	}
	costs := func(kind result.Kind, client, allocs float64) []result.Sample {
		all := pair(kind, ours, 300e3, bare, 300e3)
		return with(all, func(s *result.Sample) {
			s.ClientMicro, s.ServerMicro, s.Allocs = 0.5, 3, allocs
			if s.Contender == ours {
				s.ClientMicro = client
			}
		})
	}
	latency := func(p99 time.Duration) []result.Sample {
		return with(pair(result.Latency, ours, 1000, bare, 1000), func(s *result.Sample) {
			s.P99 = 200 * time.Microsecond
			if s.Contender == ours {
				s.P99 = p99
			}
		})
	}
	grow := func(kind result.Kind, n int, perSecond float64, set func(*result.Sample)) []result.Sample {
		return with(rates(ours, kind, perSecond), func(s *result.Sample) {
			s.N = n
			if set != nil {
				set(s)
			}
		})
	}
	takeover := func(perSecond float64, p99 time.Duration) []result.Sample {
		return grow(result.GrowPending, 1_000_000, perSecond, func(s *result.Sample) { s.P99, s.IdleP99 = p99, time.Millisecond })
	}
	remembered := func(small, middle, large int64) []result.Sample {
		var all []result.Sample
		for n, rss := range map[int]int64{0: small, 100_000: middle, 1_000_000: large} {
			all = append(all, grow(result.GrowMemory, n, 0, func(s *result.Sample) { s.What, s.PeakRSS = "retry", rss<<20 })...)
		}
		return all
	}
	backlog := func(large float64) []result.Sample {
		return append(grow(result.GrowBacklog, 10_000, 300e3, nil), grow(result.GrowBacklog, 5_000_000, large, nil)...)
	}
	for _, c := range []struct {
		goal      string
		good, bad []result.Sample
	}{
		{"consume a backlog: at least 0.85", pair(result.Consume, ours, 85, bare, 100), pair(result.Consume, ours, 84.9, bare, 100)},
		{"publish: at least 0.85", pair(result.Publish, ours, 85, bare, 100), pair(result.Publish, ours, 84.9, bare, 100)},
		{"end to end: at least 0.80", pair(result.EndToEnd, ours, 80, bare, 100), pair(result.EndToEnd, ours, 79.9, bare, 100)},
		{"at most 0.1 allocations", costs(result.Consume, 1, 0.1), costs(result.Consume, 1, 0.11)},
		{"at most 1 allocation ", costs(result.Publish, 1, 1), costs(result.Publish, 1, 1.01)},
		{"consume a backlog: at least 10x watermill", pair(result.Consume, ours, 100, "watermill-redisstream", 10), pair(result.Consume, ours, 99, "watermill-redisstream", 10)},
		{"consume a backlog: at least 15x asynq", pair(result.Consume, ours, 150, "asynq", 10), pair(result.Consume, ours, 149, "asynq", 10)},
		{"consume a backlog: at least 7x taskq", pair(result.Consume, ours, 70, "taskq", 10), pair(result.Consume, ours, 69, "taskq", 10)},
		{"consume a backlog: at least 4x redisqueue", pair(result.Consume, ours, 40, "redisqueue", 10), pair(result.Consume, ours, 39, "redisqueue", 10)},
		{"consume a backlog: ahead of go-redis", pair(result.Consume, ours, 101, goRedis, 100), pair(result.Consume, ours, 100, goRedis, 100)},
		{"consume a backlog: ahead of rueidis", pair(result.Consume, ours, 101, rueidis, 100), pair(result.Consume, ours, 100, rueidis, 100)},
		{"behind no other", pair(result.Publish, ours, 100, "taskq", 100), pair(result.Publish, ours, 99, "taskq", 100)},
		{"latency", latency(300 * time.Microsecond), latency(301 * time.Microsecond)},
		{"1,000 handlers", slow(0.9, 640e3), slow(0.899, 640e3)},
		{"the same", slow(0.9, 440e3), slow(0.899, 440e3)},
		{"a backlog of 5M", backlog(270e3), backlog(269e3)},
		{"1M pending", takeover(100e3, time.Millisecond), takeover(99e3, time.Millisecond)},
		{"meanwhile", takeover(1, 4999*time.Microsecond), takeover(1, 5*time.Millisecond)},
		{"memory of a worker does not grow with the retry", remembered(20, 30, 22), remembered(20, 31, 22)},
		{"client CPU", costs(result.Consume, 0.65, 0), costs(result.Consume, 0.66, 0)},
		{"CPU a message", costs(result.Consume, 1.54, 0), costs(result.Consume, 1.56, 0)},
	} {
		if g := goalOf(t, c.good, c.goal); !g.met || g.rounds == 0 || !strings.HasPrefix(g.verdict(), "met") {
			t.Errorf("%s: %+v, want it met", c.goal, g)
		}
		if g := goalOf(t, c.bad, c.goal); g.met || g.rounds == 0 || !strings.HasPrefix(g.verdict(), "**NOT met**") {
			t.Errorf("%s: %+v, want it not met", c.goal, g)
		}
		if g := goalOf(t, nil, c.goal); g.met || g.verdict() != "not measured" {
			t.Errorf("%s of nothing: %+v, want it not measured", c.goal, g)
		}
	}
}

func TestFewRoundsAreSaid(t *testing.T) {
	t.Parallel()
	four := append(rates(ours, result.Publish, 9, 9, 9, 9), rates(bare, result.Publish, 10, 10, 10, 10)...)
	if v := goalOf(t, four, "publish: ").verdict(); v != "met, in 4 rounds" {
		t.Errorf("verdict = %q", v)
	}
	if v := goalOf(t, pair(result.Publish, ours, 9, bare, 10), "publish: ").verdict(); v != "met" {
		t.Errorf("verdict = %q", v)
	}
}

// A figure that was rounded to the limit does not look as if it met it.
func TestNextToTheLimit(t *testing.T) {
	t.Parallel()
	for v, want := range map[float64]string{0.84996: "just below 0.850", 0.85: "0.850", 0.85004: "just above 0.850", 0.8494: "0.849"} {
		if got := atLeast(0.85).tell(v, share); got != want {
			t.Errorf("tell(%v) = %q, want %q", v, got, want)
		}
	}
}

// A rival that has a figure is ahead of leat where leat failed, and of nobody where
// it failed itself.
func TestAFailureIsNoLead(t *testing.T) {
	t.Parallel()
	failed := func(samples []result.Sample, contender string) []result.Sample {
		return with(samples, func(s *result.Sample) {
			if s.Contender == contender {
				s.Error = "lost"
			}
		})
	}
	lost := goalOf(t, failed(pair(result.Publish, ours, 200, "taskq", 100), ours), "behind")
	if lost.met || lost.measured != "ahead in 0 of 1 row" {
		t.Errorf("leat failed: %+v", lost)
	}
	if g := goalOf(t, failed(pair(result.Publish, ours, 200, "taskq", 100), "taskq"), "behind"); g.verdict() != "not measured" {
		t.Errorf("the rival failed: %+v", g)
	}
}

// Rounds that do not agree make a row level, whoever has the better median.
func TestRowsThatAreLevel(t *testing.T) {
	t.Parallel()
	for want, publish := range map[string][]float64{
		"ahead in 1 of 1 row":                           {101, 130, 140, 150, 160},
		"ahead in 0 of 1 row, level in 1, behind in 0":  {99, 130, 140, 150, 160},
		"ahead in 0 of 1 row, level in 1, behind in 0 ": {101, 60, 70, 80, 90},
		"ahead in 0 of 1 row":                           {99, 60, 70, 80, 90},
	} {
		g := goalOf(t, append(rates(ours, result.Publish, publish...), rates("taskq", result.Publish, 100, 100, 100, 100, 100)...), "behind")
		if g.measured != strings.TrimSpace(want) || g.met != (publish[4] > 100 || publish[0] > 100) {
			t.Errorf("%v: %+v, want %q", publish, g, want)
		}
	}
}

func TestBehind(t *testing.T) {
	t.Parallel()
	samples := append(pair(result.Publish, ours, 100, "taskq", 125), rates("asynq", result.Publish, 99)...)
	samples = append(samples, rates(bare, result.Publish, 500)...) // the limit is no rival
	r := newReport(result.Run{Samples: samples}, map[pairing]string{{"publish", "taskq"}: "It keeps nothing.", {"publish", ""}: "Nobody knows."})
	rows := r.behind()
	if len(rows) != 1 || rows[0].rival != "taskq" || rows[0].lead.Median != 0.8 {
		t.Fatalf("behind = %+v", rows)
	}
	var p page
	r.writeBehind(&p)
	if text := p.b.String(); !strings.Contains(text, "| publish | taskq | 100/s | 125/s | 0.80x [0.80 - 0.80] | It keeps nothing. |") {
		t.Errorf("no row of it in\n%s", text)
	}
	r.explanations, p = nil, page{}
	r.writeBehind(&p)
	if text := p.b.String(); !strings.Contains(text, "not explained yet") {
		t.Errorf("the lack of an explanation is not said in\n%s", text)
	}
}
