package bare

import (
	"bytes"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func wireEntry(id string, fields ...string) []byte {
	b := AppendArg([]byte("*2\r\n"), id)
	return append(b, AppendCommand(nil, fields...)...)
}

// What is complete is parsed; whatever is cut off anywhere asks for more, and is no
// error.
func TestParsersAskForMoreAtEveryByte(t *testing.T) {
	t.Parallel()
	var e Entry
	var v Value
	var n int
	entry := func(b []byte) (int, error) { return e.parse(b) }
	header := func(b []byte) (int, error) { return readHeader(b, &n) }
	any := func(b []byte) (next int, err error) {
		v, next, err = value(b, 0, 0)
		return next, err
	}
	ack := func(b []byte) (int, error) { return integer(b, &n) }
	for _, c := range []struct {
		parse func([]byte) (int, error)
		wire  string
		check func() bool
	}{
		{entry, string(wireEntry("1-12", "a", "", "\r\n", "$5\r\n")), func() bool {
			return fmt.Sprintf("%s %q", e.ID, e.Fields) == `1-12 ["a" "" "\r\n" "$5\r\n"]` && string(e.wireID) == "$4\r\n1-12\r\n"
		}},
		{entry, "*2\r\n$3\r\n1-1\r\n*-1\r\n", func() bool { return len(e.Fields) == 0 }},
		{entry, "*2\r\n$3\r\n1-1\r\n*0\r\n", func() bool { return len(e.Fields) == 0 }},
		{header, "*1\r\n*2\r\n$1\r\ns\r\n*12\r\n", func() bool { return n == 12 }},
		{header, "*1\r\n*2\r\n$1\r\ns\r\n*-1\r\n", func() bool { return n == 0 }},
		{header, "*-1\r\n", func() bool { return n == 0 }},
		{ack, ":1234\r\n", func() bool { return n == 1234 }},
		{any, "*5\r\n$-1\r\n+OK\r\n-ERR no\r\n*-1\r\n*2\r\n:-9223372036854775808\r\n$3\r\nabc\r\n", func() bool {
			return v.Array[0].Null && v.Array[1].Text == "OK" && v.Array[2].Text == "-ERR no" && v.Array[3].Null &&
				v.Array[4].Array[0].Int == math.MinInt64 && v.Array[4].Array[1].Text == "abc"
		}},
	} {
		for cut := range len(c.wire) {
			n, err := c.parse([]byte(c.wire[:cut]))
			require.NoError(t, err, c.wire[:cut])
			require.Zero(t, n, c.wire[:cut])
		}
		for _, behind := range []string{"", "*", "\r\n"} {
			n, err := c.parse([]byte(c.wire + behind))
			require.NoError(t, err, c.wire)
			require.Equal(t, len(c.wire), n, c.wire)
			require.True(t, c.check(), c.wire)
		}
	}
}

func TestErrorRepliesAskForMoreAtEveryByte(t *testing.T) {
	t.Parallel()
	const wire = "-NOGROUP No such key\r\n"
	for cut := 1; cut < len(wire); cut++ {
		is, n, err := refused([]byte(wire[:cut]))
		require.True(t, is)
		require.Zero(t, n)
		require.NoError(t, err)
	}
	_, n, err := refused([]byte(wire + "+"))
	require.Equal(t, len(wire), n)
	require.Equal(t, ServerError("NOGROUP No such key"), err)
}

func TestParsersRefuseWhatIsWrong(t *testing.T) {
	t.Parallel()
	for _, wire := range []string{
		"?", "$x", "$\r\n", "$--1\r\n", "$-2\r\n", "$-0\r\n", "$1-\r\n", "$1\rx", "$2\r\nabc\r\n", "$1\r\na\rx", "$99999999999999999999",
		"$1073741825\r\n", ":\r\n", ":x\r\n", ":9223372036854775808\r\n", "*x\r\n", "*1\r\n?\r\n",
		string(bytes.Repeat([]byte("*1\r\n"), maxDepth+1)),
	} {
		_, n, err := value([]byte(wire), 0, 0)
		require.ErrorIs(t, err, ErrProtocol, wire)
		require.Zero(t, n, wire)
	}
}

func TestParseAllocatesNothing(t *testing.T) { //nolint:paralleltest // what other tests allocate would be counted
	wire := wireEntry("1700000000000-0", "specversion", "1.0", "id", "7", "data", "x")
	var e Entry
	require.Zero(t, testing.AllocsPerRun(100, func() {
		if n, err := e.parse(wire); n != len(wire) || err != nil {
			t.Error(n, err)
		}
	}))
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("*1\r\n*2\r\n$1\r\ns\r\n*1\r\n"))
	f.Add(wireEntry("1-1", "a", "b"))
	f.Add([]byte("*3\r\n:-1\r\n$-1\r\n-ERR\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		within := func(n int, err error) {
			if n < 0 || n > len(b) || n != short && err != nil && !isServerError(err) {
				t.Fatalf("%d of %d bytes, %v", n, len(b), err)
			}
		}
		var e Entry
		n, err := e.parse(b)
		within(n, err)
		if n > 0 { // what was understood is what was there
			fields := make([]string, len(e.Fields))
			for i, s := range e.Fields {
				fields[i] = string(s)
			}
			if again := wireEntry(string(e.ID), fields...); len(again) == n && !bytes.Equal(again, b[:n]) {
				t.Fatalf("%q was parsed as %q", b[:n], again)
			}
		}
		var count int
		within(readHeader(b, &count))
		within(integer(b, &count))
		_, n, err = value(b, 0, 0)
		within(n, err)
	})
}
