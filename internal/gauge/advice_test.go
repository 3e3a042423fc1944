package gauge

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// near is a server next door about which there is nothing to say: half busy, with AOF
// and a limit.
func near() *Facts {
	figure := func(perSecond float64) Figure {
		return Figure{
			PerSecond: perSecond, Slowest: perSecond, Fastest: perSecond, Events: 1000, ServerMicro: known(2.1), ClientMicro: known(1.1),
			Usage: Usage{
				Seconds: 1, MainThread: known(0.5), Server: known(0.6), Client: known(1), Machine: known(0.3),
				In: known(20e6), Out: known(1e6),
			},
			Rounds: make([]Sample, 5),
		}
	}
	f := &Facts{
		Redis: "redis://db:6379", Bandwidth: known(1e9), EntryBytes: known(300),
		Server: &Server{
			Name: "redis", Version: "7.2.4", Mode: "standalone", Role: "master", AOF: true, Fsync: "everysec", Save: "3600 1", SaveKnown: true,
			MaxMemory: 1 << 30, UsedMemory: 1 << 20, Policy: "noeviction", IOThreadsKnown: true, Replicas: 1,
		},
		Settings: Settings{Payload: 200, Concurrency: 16, Prefetch: 4000, Rate: 1000, Memory: 64 << 20, MemoryAsked: 64 << 20, Rounds: 5},
		Machine:  Machine{Cores: 8, Procs: 8, LoadAverage: known(0.5), Stolen: known(0), HugePages: "madvise"},
		Before:   Load{PerSecond: known(3), MainThread: known(0.01)},
	}
	for _, work := range []Work{Publish, Consume, EndToEnd} {
		bare := figure(110_000)
		f.Rates = append(f.Rates, Rate{Work: work, Leat: figure(100_000), Bare: &bare, Share: known(0.91)})
	}
	for _, of := range []Interval{RoundTrip, Stored, Handled} {
		q := Quantiles{Samples: 1000, P50: 0.1, P99: 0.3, P999: 0.4, Max: 0.5}
		bare := q
		f.Latencies = append(f.Latencies, Latency{Interval: of, Leat: q, Bare: &bare})
	}
	return f
}

// everywhere changes what leat used, for all work.
func everywhere(f *Facts, change func(u *Usage)) {
	for i := range f.Rates {
		change(&f.Rates[i].Leat.Usage)
	}
}

// far away puts so many milliseconds between the two.
func farAway(f *Facts, ms float64) {
	for i := range f.Latencies {
		l := &f.Latencies[i]
		for _, q := range []*Quantiles{&l.Leat, l.Bare} {
			q.P50, q.P99, q.P999, q.Max = q.P50+ms, q.P99+ms, q.P999+ms, q.Max+ms
		}
	}
}

func TestAdvise(t *testing.T) {
	t.Parallel()
	for _, c := range adviceCases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := near()
			c.change(f)
			want := map[string]bool{"hand-overs": true, "durability": true}
			for id := range strings.FieldsSeq(c.ids) {
				if gone, ok := strings.CutPrefix(id, "-"); ok {
					delete(want, gone)
				} else {
					want[id] = true
				}
			}
			findings := Advise(f)
			got := map[string]bool{}
			var said strings.Builder
			last := Bound
			for _, found := range findings {
				require.False(t, got[found.ID], "twice: %s", found.ID)
				got[found.ID] = true
				require.NotEmpty(t, found.Because, "a finding without a fact: %+v", found)
				require.NotContains(t, found.headline()+found.Because+strings.Join(found.Change, ""), "%!")
				require.LessOrEqual(t, order(last), order(found.Kind), "bounds, then warnings, then notes")
				last = found.Kind
				said.WriteString(found.headline() + "\n" + found.Because + "\n" + strings.Join(found.Change, "\n") + "\n")
			}
			if c.name == "different work, different bounds" {
				want["hand-overs"] = true
				require.Equal(t, []Work{Publish, EndToEnd}, findings[0].Works)
				require.Equal(t, []Work{Consume}, findings[1].Works)
			}
			require.Equal(t, want, got, said.String())
			for _, words := range c.says {
				require.Contains(t, strings.ToLower(said.String()), strings.ToLower(words))
			}
			for _, words := range c.silent {
				require.NotContains(t, strings.ToLower(said.String()), strings.ToLower(words))
			}
			require.Equal(t, findings, Advise(f), "the same facts, the same findings")
		})
	}
}

func order(k Kind) int { return strings.Index("bound warning note", string(k)) }

func TestWords(t *testing.T) {
	t.Parallel()
	require.Equal(t, "1,234,567", thousands(1234567.4))
	require.Equal(t, "999", thousands(999))
	require.Equal(t, "0 B", bytesText(0))
	require.Equal(t, "1.5 KiB", bytesText(1536))
	require.Equal(t, "200 MiB", bytesText(200<<20))
	require.Equal(t, "less than 1 %", percent(0.001))
	require.Equal(t, "0 %", percent(0))
	require.Equal(t, "120 ms", ms(120.4))
	require.Equal(t, "1.2 ms", ms(1.23))
	require.Equal(t, "56 µs", ms(0.0562))
	require.Equal(t, "1 core", plural(1, "core", "cores"))
	require.Equal(t, "2,000 cores", plural(2000, "core", "cores"))
	require.Equal(t, "a, b and c", listed([]string{"a", "b", "c"}))
	require.Equal(t, "a", listed([]string{"a"}))
}
