package embedded

import (
	"context"
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
)

func start(t testing.TB) *Broker {
	t.Helper()
	b, err := Start(context.Background())
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, b.Close()) })
	return b
}

// TestSameAsRedis sends the same commands to the broker and to a real Redis
// 7.0 and wants the same replies, errors included. A command may begin with
// "~" (numbers are a clock's: compare the rest) or "%" (in any order). Words
// are parted by spaces; what stands between two ` is one word.
func TestSameAsRedis(t *testing.T) {
	t.Parallel()
	genuine := redistest.Start(t)
	if v := dial(t, genuine.Addr()).do("INFO", "server"); !isRedis70(v) {
		t.Skipf("the broker is compared with Redis 7.0, this machine's redis-server is another: %.60s", v)
	}
	parity := map[string]string{}
	for _, theme := range []map[string]string{streamParity, groupParity, claimParity, typesParity, serverParity, oddParity} {
		maps.Copy(parity, theme)
	}
	for name, commands := range parity {
		t.Run(name, func(t *testing.T) {
			broker := start(t)
			ours, theirs := dial(t, broker.Addr()), dial(t, genuine.Addr())
			require.Equal(t, "+OK", theirs.do("FLUSHALL"))
			require.Equal(t, "+OK", theirs.do("SCRIPT", "FLUSH"))
			for _, line := range strings.Split(commands, "\n") {
				line = strings.TrimSpace(line)
				if line == "" {
					continue
				}
				line, clock := strings.CutPrefix(line, "~")
				line, anyOrder := strings.CutPrefix(line, "%")
				args := words(line)
				want, got := mask(theirs.do(args...), clock), mask(ours.do(args...), clock)
				if anyOrder {
					want, got = sorted(want), sorted(got)
				}
				assert.Equal(t, want, got, line)
			}
		})
	}
}

func words(line string) []string {
	var list []string
	for i, part := range strings.Split(line, "`") {
		if i%2 == 1 {
			list = append(list, part)
		} else {
			list = append(list, strings.Fields(part)...)
		}
	}
	return list
}

func isRedis70(info string) bool { return strings.Contains(info, "redis_version:7.0.") }
