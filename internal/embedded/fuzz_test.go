package embedded

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// wellFormed is one whole reply, in either protocol, and nothing behind it.
func wellFormed(t *testing.T, reply []byte, what any) {
	t.Helper()
	rest, ok := pastReply(reply)
	require.True(t, ok && len(rest) == 0, "%q answers %q", what, reply)
}

// pastReply is what comes behind the first reply of b.
func pastReply(b []byte) (rest []byte, ok bool) {
	text := string(b)
	line, behind, ok := strings.Cut(text, "\r\n")
	if !ok || line == "" || strings.ContainsAny(line, "\r\n") {
		return nil, false
	}
	rest = b[len(text)-len(behind):]
	switch line[0] {
	case '+', '-', ':', '_', ',', '#', '(':
		return rest, true
	}
	n, err := strconv.Atoi(line[1:])
	if err != nil {
		return nil, false
	}
	switch line[0] {
	case '$', '=':
		if n < 0 {
			return rest, true
		}
		return rest[min(n+2, len(rest)):], len(rest) >= n+2 && string(rest[n:n+2]) == "\r\n"
	case '%':
		n *= 2
	case '*', '~', '>':
	default:
		return nil, false
	}
	for ; n > 0 && ok; n-- {
		rest, ok = pastReply(rest)
	}
	return rest, ok
}

// leftOut says which commands FuzzDo does not send: EVAL, since any program may run for ever, and what miniredis carries out.
// Some of that takes as much memory or time as it is told to (HRANDFIELD h -9223372036854775808).
func (b *Broker) leftOut(name string) bool {
	name = strings.ToLower(name)
	return strings.HasPrefix(name, "eval") || commands[name] == nil && b.isGuest(name)
}

