package history_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/internal/history"
	"github.com/leat-io/leat/stream"
)

var some = []history.Record{
	{At: 22860123456789, Process: "w1", Op: history.Start, ID: "17a", Entry: stream.ID{Ms: 1763776348123, Seq: 45}, Deliveries: 1, Attempt: 1},
	{At: 22860123456790, Process: "w1", Op: history.Settle, Outcome: history.OK, Settled: consumer.DeadLettered, ID: "-", Entry: stream.ID{Ms: 1}, Deliveries: 3},
	{At: 1, Process: "nemesis of all", Op: history.Crash, Outcome: history.OK},
	{At: 2, Process: "w1", Op: history.Publish, Outcome: history.Unknown, ID: "a b%c\nd\x00\xff"},
	{At: 3, Process: "w1", Op: history.Exit, Outcome: history.Fail, Note: "exit status 1: \"a\nb\"  c"},
	{At: 4, Process: "w1", Op: history.Finish, Outcome: history.Fail, Attempt: 2},
	history.Begin(5, "nemesis", "redis-kill#1", history.Excuse{Loses: true, Since: 7, Rollback: true, Late: true, Holder: "w1", Below: stream.ID{Ms: 3}}),
}

func TestRecordsAreReadBack(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a"+history.Extension)
	w, err := history.Create(path)
	require.NoError(t, err)
	require.NoError(t, w.Later(some[0]))
	require.NoError(t, w.Write(some[1], some[2]))
	onFile, err := history.Read(path)
	require.NoError(t, err)
	require.Equal(t, some[:3], onFile, "they are on file when Write has returned")
	require.NoError(t, w.Later(some[3:]...))
	require.NoError(t, w.Close())
	all, err := history.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Equal(t, some, all)
}

// Whatever is left of a file that its process could not go on with is read.
func TestATornEndIsLeftOut(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a"+history.Extension)
	w, err := history.Create(path)
	require.NoError(t, err)
	require.NoError(t, w.Write(some...))
	require.NoError(t, w.Close())
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	for n := range content {
		records, err := history.Parse(content[:n])
		require.NoError(t, err)
		require.Equal(t, some[:len(records)], records)
	}
}

func TestWhatIsNoHistoryIsRefused(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"", "s", "qi 1", "sq 1", "si", "si x", "si 1 a 1-x", "si 1 a 1-1 x", "si 1 %4", "si 1 %zz", "to 1", "to8 1", "so1 1"} {
		_, err := history.Parse([]byte("=w\n" + line + "\n"))
		require.Error(t, err, line)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("=w\nsi 1 a 1-1 1 1\nto0 2 a 1-1 1 1 note\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		records, err := history.Parse(content)
		if err != nil {
			return
		}
		path := filepath.Join(t.TempDir(), "a")
		w, err := history.Create(path)
		require.NoError(t, err)
		require.NoError(t, w.Write(records...))
		require.NoError(t, w.Close())
		again, err := history.Read(path)
		require.NoError(t, err)
		if len(records)+len(again) > 0 {
			require.Equal(t, records, again)
		}
	})
}

func BenchmarkWrite(b *testing.B) {
	w, err := history.Create(filepath.Join(b.TempDir(), "a"))
	require.NoError(b, err)
	for b.Loop() {
		if err := w.Write(some[0]); err != nil {
			b.Fatal(err)
		}
	}
}

func TestTheClockGoesOn(t *testing.T) {
	t.Parallel()
	before := history.Now()
	require.Positive(t, before)
	require.GreaterOrEqual(t, history.Now(), before)
}
