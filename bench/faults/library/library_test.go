package library_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/bench/faults/library"
)

func TestMessagesAreFoundInWhateverIsMadeOfThem(t *testing.T) {
	t.Parallel()
	data := library.Encode("producer-1.17-h", 100)
	require.Len(t, data, 100)
	id, ok := library.Decode("\x0a\x05hello" + string(data) + "\x18")
	require.True(t, ok)
	require.Equal(t, "producer-1.17-h", id)
	for _, text := range []string{"", "hello", "<faults:cut"} {
		_, ok = library.Decode(text)
		require.False(t, ok, text)
	}
}

// What is published is open until it is handled, and then nowhere but where it is stored.
func TestLookSaysWhereMessagesAre(t *testing.T) {
	t.Parallel()
	for _, l := range all {
		t.Run(l.Info().Name, func(t *testing.T) {
			t.Parallel()
			b := newLab(t, l)
			require.Zero(b, b.unsettled())
			b.publish("a", "b", "c")
			require.Equal(b, 3, b.unsettled())
			require.Len(b, b.look().Open, 3)

			ended, stop := b.work()
			b.await("all to be handled and settled", func() bool { return b.times("a")*b.times("b")*b.times("c") > 0 && b.unsettled() == 0 })
			stop()
			require.NoError(b, <-ended)
			left := b.look()
			require.Empty(b, left.Open)
			require.Empty(b, left.Buried)
			if left.Stored != nil {
				require.Equal(b, map[string]int{"a": 1, "b": 1, "c": 1}, left.Stored)
			}
		})
	}
}

// What always fails is tried as often as it may be and kept; where a library has no limit, it stays open.
func TestWhatAlwaysFails(t *testing.T) {
	t.Parallel()
	for _, l := range all {
		t.Run(l.Info().Name, func(t *testing.T) {
			t.Parallel()
			b := newLab(t, l)
			b.fail = "bad"
			b.publish("bad", "good")
			ended, stop := b.work()
			if l.buries {
				b.await("it to be given up", func() bool { return b.look().Buried["bad"] && b.unsettled() == 0 })
				require.Equal(b, b.job.Attempts, b.times("bad"))
			} else {
				b.await("the good one", func() bool { return b.times("good") > 0 && b.times("bad") > 0 && b.unsettled() == 1 })
				require.Equal(b, map[string]string{"bad": "pending"}, b.look().Open)
			}
			stop()
			require.NoError(b, <-ended)
		})
	}
}

// Entries that are no messages are seen as such.
func TestStrangersAreCounted(t *testing.T) {
	t.Parallel()
	for _, l := range all {
		t.Run(l.Info().Name, func(t *testing.T) {
			t.Parallel()
			b := newLab(t, l)
			for n := range 4 {
				require.NoError(b, l.Malform(b.ctx, b.rdb, b.job, n))
			}
			require.Equal(b, 4, b.unsettled())
			require.Equal(b, 4, b.look().Strange)
			require.Empty(b, b.look().Open)
		})
	}
}