// FuzzDo: whatever is sent, in whatever order, each command is answered by one reply, and the broker still works. Words are
// separated by spaces, commands by lines.
func FuzzDo(f *testing.F) {
	for _, seed := range []string{
		"XADD s 1-1 f v\nXADD s 1-18446744073709551615 f v\nXADD s 1-* f v\nXADD s * f\nXADD s MAXLEN ~ -1 * f v\nXADD s MINID = 1 LIMIT 5 * f v",
		"XGROUP CREATE s g 0 MKSTREAM\nXADD s * a b\nXREADGROUP GROUP g c COUNT 1 STREAMS s >\nXREADGROUP GROUP g c STREAMS s 0\nXCLAIM s g d 0 1-1 IDLE -1 TIME 9223372036854775807 RETRYCOUNT -1 FORCE JUSTID LASTID 5-5",
		"XAUTOCLAIM s g c 0 0 COUNT 9223372036854775807\nXAUTOCLAIM s g c -1 (1 COUNT 0\nXPENDING s g IDLE 9223372036854775807 - + 9223372036854775807\nXPENDING s g - + -1 c\nXPENDING s g (18446744073709551615-18446744073709551615 + 1",
		"XREAD COUNT -1 BLOCK -1 STREAMS s $\nXREAD COUNT 9223372036854775807 STREAMS a b 0 0\nXREAD STREAMS s\nXREADGROUP GROUP g c BLOCK 9223372036854775807 STREAMS s >",
		"XSETID s 5-5 ENTRIESADDED -1 MAXDELETEDID 6-6\nXTRIM s MAXLEN 99999999999999999999\nXRANGE s - + COUNT -5\nXREVRANGE s + - COUNT 9223372036854775807\nXRANGE s (- (+\nXDEL s 0-0 x",
		"ZADD z nan m\nZADD z NX XX GT 1 m\nZADD z INCR +inf m\nZRANGE z 0 -1 BYSCORE LIMIT -1 -1\nZRANGEBYSCORE z (inf -inf WITHSCORES LIMIT 9223372036854775807 1\nZRANGE z [a (b BYLEX REV\nZREMRANGEBYRANK z -9223372036854775808 9223372036854775807",
		"HSET h a\nHINCRBY h a 9223372036854775807\nHINCRBY h a 1\nHRANDFIELD h -9223372036854775808 WITHVALUES\nHSCAN h 0 COUNT -1 MATCH [\nHSCAN h 18446744073709551616",
		"SET a b EX 9223372036854775807\nSET a b PX -1\nEXPIRE a -9223372036854775808 GT\nPEXPIREAT a 9223372036854775807\nGETRANGE a -9223372036854775808 9223372036854775807\nINCRBY n -9223372036854775808\nDECRBY n -9223372036854775808\nINCRBYFLOAT n 1e400",
		"MULTI\nXADD s * a b\nNOSUCH\nEXEC\nMULTI\nMULTI\nWATCH a\nDISCARD\nEXEC",
		"HELLO 3 AUTH default x SETNAME a\nHELLO 4\nHELLO 99999999999999999999\nCLIENT UNBLOCK 9223372036854775807 ERROR\nCLIENT LIST ID x\nCLIENT SETNAME \x00\nCLIENT REPLY OFF\nPING",
		"LPUSH l a\nLPOP l -1\nLRANGE l -9223372036854775808 9223372036854775807\nLINDEX l x\nLPOS l a RANK 0\nSADD t a\nSPOP t -1\nSRANDMEMBER t -9223372036854775808\nRENAME l s\nXADD l * a b\nSCAN 0 COUNT -1 TYPE x",
		"COMMAND INFO \x00 xadd\nCONFIG GET [\nINFO \xff\nDEBUG SLEEP 0\nMEMORY USAGE s SAMPLES -1\nOBJECT FREQ s\nWAIT 1 -1\nSELECT -1\nQUIT\nPING",
	} {
		f.Add(seed)
	}
	b, err := NewSilent()
	require.NoError(f, err)
	f.Cleanup(func() { require.NoError(f, b.Close()) })
	f.Fuzz(func(t *testing.T, text string) {
		b.Reset()
		s := b.Open()
		for line := range strings.SplitSeq(text, "\n") {
			args := strings.Split(line, " ")
			if b.leftOut(args[0]) {
				continue
			}
			reply, blocked := s.Begin(args)
			if blocked != nil {
				s.Close()
				require.Nil(t, blocked.Wait())
			}
			if reply == nil { // it hung up, or waited
				s = b.Open()
				continue
			}
			wellFormed(t, reply, args)
		}
		require.Equal(t, "+PONG\r\n", string(b.Open().Do([]string{"PING"})))
	})
}

// FuzzScripts: whatever leat's scripts are given, each ends with one reply, and adds to the stream only where it redrives.
func FuzzScripts(f *testing.F) {
	lib, err := os.ReadFile("../../stream/scripts/lib.lua")
	require.NoError(f, err)
	files, err := filepath.Glob("../../stream/scripts/*.lua")
	require.NoError(f, err)
	var sources []string
	for _, file := range files {
		own, err := os.ReadFile(file)
		require.NoError(f, err)
		if name := filepath.Base(file); name != "lib.lua" {
			sources = append(sources, string(lib)+"\n"+string(own))
		}
	}
	for i := range sources {
		for _, seed := range []string{
			"1-1 1 1-2 1", "0 1-1 1", "1-1 1 1000 text park 1", "1-1 1 failed text 1 0 a b", "1 0-0 10 0", "- 100", "1-1 1-1 a b", "100", "-1", "",
			"18446744073709551615-18446744073709551615 9223372036854775807", "x x x x x x x", "1e300 nan inf 0x10 -0", "99999999999999999999 1-1 -1 1-1 1.5",
		} {
			f.Add(uint8(i), "g", "me", seed)
		}
		f.Add(uint8(i), "other", "", "1-1 1")
	}
	b, err := NewSilent()
	require.NoError(f, err)
	f.Cleanup(func() { require.NoError(f, b.Close()) })
	f.Fuzz(func(t *testing.T, which uint8, group, name, arguments string) {
		b.Reset()
		s := b.Open()
		for _, line := range []string{
			"XADD s 1-1 a b", "XADD s 1-2 a b", "XADD s 1-3 a b", "XADD s 1-4 a b", "XGROUP CREATE s g 0", "XREADGROUP GROUP g me COUNT 2 STREAMS s >",
			"XREADGROUP GROUP g you COUNT 1 STREAMS s >", "ZADD r 5 1-2", "HSET n 1-2 1", "XADD d 1-1 leat-entry 1-1 leat-stream s",
		} {
			s.Do(words(line))
		}
		args := []string{"EVAL", sources[int(which)%len(sources)], "4", "s", "r", "n", "d", group, name}
		reply := s.Do(append(args, strings.Split(arguments, " ")...))
		wellFormed(t, reply, args[6:])
		require.Contains(t, []string{":4\r\n", ":5\r\n"}, string(s.Do([]string{"XLEN", "s"})), "redriving adds one")
	})
}

