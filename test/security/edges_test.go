package security

import (
	"context"
	"errors"
	"math"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/internal/streamtest"
	"github.com/leat-io/leat/stream"
)

// edgeIDs are IDs at which numbers end: those of floating point, of 63 and of 64 bits, and the very last one, behind which
// nothing can be added any more.
var edgeIDs = []string{
	"0-1", "0-2", "0-9223372036854775807", "0-9223372036854775808", "0-18446744073709551615", "1-0", "9999-9", "10000-10",
	"253402300799999-0", "253402300800000-0", "9007199254740993-9007199254740993", "9223372036854775807-0", "9223372036854775808-1",
	"18446744073709551615-0", "18446744073709551615-18446744073709551614", "18446744073709551615-18446744073709551615",
}

// TestIDsAtTheEdges: they are handled, tried again in the order of time, taken over, buried and redriven as any others.
func TestIDsAtTheEdges(t *testing.T) {
	t.Parallel()
	for _, program := range redistest.Installed(t) {
		t.Run(program.String(), func(t *testing.T) {
			t.Parallel()
			f := newField(t, redistest.Start(t, redistest.Binary(program.Path)))
			for _, id := range edgeIDs {
				f.sow("edge", id, []string{"id", id})
			}
			_, err := f.Group.Create(f.Ctx, stream.Oldest())
			require.NoError(t, err)
			r := f.Group.Reader("dead", false)
			batch, err := r.Read(f.Ctx, len(edgeIDs)-2, 0)
			require.NoError(t, err)
			require.NoError(t, r.Close())
			for i, d := range batch {
				require.Equal(t, edgeIDs[i], d.EntryID.String())
			}
			var tally streamtest.Tally
			healed := make(chan struct{})
			c := f.Run(func(_ context.Context, d *stream.Delivery) error {
				id := d.EntryID.String()
				if v, _ := d.Field("id"); string(v) != id {
					t.Errorf("entry %s has the fields of %s", id, v)
				}
				select {
				case <-healed:
					return nil
				default:
				}
				if tally.Hit(id); d.Attempt < 3 {
					return errors.New("not yet")
				}
				return consumer.Permanent(errors.New("hopeless"))
			}, func(c *consumer.Config) { c.Lease, c.Logger = 500*time.Millisecond, zap.NewNop() })
			streamtest.Eventually(t, func() bool { return len(f.Letters()) == len(edgeIDs) }, "all are buried")
			require.Equal(t, 3*len(edgeIDs), tally.Total())
			close(healed)
			for i, letter := range f.Letters() {
				require.Equal(t, 3, letter.Attempts)
				id, err := f.Group.Redrive(f.Ctx, letter)
				require.NoError(t, err, "letter %d", i)
				require.Equal(t, letter.EntryID, id)
			}
			f.drained(c)
			require.NoError(t, f.rdb.XGroupDestroy(f.Ctx, f.Stream, "workers").Err())
			f.drained(c)
			require.NoError(t, c.Stop())
			info, err := f.Group.Info(f.Ctx)
			require.NoError(t, err)
			require.Equal(t, stream.MaxID, info.LastDelivered)
			_, errs := f.Conn.Add(f.Ctx, f.Stream, streamtest.Events(1))
			require.ErrorContains(t, errs[0], "ERR", "the stream is closed, and says so")
			require.Equal(t, stream.ClassRejected, stream.Classify(errs[0]))
		})
	}
}

// TestCountsAtTheEdges: somebody has claimed entries by hand, with counts of deliveries that no number holds.
func TestCountsAtTheEdges(t *testing.T) {
	t.Parallel()
	f := newField(t, redistest.Shared(t))
	_, err := f.Group.Create(f.Ctx, stream.Oldest())
	require.NoError(t, err)
	counts := []int64{0, 1, 1 << 31, 1 << 53, 1<<53 + 1, math.MaxInt64 - 1, math.MaxInt64}
	ids := f.Publish(len(counts))
	for i, id := range ids {
		require.NoError(t, f.rdb.Do(f.Ctx, "XREADGROUP", "GROUP", "workers", "somebody", "COUNT", 1, "STREAMS", f.Stream, ">").Err())
		require.NoError(t, f.rdb.Do(f.Ctx, "XCLAIM", f.Stream, "workers", "somebody", 0, id.String(), "RETRYCOUNT", strconv.FormatInt(counts[i], 10), "JUSTID").Err())
	}
	require.Len(t, f.Pending(), len(counts))
	var tally streamtest.Tally
	c := f.Run(tally.Handler, func(c *consumer.Config) { c.Lease, c.Logger = 200*time.Millisecond, zap.NewNop() })
	f.drained(c)
	require.Equal(t, len(counts), tally.Total()+len(f.Letters()), "handled, or given up for the number of deliveries")
	for _, l := range f.Letters() {
		require.Equal(t, stream.ReasonDeliveries, l.Reason)
	}
}
