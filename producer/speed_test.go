package producer_test

import (
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/producer"
	"github.com/leat-io/leat/stream"
)

// The mutation that this test is for: a receipt, an ID or a slice of arguments that is
// allocated for each event.
//
//nolint:paralleltest // it counts the allocations of the whole process
func TestSendAllocatesLessThanOnceForAnEvent(t *testing.T) {
	const n = 100_000
	limit := 1.0
	if raceDetector {
		// There sync.Pool loses a quarter of what it is given, on purpose; what is
		// made anew for it is four allocations an event.
		limit = 6
	}
	server := redistest.Shared(t)
	name := redistest.Prefix(t) + "orders"
	p := open(t, dial(t, server.URL()), producer.Config{})
	send := func(n int) {
		for range n {
			p.Send(t.Context(), name, stream.Event{Type: "a", Data: payload})
		}
		_, err := p.Send(t.Context(), name, event(0)).Wait(within(t, patience))
		require.NoError(t, err)
	}
	send(n / 10) // buffers grow to their size
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	send(n)
	runtime.ReadMemStats(&after)
	assert.LessOrEqual(t, float64(after.Mallocs-before.Mallocs)/n, limit)
	require.NoError(t, server.Client(t).Del(t.Context(), name).Err())
}

// What is sent for a lone event: one command, for which nothing else is waited.
func TestALoneEventIsOneCommand(t *testing.T) {
	t.Parallel()
	const n = 20
	server := redistest.Start(t)
	rdb := server.Client(t)
	p := open(t, dial(t, server.URL()), producer.Config{})
	ways := map[string]func() error{
		"publish": func() error { _, err := p.Publish(t.Context(), "s", event(0)); return err },
		"send": func() error {
			_, err := p.Send(t.Context(), "s", event(0)).Wait(within(t, patience))
			return err
		},
	}
	for name, way := range ways {
		require.NoError(t, way()) // over a new connection
		before := commands(t, rdb.InfoMap(t.Context(), "commandstats").Val()["Commandstats"])
		for range n {
			require.NoError(t, way())
		}
		after := commands(t, rdb.InfoMap(t.Context(), "commandstats").Val()["Commandstats"])
		after["info"]--
		for command, calls := range before {
			if after[command] -= calls; after[command] == 0 {
				delete(after, command)
			}
		}
		assert.Equal(t, map[string]int{"xadd": n}, after, name)
	}
}

// commands is how often each command was called.
func commands(t *testing.T, stats map[string]string) map[string]int {
	t.Helper()
	calls := map[string]int{}
	for command, stat := range stats {
		number, _, _ := strings.Cut(strings.TrimPrefix(stat, "calls="), ",")
		n, err := strconv.Atoi(number)
		require.NoError(t, err, stat)
		calls[strings.TrimPrefix(command, "cmdstat_")] = n
	}
	return calls
}