// FuzzLibraries: whatever text the libraries of scripts decode or are told to encode, they give a value or an error.
func FuzzLibraries(f *testing.F) {
	calls := []string{
		"return cjson.encode(cjson.decode(ARGV[1]))", "return {struct.unpack(ARGV[1], ARGV[2])}", "return struct.pack(ARGV[1], ARGV[2], ARGV[3])",
		"return struct.size(ARGV[1])", "return {bit.tobit(ARGV[1]), bit.lshift(ARGV[1], ARGV[2]), bit.arshift(ARGV[1], ARGV[2]), bit.rol(ARGV[1], ARGV[2])}",
		"return bit.tohex(ARGV[1], ARGV[2])", "return {tonumber(ARGV[1]) or 0, tostring(tonumber(ARGV[1])), string.format('%.14g', tonumber(ARGV[1]) or 0)}",
		"return string.format(ARGV[1], ARGV[2], ARGV[3])", "return redis.sha1hex(ARGV[1])", "return redis.error_reply(ARGV[1])", "return redis.status_reply(ARGV[1])",
		"redis.log(ARGV[1], ARGV[2])", "return string.sub(ARGV[1], ARGV[2], ARGV[3])",
	}
	for i := range calls {
		for _, seed := range [][3]string{
			{`{"a":[1,null,"\ud800"]}`, "1", "2"},
			{strings.Repeat("[", 2000), "", ""},
			{">I8<i16s", "\xff\xff\xff\xff\xff\xff\xff\xff", "-1"},
			{"!9c99999999999", "x", "1"},
			{"1e400", "33", "-33"},
			{"-0x7fffffffffffffff", "9223372036854775807", ""},
			{"%d %s %99.99f %q", "nan", "inf"},
			{"two\r\nlines", "\x00", "\xff"},
			{"", "", ""},
		} {
			f.Add(uint8(i), seed[0], seed[1], seed[2])
		}
	}
	b, err := NewSilent()
	require.NoError(f, err)
	f.Cleanup(func() { require.NoError(f, b.Close()) })
	f.Fuzz(func(t *testing.T, which uint8, first, second, third string) {
		b.Reset()
		args := []string{"EVAL", calls[int(which)%len(calls)], "0", first, second, third}
		wellFormed(t, b.Open().Do(args), args)
	})
}

// FuzzDecodeReply: what a script is told that a guest has answered is decoded, or refused.
func FuzzDecodeReply(f *testing.F) {
	for _, seed := range []string{"+OK\r\n", "-ERR x\r\n", ":1\r\n", "$-1\r\n", "$3\r\nabc\r\n", "*2\r\n$1\r\na\r\n*-1\r\n", "*9223372036854775807\r\n", "$9223372036854775807\r\nx", ":x\r\n", "\r\n", "*1\r\n", ""} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if v, err := decodeReply(b); err == nil {
			require.NotNil(t, v)
		}
	})
}
