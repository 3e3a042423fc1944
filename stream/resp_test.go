package stream

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// oneEntry is a reply of XREADGROUP in both protocols, as redis-server 7.0 sends it.
const (
	oneEntryRESP2 = "*1\r\n*2\r\n$1\r\ns\r\n*1\r\n*2\r\n$3\r\n7-1\r\n*2\r\n$1\r\nn\r\n$1\r\n0\r\n"
	oneEntryRESP3 = "%1\r\n$1\r\ns\r\n*1\r\n*2\r\n$3\r\n7-1\r\n*2\r\n$1\r\nn\r\n$1\r\n0\r\n"
	oneTaken      = "*1\r\n*4\r\n$3\r\n7-1\r\n*2\r\n$1\r\nn\r\n$1\r\n0\r\n:3\r\n:2\r\n"
)

func TestDecodeRead(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{oneEntryRESP2, oneEntryRESP3} {
		batch, err := decodeRead([]byte(raw), "orders")
		require.NoError(t, err)
		require.Len(t, batch, 1)
		require.Equal(t, ID{7, 1}, batch[0].EntryID)
		require.Equal(t, fieldsOf("n", "0"), batch[0].Fields())
		require.Equal(t, "orders", batch[0].Stream)
	}
	for _, raw := range []string{"*-1\r\n", "$-1\r\n", "_\r\n", "*0\r\n", "%0\r\n"} {
		batch, err := decodeRead([]byte(raw), "s")
		require.NoError(t, err, raw)
		require.Empty(t, batch, raw)
	}
}

func TestDecodeTaken(t *testing.T) {
	t.Parallel()
	batch, err := (&cursor{buf: []byte(oneTaken)}).taken("orders")
	require.NoError(t, err)
	require.Len(t, batch, 1)
	require.Equal(t, 3, batch[0].Deliveries)
	require.Equal(t, 3, batch[0].Attempt, "two failures: this is the third attempt")
}

// hostile are replies that no Redis sends.
var hostile = []string{
	"", "\r\n", "*", "*\r\n", "*x\r\n", "$5\r\nab\r\n", "$2\r\nabc\r\n", ":1\r\n", "+OK\r\n", "(1\r\n", "#t\r\n", ",1\r\n",
	"*2\r\n*2\r\n", "*1\r\n*3\r\n", "*1\r\n*2\r\n$1\r\ns\r\n:1\r\n", "%2\r\n", "%1\r\n",
	"*1\r\n*2\r\n$1\r\ns\r\n*1\r\n*1\r\n$3\r\n1-1\r\n",
	"*1\r\n*2\r\n$1\r\ns\r\n*1\r\n*2\r\n$1\r\nx\r\n*0\r\n",
	"*1\r\n*2\r\n$1\r\ns\r\n*1\r\n*2\r\n$3\r\n1-1\r\n*1\r\n$1\r\na\r\n",
	"*1099511627776\r\n", "%1099511627776\r\n", "$1099511627776\r\n", "!1099511627776\r\nx\r\n", "=1099511627776\r\n",
	"*1\r\n*2\r\n$1\r\ns\r\n*1099511627776\r\n*2\r\n",
	"*1\r\n*2\r\n$1\r\ns\r\n*1\r\n*2\r\n$3\r\n1-1\r\n*1099511627776\r\n",
	"*1\r\n*2\r\n%4611686018427387904\r\n", "*1\r\n*2\r\n*9223372036854775807\r\n", "*99999999999999999999\r\n",
	"%1\r\n%4611686018427387904\r\n*0\r\n", "%1\r\n|4611686018427387904\r\n*0\r\n",
	"*1\r\n*2\r\n" + strings.Repeat("*1\r\n", 100_000), "%1\r\n" + strings.Repeat("*1\r\n", 100_000) + "$1\r\na\r\n*0\r\n",
	"*1\r\n*2\r\n$1\r\ns\r\n*1\r\n*3\r\n$3\r\n1-1\r\n*0\r\n:1\r\n",
	"$9223372036854775807\r\n", "$-2\r\n", "*1\r\n*-1\r\n", "*-9223372036854775807\r\n:",
}

func TestHostileRepliesFailCheaply(t *testing.T) {
	t.Parallel()
	for _, raw := range hostile {
		batch, err := decodeRead([]byte(raw), "s")
		if err == nil {
			require.Empty(t, batch, "%.60q", raw)
			require.Contains(t, []string{"$-2\r\n", "*-9223372036854775807\r\n:"}, raw)
		} else {
			require.ErrorIs(t, err, errProtocol, "%.60q", raw)
		}
		_, _ = (&cursor{buf: []byte(raw)}).taken("s")
		_ = (&cursor{buf: []byte(raw)}).skip()
	}
}

