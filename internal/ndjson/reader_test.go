package ndjson_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/ndjson"
)

// all reads everything: lines by number, and the numbers of those that are too long.
func all(t *testing.T, r *ndjson.Reader) (lines map[int]string, long []int) {
	t.Helper()
	lines = map[int]string{}
	for {
		line, err := r.Next()
		if errors.Is(err, io.EOF) {
			return lines, long
		}
		require.NoError(t, err)
		if line.Err != nil {
			require.ErrorIs(t, line.Err, ndjson.ErrTooLong)
			require.Nil(t, line.Data)
			long = append(long, line.Number)
			continue
		}
		lines[line.Number] = string(line.Data)
	}
}

func TestReadsLinesOfAllKinds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in   string
		want map[int]string
	}{
		"plain":               {"a\nb\n", map[int]string{1: "a", 2: "b"}},
		"no end":              {"a\nb", map[int]string{1: "a", 2: "b"}},
		"CRLF":                {"a\r\nb\r\n", map[int]string{1: "a", 2: "b"}},
		"mixed ends":          {"a\r\nb\nc\r", map[int]string{1: "a", 2: "b", 3: "c"}},
		"empty lines count":   {"\n\na\n \t\n\r\nb\n\n", map[int]string{3: "a", 6: "b"}},
		"space around":        {"  a \t\n", map[int]string{1: "a"}},
		"byte order mark":     {"\xef\xbb\xbfa\nb\n", map[int]string{1: "a", 2: "b"}},
		"mark and nothing":    {"\xef\xbb\xbf\nb\n", map[int]string{2: "b"}},
		"mark elsewhere":      {"a\n\xef\xbb\xbfb\n", map[int]string{1: "a", 2: "\xef\xbb\xbfb"}},
		"nothing":             {"", map[int]string{}},
		"one empty line":      {"\n", map[int]string{}},
		"mark alone, no line": {"\xef\xbb\xbf", map[int]string{}},
		"as long as may be":   {strings.Repeat("x", 20) + "\n", map[int]string{1: strings.Repeat("x", 20)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lines, long := all(t, ndjson.NewReader(strings.NewReader(c.in), 20))
			require.Equal(t, c.want, lines)
			require.Empty(t, long)
			lines, _ = all(t, ndjson.NewReader(iotest.OneByteReader(strings.NewReader(c.in)), 20))
			require.Equal(t, c.want, lines, "however it comes in")
		})
	}
}

func TestLongLinesArePassedOver(t *testing.T) {
	t.Parallel()
	huge := strings.Repeat("y", 300<<10) // several buffers
	lines, long := all(t, ndjson.NewReader(strings.NewReader("a\n"+huge+"\nb\n"+huge), 1000))
	require.Equal(t, map[int]string{1: "a", 3: "b"}, lines)
	require.Equal(t, []int{2, 4}, long)
}

func TestHugeLineFits(t *testing.T) {
	t.Parallel()
	huge := bytes.Repeat([]byte("z"), 10<<20)
	lines, long := all(t, ndjson.NewReader(io.MultiReader(bytes.NewReader(huge), strings.NewReader("\r\nb")), 10<<20))
	require.Empty(t, long)
	require.Len(t, lines[1], 10<<20)
	require.Equal(t, "b", lines[2])
}

func TestReadSaysHowFarItIs(t *testing.T) {
	t.Parallel()
	r := ndjson.NewReader(strings.NewReader("ab\r\n\ncd"), 10)
	line, err := r.Next()
	require.NoError(t, err)
	require.EqualValues(t, 4, line.Read)
	line, err = r.Next()
	require.NoError(t, err)
	require.EqualValues(t, 7, line.Read)
}

func TestFailureOfTheInputIsNoEnd(t *testing.T) {
	t.Parallel()
	broken := errors.New("disk is on fire")
	r := ndjson.NewReader(io.MultiReader(strings.NewReader("a\nhalf a li"), iotest.ErrReader(broken)), 100)
	line, err := r.Next()
	require.NoError(t, err)
	require.Equal(t, "a", string(line.Data))
	for range 2 {
		_, err = r.Next()
		require.ErrorIs(t, err, broken, "half a line is no line")
		require.ErrorContains(t, err, "line 2")
	}
}

func FuzzReader(f *testing.F) {
	f.Add([]byte("a\r\n\n\xef\xbb\xbfb"), 3)
	f.Add([]byte("\xef\xbb\xbf{}\n"), 1)
	f.Fuzz(func(t *testing.T, in []byte, limit int) {
		limit = max(1, min(limit, 1000))
		r := ndjson.NewReader(bytes.NewReader(in), limit)
		number, read := 0, int64(0)
		for {
			line, err := r.Next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if line.Number <= number || line.Read <= read || line.Read > int64(len(in)) {
				t.Fatalf("line %d at %d behind line %d at %d", line.Number, line.Read, number, read)
			}
			number, read = line.Number, line.Read
			want := bytes.Split(in, []byte("\n"))[number-1]
			if number == 1 {
				want = bytes.TrimPrefix(want, []byte("\xef\xbb\xbf"))
			}
			if line.Err == nil && !bytes.Equal(line.Data, bytes.TrimSpace(want)) {
				t.Fatalf("line %d: %q, want %q", number, line.Data, want)
			}
			if line.Err != nil && len(want) <= limit {
				t.Fatalf("line %d of %d bytes is too long for %d", number, len(want), limit)
			}
		}
	})
}
