package stream

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// encoded are commands as they go over the wire.
func encoded(commands [][]any) (b []byte) {
	for _, args := range commands {
		b = appendCommand(b, len(args))
		for _, arg := range args {
			text, _ := arg.(string)
			b = appendArg(b, text)
		}
	}
	return b
}

// decoded are the commands in b again.
func decoded(t testing.TB, b []byte) (commands [][]any) {
	t.Helper()
	for args, err := range commandsIn(b) {
		require.NoError(t, err)
		commands = append(commands, args)
	}
	return commands
}

func TestEncodedIsWhatGoRedisSends(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 2, 9, 10, 11, 99, 100, 999, 1000, 100_000} {
		arg := string(bytes.Repeat([]byte{'$'}, n))
		want := fmt.Sprintf("*2\r\n$%d\r\n%s\r\n$1\r\nx\r\n", n, arg)
		require.Equal(t, want, string(encoded([][]any{{arg, "x"}})))
		require.Equal(t, [][]any{{arg, "x"}}, decoded(t, []byte(want)))
		args := make([]any, n)
		for i := range args {
			args[i] = strconv.Itoa(i)
		}
		require.Equal(t, [][]any{args}, decoded(t, encoded([][]any{args})), "%d arguments", n)
	}
	for _, n := range []int64{0, 1, -1, 9, 10, math.MaxInt64, math.MinInt64} {
		digits := strconv.FormatInt(n, 10)
		require.Equal(t, fmt.Sprintf("$%d\r\n%s\r\n", len(digits), digits), string(appendIntArg(nil, n)))
	}
	for _, id := range []ID{{}, {1, 2}, {math.MaxUint64, math.MaxUint64}} {
		require.Equal(t, fmt.Sprintf("$%d\r\n%s\r\n", len(id.String()), id), string(appendIDArg(nil, id)))
	}
	require.Empty(t, decoded(t, nil))
}

func TestIDsThatShareAMillisecond(t *testing.T) {
	t.Parallel()
	ids := []ID{{0, 0}, {0, 1}, {9, 1}, {9, 10}, {1_700_000_000_000, 0}, {1_700_000_000_000, 123}, {0, 5}, MaxID, MaxID, {1, 1}}
	var want []byte
	for _, id := range ids {
		want = appendIDArg(want, id)
	}
	require.Equal(t, string(want), string(appendIDArgs(nil, ids)))
	require.Empty(t, appendIDArgs(nil, nil))
}

func TestWhatIsNoCommand(t *testing.T) {
	t.Parallel()
	whole := encoded([][]any{{"XADD", "s", "*", "a", ""}, {"XACK", "s", "g", "1-1"}})
	for cut := 1; cut < len(whole); cut++ {
		n, failed := 0, false
		for args, err := range commandsIn(whole[:cut]) {
			require.False(t, failed, "nothing comes behind an error")
			if failed = err != nil; !failed {
				require.NotEmpty(t, args)
				n++
			}
		}
		require.True(t, failed || cut == len(encoded([][]any{{"XADD", "s", "*", "a", ""}})), cut)
		require.LessOrEqual(t, n, 1)
	}
	for _, bad := range []string{"*-1\r\n", "$1\r\nx\r\n", "*1\r\n$-1\r\n", "*1\r\n*0\r\n", "x", "*9999999999\r\n$0\r\n\r\n"} {
		for _, err := range commandsIn([]byte(bad)) {
			require.ErrorIs(t, err, errProtocol, bad)
		}
	}
	for args, err := range commandsIn(whole) {
		require.NoError(t, err)
		require.Equal(t, "XADD", args[0])
		break // who has seen enough goes
	}
}

// FuzzCommands makes commands of any bytes: each of them is found again.
func FuzzCommands(f *testing.F) {
	f.Add([]byte("XADD\x00s\x00*"), uint64(0))
	f.Add([]byte("\r\n$5\r\n\x00\x00*2\r\n"), uint64(0x0102030405060708))
	f.Add(bytes.Repeat([]byte{0xff}, 300), uint64(math.MaxUint64))
	f.Fuzz(func(t *testing.T, in []byte, cuts uint64) {
		var lengths [8]byte
		binary.LittleEndian.PutUint64(lengths[:], cuts)
		commands := [][]any{{}}
		for i := 0; len(in) > 0; i++ {
			n := min(int(lengths[i%8]), len(in))
			if n == 0 {
				n = 1
				commands = append(commands, []any{})
			}
			last := len(commands) - 1
			commands[last] = append(commands[last], string(in[:n]))
			in = in[n:]
		}
		require.Equal(t, commands, decoded(t, encoded(commands)))
	})
}