//nolint:paralleltest // it measures what the process allocates
func TestClaimedLengthsAllocateNothing(t *testing.T) {
	claims := []string{
		"*1\r\n*2\r\n$1\r\ns\r\n*%d\r\n*2\r\n$3\r\n1-1\r\n",
		"*1\r\n*2\r\n$1\r\ns\r\n*1\r\n*2\r\n$3\r\n1-1\r\n*%d\r\n",
		"%%1\r\n$%d\r\nabc\r\n", "!%d\r\n", "%%1\r\n*%d\r\n", "%%1\r\n%%%d\r\n",
	}
	for _, claim := range claims {
		raw := fmt.Appendf(nil, claim, int64(1)<<40)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := decodeRead(raw, "s")
		_, err2 := (&cursor{buf: raw}).ints()
		runtime.ReadMemStats(&after)
		require.Error(t, err, claim)
		require.Error(t, err2, claim)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20), claim)
	}
	// Entries that are claimed and not there, also such as have many fields: what is
	// made in advance is in proportion to the bytes that came.
	const size = 3 << 20
	for _, first := range []string{"", "*2\r\n$3\r\n1-1\r\n*2000\r\n" + strings.Repeat("$1\r\na\r\n", 2000)} {
		raw := fmt.Appendf(nil, "*1\r\n*2\r\n$1\r\ns\r\n*%d\r\n%s%s", size/3, first, strings.Repeat("_\r\n", size/3))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := decodeRead(raw, "s")
		runtime.ReadMemStats(&after)
		require.Error(t, err)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(25*size))
	}
}

func TestErrorRepliesAreErrors(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"-NOGROUP no such\r\n": "NOGROUP no such", "!7\r\nERR bad\r\n": "ERR bad",
		"*1\r\n*2\r\n$1\r\ns\r\n-OOM x\r\n": "OOM x",
	} {
		_, err := decodeRead([]byte(raw), "s")
		require.EqualError(t, err, want)
		var reply ServerError
		require.ErrorAs(t, err, &reply)
	}
	// Among entries it is not the server's answer to the command: those before it
	// were given to us.
	for _, raw := range []string{
		"%1\r\n$1\r\ns\r\n*2\r\n*2\r\n$3\r\n1-1\r\n*0\r\n-NOGROUP x\r\n",
		"%1\r\n$1\r\ns\r\n*1\r\n*2\r\n$3\r\n1-1\r\n*2\r\n$1\r\nx\r\n!9\r\nNOGROUP x\r\n",
	} {
		_, err := decodeRead([]byte(raw), "s")
		require.ErrorIs(t, err, errProtocol)
		require.ErrorContains(t, err, "NOGROUP x")
		require.NotEqual(t, ClassNoGroup, Classify(err))
	}
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]int64{
		":0\r\n": 0, ":-5\r\n": -5, "$2\r\n42\r\n": 42, "+7\r\n": 7,
		// A delivery count can be set to the greatest number that Redis knows.
		":9223372036854775807\r\n": math.MaxInt64, ":-9223372036854775807\r\n": -math.MaxInt64,
	} {
		n, err := (&cursor{buf: []byte(raw)}).int()
		require.NoError(t, err, raw)
		require.Equal(t, want, n)
	}
	for _, raw := range []string{":\r\n", ":-\r\n", ":1x\r\n", ":9223372036854775808\r\n", "$-1\r\n", "_\r\n", "*1\r\n:1\r\n"} {
		_, err := (&cursor{buf: []byte(raw)}).int()
		require.Error(t, err, raw)
	}
	for raw, want := range map[string]float64{",1.5\r\n": 1.5, "$13\r\n1700000000000\r\n": 1.7e12, ",inf\r\n": math.Inf(1)} {
		n, err := (&cursor{buf: []byte(raw)}).float()
		require.NoError(t, err, raw)
		require.InDelta(t, want, n, 0)
	}
}

