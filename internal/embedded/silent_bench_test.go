package embedded

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// leatScript is one of stream/scripts as stream sends it.
func leatScript(t testing.TB, name string) string {
	t.Helper()
	lib, err := os.ReadFile(filepath.Join("..", "..", "stream", "scripts", "lib.lua"))
	require.NoError(t, err)
	own, err := os.ReadFile(filepath.Join("..", "..", "stream", "scripts", name+".lua"))
	require.NoError(t, err)
	return string(lib) + "\n" + string(own)
}

// benchScript calls a script that finds nothing to do.
func benchScript(b *testing.B, name string, args ...string) {
	s := silent(b).Open()
	sha := string(s.Do([]string{"SCRIPT", "LOAD", leatScript(b, name)})[5:45])
	s.Do([]string{"XGROUP", "CREATE", "s", "g", "0", "MKSTREAM"})
	call := append([]string{"EVALSHA", sha, "4", "s", "leat:{s}:retry:g", "leat:{s}:failures:g", "leat:{s}:dead:g", "g", "me"}, args...)
	require.NotEqual(b, byte('-'), s.Do(call)[0])
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = s.AppendDo(buf[:0], call)
	}
}

func BenchmarkSilentDue(b *testing.B)     { benchScript(b, "due", "100") }
func BenchmarkSilentReclaim(b *testing.B) { benchScript(b, "reclaim", "30000", "0", "100", "0") }
func BenchmarkSilentAck(b *testing.B)     { benchScript(b, "ack", "1", "1") }
func BenchmarkSilentExtend(b *testing.B)  { benchScript(b, "extend", "1", "1") }

// BenchmarkSilentAckOne settles one entry by script.
func BenchmarkSilentAckOne(b *testing.B) {
	s := silent(b).Open()
	sha := string(s.Do([]string{"SCRIPT", "LOAD", leatScript(b, "ack")})[5:45])
	s.Do([]string{"XGROUP", "CREATE", "s", "g", "0", "MKSTREAM"})
	call := []string{"EVALSHA", sha, "4", "s", "leat:{s}:retry:g", "leat:{s}:failures:g", "leat:{s}:dead:g", "g", "me", "", "1"}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n++
		id := strconv.Itoa(n) + "-0"
		s.Do([]string{"XADD", "s", id, "f", "v"})
		s.Do([]string{"XREADGROUP", "GROUP", "g", "me", "STREAMS", "s", ">"})
		s.Do([]string{"XDEL", "s", id})
		call[9] = id
		s.Do(call)
	}
}

// BenchmarkSilentPlain is a stream's life without scripts: four commands each.
func BenchmarkSilentPlain(b *testing.B) {
	s := silent(b).Open()
	s.Do([]string{"XGROUP", "CREATE", "s", "g", "0", "MKSTREAM"})
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n++
		id := strconv.Itoa(n) + "-0"
		s.Do([]string{"XADD", "s", id, "f", "v"})
		s.Do([]string{"XREADGROUP", "GROUP", "g", "me", "COUNT", "10", "STREAMS", "s", ">"})
		s.Do([]string{"XACK", "s", "g", id})
		s.Do([]string{"XDEL", "s", id})
	}
}

// BenchmarkSilentReset is what a history costs that does nothing.
func BenchmarkSilentReset(b *testing.B) {
	broker := silent(b)
	b.ReportAllocs()
	for b.Loop() {
		broker.Reset()
		s := broker.Open()
		s.Do([]string{"XADD", "s", "1-1", "f", "v"})
	}
}
