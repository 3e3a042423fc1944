package measure

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/bench/result"
	"github.com/leat-io/leat/internal/redistest"
)

var sink [][]byte

//nolint:paralleltest // what other tests allocate would count, too
func TestWindowCountsWhatHappensInIt(t *testing.T) {
	const messages, size = 100, 1000
	w := Window{ServerPID: 0}
	w.Open()
	for range messages {
		sink = append(sink, make([]byte, size))
	}
	w.Close()
	var s result.Sample
	w.Cost(&s, messages)
	require.Positive(t, s.Took)
	require.InEpsilon(t, messages/s.Took.Seconds(), s.PerSecond, 1e-6)
	// The slice itself grows a few times.
	require.InDelta(t, 1, s.Allocs, 0.5)
	require.GreaterOrEqual(t, s.AllocBytes, float64(size))
	require.Less(t, s.AllocBytes, float64(2*size))
	require.Zero(t, s.ServerMicro)
}

func TestServerCPUIsTheServersOwnFigure(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	rdb := server.Client(t)
	// Work that is seen well beside what the kernel rounds.
	require.NoError(t, rdb.Eval(t.Context(), "local n = 0; for i = 1, 2e7 do n = n + i end; return n", nil).Err())
	before := ServerCPU(server.PID())
	info := rdb.InfoMap(t.Context(), "cpu").Val()["CPU"]
	after := ServerCPU(server.PID())
	var said time.Duration
	for _, name := range []string{"used_cpu_user", "used_cpu_sys"} {
		seconds, err := strconv.ParseFloat(info[name], 64)
		require.NoError(t, err)
		said += time.Duration(seconds * float64(time.Second))
	}
	const rounding = 5 * time.Millisecond
	require.Greater(t, said, 2*rounding)
	require.LessOrEqual(t, before, said+rounding)
	require.GreaterOrEqual(t, after, said-rounding)
}

//nolint:paralleltest // it is about the whole process
func TestPeakRSSGrowsWithMemory(t *testing.T) {
	const size = 64 << 20
	before := PeakRSS()
	require.Positive(t, before)
	block := make([]byte, size)
	for i := 0; i < size; i += 4096 {
		block[i] = 1
	}
	sink = append(sink, block)
	require.GreaterOrEqual(t, PeakRSS(), before+size/2)
	sink = nil
}

func TestNoSuchServer(t *testing.T) {
	t.Parallel()
	require.Zero(t, ServerCPU(0))
}
