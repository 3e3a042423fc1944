package producer_test

import (
	"runtime"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/producer"
	"github.com/leat-io/leat/stream"
)

// A receipt is what there is anew for each event. What the producer needs of an event
// until it is settled belongs to the batch, whose memory is used again.
func TestAReceiptIsSmall(t *testing.T) {
	t.Parallel()
	assert.LessOrEqual(t, unsafe.Sizeof(producer.Receipt{}), uintptr(56))
}

// The mutation that this test is for: batches that grow from nothing to their size step
// by step, each of which is garbage.
//
//nolint:paralleltest // it counts the memory of the whole process
func TestBatchesDoNotGrowStepByStep(t *testing.T) {
	if raceDetector {
		t.Skip("sync.Pool loses a quarter of what it is given, on purpose")
	}
	const n = 50_000
	p := open(t, dial(t, "redis://"+effortless(t)), producer.Config{MaxPending: n})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range n {
		p.Send(t.Context(), "s", stream.Event{Type: "a", Data: payload})
	}
	require.NoError(t, p.Close(within(t, patience)))
	runtime.ReadMemStats(&after)
	// The receipt, and the memory of the batches once: all of the events may wait.
	assert.LessOrEqual(t, float64(after.TotalAlloc-before.TotalAlloc)/n, 56+1.5*450)
}
