package gauge

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func reportOf(f *Facts) *Report { return &Report{Facts: *f, Findings: Advise(f)} }

// flat is text without its line breaks.
func flat(s string) string { return strings.Join(strings.Fields(s), " ") }

// Text and JSON have the same: each finding, each figure.
func TestTextAndJSONSayTheSame(t *testing.T) {
	t.Parallel()
	for _, c := range adviceCases {
		f := near()
		c.change(f)
		f.Unseen = []string{"appendfsync and save: NOPERM"}
		r := reportOf(f)
		var text bytes.Buffer
		r.WriteText(&text)
		document, err := json.Marshal(r)
		require.NoError(t, err)
		var back Report
		require.NoError(t, json.Unmarshal(document, &back))
		require.True(t, reflect.DeepEqual(r, &back), "%s: %s", c.name, document)
		words := flat(text.String())
		for _, found := range back.Findings {
			require.Contains(t, words, flat(found.Says), c.name)
			require.Contains(t, words, flat("because: "+found.Because), c.name)
			for _, change := range found.Change {
				require.Contains(t, words, flat("change: "+change), c.name)
			}
		}
		for _, rate := range back.Rates {
			require.Contains(t, words, string(rate.Work)+" "+thousands(rate.Leat.PerSecond))
			if rate.Bare != nil {
				require.Contains(t, words, thousands(rate.Bare.PerSecond))
			}
		}
		for _, l := range back.Latencies {
			require.Contains(t, words, string(l.Interval))
		}
		require.Contains(t, words, "not seen - appendfsync and save: NOPERM")
		for line := range strings.Lines(text.String()) {
			require.LessOrEqual(t, utf8.RuneCountInString(line), width+10, "%s: %s", c.name, line)
		}
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	f := near()
	f.TLS, f.Seconds = true, 30.25
	f.Rates[1].Share = known(0.5)
	var text bytes.Buffer
	reportOf(f).WriteText(&text)
	lines := strings.Split(text.String(), "\n")
	require.Equal(t, "redis://db:6379: redis 7.2.4, standalone, appendonly everysec, 1 replica, TLS", lines[0])
	require.Equal(t, "payload 200 B, 16 handlers, prefetch 4000; 5 rounds in 30.2 s, at most 64 MiB in the server at a", lines[1])
	require.Regexp(t, `consume a backlog +100,000 +110,000 +50 % +50 % +1\.00 cores +2\.1 µs +1\.1 µs`, text.String())
	require.Regexp(t, `publish to handled at 1,000/s +leat +0\.100 +0\.300 +0\.400 +0\.500 +1000`, text.String())
	require.NotRegexp(t, ` - `, text.String()[:strings.Index(text.String(), "what bounds it")])
	require.Contains(t, text.String(), "\nwhat bounds it\n  - publish, consume a backlog and end to end: nothing was busy")
	require.NotContains(t, text.String(), "warnings")
	require.NotContains(t, text.String(), "not seen")
}

// A quantile of too few samples is the slowest of them, and is not shown as more.
func TestTextOfFewSamples(t *testing.T) {
	t.Parallel()
	f := near()
	f.latency(RoundTrip).Leat.Samples = 999
	f.latency(Stored).Leat.Samples = 99
	var text bytes.Buffer
	reportOf(f).WriteText(&text)
	require.Regexp(t, `round trip \(PING\) +leat +0\.100 +0\.300 +- +0\.500 +999`, text.String())
	require.Regexp(t, `publish to stored at 1,000/s +leat +0\.100 +- +- +0\.500 +99`, text.String())
}

func TestFold(t *testing.T) {
	t.Parallel()
	require.Equal(t, "- a b", fold("- ", "a b"))
	long := strings.Repeat("word ", 40)
	for line := range strings.Lines(fold("    x: ", long)) {
		require.LessOrEqual(t, len(line), width+1)
		require.True(t, strings.HasPrefix(line, "    x: ") || strings.HasPrefix(line, "       word"), line)
	}
	require.Equal(t, strings.Fields("x: "+long), strings.Fields(fold("    x: ", long)))
}
