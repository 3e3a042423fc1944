//go:build unix

package command_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/sink/command"
	"github.com/leat-io/leat/stream"
)

// lines are the logged lines of one output.
func lines(logs *observer.ObservedLogs, output string) (out []string) {
	for _, entry := range logs.FilterField(zap.String("output", output)).All() {
		out = append(out, entry.Message)
	}
	return out
}

func limit(n int) func(*command.Config) {
	return func(c *command.Config) { c.OutputLimit = n }
}

func TestOutputIsLoggedByLines(t *testing.T) {
	t.Parallel()
	handle, logs := shell(t, `printf 'one\r\n\ntwo \377\nend'; echo problem >&2`)
	require.NoError(t, handle(t.Context(), delivery(stream.Event{})))
	assert.Equal(t, []string{"one", "", "two \uFFFD", "end"}, lines(logs, "stdout"))
	assert.Equal(t, []string{"problem"}, lines(logs, "stderr"))
	for _, entry := range logs.All() {
		fields := entry.ContextMap()
		assert.Equal(t, "orders", fields["stream"])
		assert.Equal(t, "1700000000000-7", fields["entry"])
		assert.Equal(t, "id-1", fields["id"])
		want := zap.InfoLevel
		if fields["output"] == "stderr" {
			want = zap.WarnLevel
		}
		assert.Equal(t, want, entry.Level)
	}
}

func TestOutputIsCut(t *testing.T) {
	t.Parallel()
	// 20 MB each way: no pipe fills up, nothing is kept, and the end is quoted.
	handle, logs := shell(t, `yes 123456789 | head -n 2000000; { yes 12345678 | head -n 2000000; echo the end; } >&2; exit 1`, limit(1000))
	err := handle(t.Context(), delivery(stream.Event{}))
	require.EqualError(t, err, "run sh: exit status 1: 12345678 | 12345678 | the end")
	for output, written := range map[string]int{"stdout": 20_000_000, "stderr": 18_000_000 + len("the end\n")} {
		got := lines(logs, output)
		cut := logs.FilterField(zap.String("output", output)).FilterMessageSnippet("output cut").All()
		require.Len(t, cut, 1, output)
		shown := len(strings.Join(got[:len(got)-1], "\n")) + 1
		assert.InDelta(t, 1000, shown, 10)
		assert.EqualValues(t, 1000, cut[0].ContextMap()["limit"])
		assert.InDelta(t, written-1000, cut[0].ContextMap()["dropped_bytes"], 10)
	}
}

func TestEmptyLinesAreAFloodToo(t *testing.T) {
	t.Parallel()
	handle, logs := shell(t, `yes '' | head -n 100000`, limit(50))
	require.NoError(t, handle(t.Context(), delivery(stream.Event{})))
	assert.Len(t, lines(logs, "stdout"), 50+1)
}

func TestOutputCanBeSilenced(t *testing.T) {
	t.Parallel()
	handle, logs := shell(t, `echo out; echo err >&2; exit 3`, limit(-1))
	require.EqualError(t, handle(t.Context(), delivery(stream.Event{})), "run sh: exit status 3: err")
	assert.Zero(t, logs.Len())
}

func TestLineWithoutAnEndIsBroken(t *testing.T) {
	t.Parallel()
	handle, logs := shell(t, `head -c 100000 /dev/zero | tr '\0' x`, limit(1<<20))
	require.NoError(t, handle(t.Context(), delivery(stream.Event{})))
	got := lines(logs, "stdout")
	assert.Len(t, got, 7)
	assert.Equal(t, strings.Repeat("x", 100000), strings.Join(got, ""))
}

func TestErrorQuotesTheEndOfStderr(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]string{
		`exit 1`:           "run sh: exit status 1",
		`echo out; exit 1`: "run sh: exit status 1",
		`printf 'a\nb\nc\nd\n\n  \n' >&2; exit 1`:      "run sh: exit status 1: b | c | d",
		`printf 'x\033[31mred\000\n' >&2; exit 65`:     "run sh: exit status 65: x [31mred",
		`printf 'no end' >&2; kill -KILL $$`:           "run sh: signal: killed: no end",
		`yes y | tr -d '\n' | head -c 5000 >&2; false`: "run sh: exit status 1: ..." + strings.Repeat("y", 512),
	} {
		handle, _ := shell(t, script)
		err := handle(t.Context(), delivery(stream.Event{}))
		require.EqualError(t, err, want)
		assert.Equal(t, strings.Contains(want, "65"), consumer.IsPermanent(err))
	}
}