func TestSkip(t *testing.T) {
	t.Parallel()
	for _, value := range []string{
		"+OK\r\n", ":1\r\n", "$3\r\nabc\r\n", "$-1\r\n", "_\r\n", "#t\r\n", ",1.5\r\n", "(123\r\n", "=7\r\ntxt:abc\r\n",
		"*0\r\n", "*-1\r\n", "*2\r\n:1\r\n*1\r\n$0\r\n\r\n", "%1\r\n+a\r\n~1\r\n:1\r\n", ">1\r\n+x\r\n",
		"*3\r\n-ERR one\r\n:1\r\n!7\r\nERR two\r\n", "|1\r\n+a\r\n:1\r\n$1\r\nx\r\n",
	} {
		c := &cursor{buf: []byte(value + ":42\r\n")}
		require.NoError(t, c.skip(), value)
		n, err := c.int()
		require.NoError(t, err, value)
		require.EqualValues(t, 42, n, value)
	}
	require.Error(t, (&cursor{buf: []byte(strings.Repeat("*1\r\n", 1000) + ":1\r\n")}).skip())
}

func TestEveryTruncationIsAnError(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{oneEntryRESP2, oneEntryRESP3} {
		for i := range raw {
			_, err := decodeRead([]byte(raw[:i]), "s")
			require.ErrorIs(t, err, errProtocol, "cut at %d", i)
		}
	}
	for i := range oneTaken {
		_, err := (&cursor{buf: []byte(oneTaken[:i])}).taken("s")
		require.ErrorIs(t, err, errProtocol, "cut at %d", i)
	}
}

func addReplies(f *testing.F) {
	f.Helper()
	f.Add([]byte(oneEntryRESP2))
	f.Add([]byte(oneEntryRESP3))
	f.Add([]byte(oneTaken))
	const event = "*1\r\n*2\r\n$1\r\ns\r\n*1\r\n*2\r\n$3\r\n1-1\r\n*12\r\n$11\r\nspecversion\r\n$3\r\n1.0\r\n" +
		"$4\r\ndata\r\n$-1\r\n$1\r\nx\r\n$-0\r\n\r\n$2\r\nid\r\n:7\r\n$6\r\nsource\r\n$1\r\ns\r\n$4\r\ntype\r\n+t\r\n"
	f.Add([]byte(event))
	for _, raw := range hostile {
		if len(raw) < 200 {
			f.Add([]byte(raw))
		}
	}
}

func FuzzDecodeRead(f *testing.F) {
	addReplies(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		batch, err := decodeRead(raw, "s")
		checkDecoded(t, raw, batch, err)
	})
}

func FuzzCursorTaken(f *testing.F) {
	addReplies(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		batch, err := (&cursor{buf: raw}).taken("s")
		checkDecoded(t, raw, batch, err)
	})
}

func checkDecoded(t *testing.T, raw []byte, batch Batch, err error) {
	t.Helper()
	if err != nil {
		var reply ServerError
		require.True(t, errors.Is(err, errProtocol) || errors.As(err, &reply), "%v", err)
		return
	}
	size := 0
	for i := range batch {
		size += batch[i].Fields().size()
		_ = batch[i].AsEvent()
		for _, f := range batch[i].Fields() {
			if cap(f.Name) != len(f.Name) || cap(f.Value) != len(f.Value) {
				t.Fatalf("what is appended to %q or %q would be written behind it", f.Name, f.Value)
			}
		}
		// An event is decoded while its fields are read, or from its fields: that
		// makes no difference.
		again := NewDelivery(batch[i].Stream, batch[i].EntryID, batch[i].Fields())
		require.Equal(t, again.Event, batch[i].Event)
		require.Equal(t, again.malformed, batch[i].malformed)
	}
	require.LessOrEqual(t, size, len(raw))
}

func FuzzCursorSkip(f *testing.F) {
	addReplies(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		c := &cursor{buf: raw}
		err := c.skip()
		require.LessOrEqual(t, c.pos, len(raw))
		if err == nil && c.pos == 0 {
			t.Fatal("nothing skipped")
		}
		_ = (&cursor{buf: raw}).record(func(string, []byte, bool) {})
		_, _ = (&cursor{buf: raw}).pendingRow()
		_, _ = (&cursor{buf: raw}).ints()
		_, _ = (&cursor{buf: raw}).float()
	})
}

func FuzzUnpackFields(f *testing.F) {
	f.Add([]byte("1:a2:bc"))
	f.Add([]byte("18446744073709551615:a"))
	f.Add([]byte("0:0:"))
	f.Fuzz(func(_ *testing.T, packed []byte) {
		_, _ = unpackFields(Fields{{[]byte("leat-packed"), packed}})
	})
}