// FuzzCommandsIn reads what is hostile.
func FuzzCommandsIn(f *testing.F) {
	f.Add([]byte("*1\r\n$4\r\nPING\r\n"))
	f.Add([]byte("*0\r\n*1\r\n+x\r\n*2\r\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		for args, err := range commandsIn(in) {
			if err != nil {
				require.Nil(t, args)
				return
			}
			require.LessOrEqual(t, len(args), len(in))
		}
	})
}

// randomText has any bytes, of lengths about which the encoding changes.
func randomText(r *rand.Rand) string {
	b := make([]byte, []int{0, 1, 8, 9, 10, 11, 98, 99, 100, 101, 999, 1000, 1001}[r.IntN(13)])
	for i := range b {
		b[i] = "ab\r\n$*\x00\xff"[r.IntN(8)]
	}
	return string(b)
}

// randomEvent has each optional attribute or not.
func randomEvent(r *rand.Rand) Event {
	e := Event{ID: randomText(r), Source: randomText(r), Type: randomText(r)}
	for _, field := range []*string{&e.Subject, &e.DataContentType, &e.DataSchema} {
		if r.IntN(2) == 0 {
			*field = randomText(r)
		}
	}
	if r.IntN(2) == 0 {
		e.Time = time.Unix(firstSecond+r.Int64N(lastSecond-firstSecond), r.Int64N(1e9)).In(time.FixedZone("", r.IntN(80_000)-40_000))
	}
	if r.IntN(2) == 0 {
		e.Extensions = map[string]string{}
		for range r.IntN(12) {
			e.Extensions["x"+strconv.Itoa(r.IntN(1000))] = randomText(r)
		}
	}
	if r.IntN(3) > 0 {
		e.Data = []byte(randomText(r))
	}
	return e
}

// argsOf is the XADD of an event by way of AppendArgs.
func argsOf(stream string, e *Event) []any {
	args := []any{"XADD", stream, "*"}
	for _, arg := range e.AppendArgs(nil) {
		if b, ok := arg.([]byte); ok {
			arg = string(b)
		}
		args = append(args, arg)
	}
	return args
}

// TestAddsSayWhatAppendArgsSays of any event, and take no memory anew for others.
func TestAddsSayWhatAppendArgsSays(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(8, 9))
	var a Adds
	for round := range 30 {
		stream := "orders" + strconv.Itoa(round%3)
		a.Reset(stream)
		require.Zero(t, a.Len())
		require.Zero(t, a.Bytes())
		n := r.IntN(60)
		want := make([][]any, 0, n)
		for range n {
			e := randomEvent(r)
			before := e
			before.Extensions = maps.Clone(e.Extensions)
			a.Append(&e)
			want = append(want, argsOf(stream, &e))
			require.Equal(t, before, e, "it is left as it is")
			for i := range e.Data {
				e.Data[i] = '!' // nothing of it is kept
			}
		}
		got := decoded(t, a.buf)
		require.Len(t, got, n)
		for i := range got {
			require.Equal(t, want[i], got[i])
		}
		require.Equal(t, n, a.Len())
		require.Equal(t, len(encoded(want)), a.Bytes())
		require.GreaterOrEqual(t, a.Cap(), a.Bytes())

		var again Adds // some of them, from the last to the first
		again.Reset(stream)
		var picked [][]any
		for i := n - 1; i >= 0; i-- {
			if r.IntN(2) == 0 {
				again.AppendFrom(&a, i)
				picked = append(picked, want[i])
			}
		}
		require.Equal(t, picked, decoded(t, again.buf))
		require.Equal(t, len(picked), again.Len())
		if len(picked) > 0 {
			a.Reset(stream) // does not reach what was copied
			a.AppendFrom(&again, len(picked)-1)
			require.Equal(t, picked[len(picked)-1:], decoded(t, a.buf))
			require.Equal(t, picked, decoded(t, again.buf))
		}
	}
}

//nolint:paralleltest // it counts what the process allocates
func TestAddsTakeNoMemoryAnew(t *testing.T) {
	e := fullEvent()
	e.Extensions = nil // their order costs
	var a Adds
	require.Zero(t, testing.AllocsPerRun(100, func() {
		a.Reset("orders")
		for range 50 {
			a.Append(&e)
		}
	}))
}
