package command

import (
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/stream"
)

// FuzzOutput: whatever a program writes, in whatever pieces, no more of it is logged than the limit, in lines that are text, and
// what an error quotes is one short line that no terminal obeys. Nothing is counted twice or forgotten.
func FuzzOutput(f *testing.F) {
	f.Add([]byte("one\ntwo\r\n\n\x1b[2J\xff"), 3, 100)
	f.Add([]byte(strings.Repeat("x", lineLimit+10)), 4096, 0)
	f.Add([]byte("\u202e\u009b\x00\n\n\n\n"), 1, 2)
	f.Add([]byte("\n"), 1, -1)
	f.Fuzz(func(t *testing.T, written []byte, piece, limit int) {
		piece, limit = max(1, piece), min(limit, 1<<20)
		core, logs := observer.New(zap.DebugLevel)
		o := newOutput(zap.New(core), zap.InfoLevel, "stderr", limit)
		for rest := written; len(rest) > 0; {
			n := min(piece, len(rest))
			took, err := o.Write(rest[:n])
			require.NoError(t, err)
			require.Equal(t, n, took)
			rest = rest[n:]
		}
		o.finish()
		shown := 0
		for _, line := range logs.All() {
			if line.Level != zap.InfoLevel {
				continue // that it was cut
			}
			require.True(t, utf8.ValidString(line.Message))
			require.NotContains(t, line.Message, "\n")
			require.LessOrEqual(t, len(line.Message), 3*lineLimit)
			shown++
		}
		require.LessOrEqual(t, shown, max(limit, 0), "a line takes one of the limit at the least")
		last := o.last()
		require.LessOrEqual(t, len(last), tailLimit+3*utf8.UTFMax)
		require.True(t, utf8.ValidString(last))
		for _, r := range last {
			require.True(t, strconv.IsPrint(r), "%q", last)
		}
	})
}

// FuzzVariables: an event's attributes become variables of their own names, one each, and no other; what no environment can
// have is refused for good.
func FuzzVariables(f *testing.F) {
	f.Add("1", "/s", "t", "sub", "ext", "value")
	f.Add("1\x00", "s\nPATH=/evil", "t", "", "path", "\xff")
	f.Add("", "", "", "", "e", "=")
	f.Fuzz(func(t *testing.T, id, source, kind, subject, extension, value string) {
		e := stream.Event{ID: id, Source: source, Type: kind, Subject: subject, Extensions: map[string]string{extension: value}}
		if e.Validate() != nil {
			return // the consumer lets no such event through
		}
		vars, err := variables(&stream.Delivery{Event: e, Stream: "orders", EntryID: stream.ID{Ms: 1}, Attempt: 1}, &e)
		if strings.ContainsRune(id+source+kind+subject+value, 0) {
			require.True(t, consumer.IsPermanent(err))
			return
		}
		require.NoError(t, err)
		got := map[string]string{}
		for _, v := range vars {
			name, text, ok := strings.Cut(v, "=")
			require.True(t, ok)
			require.True(t, strings.HasPrefix(name, own), "%q", v)
			require.NotContains(t, got, name)
			got[name] = text
		}
		require.Equal(t, [3]string{id, source, kind}, [3]string{got["LEAT_ID"], got["LEAT_SOURCE"], got["LEAT_TYPE"]})
		require.Equal(t, [2]string{subject, value}, [2]string{got["LEAT_SUBJECT"], got["LEAT_EXT_"+strings.ToUpper(extension)]})
	})
}

// FuzzInherited: no variable with a password of Redis is passed on, however it is named and whatever surrounds it.
func FuzzInherited(f *testing.F) {
	f.Add("DATABASE", "postgres://u:p@h", "redis", "")
	f.Add("X", "", "rediss+sentinel", " and more")
	f.Add("redis_host", "h", "VALKEY", "\n")
	f.Fuzz(func(t *testing.T, name, before, scheme, after string) {
		if strings.ContainsAny(name, "=\x00") || name == "" {
			return
		}
		const secret = "cAnArY-7f3"
		for _, kept := range inherited([]string{
			"LEAT_REDIS=x" + secret, "leat_token=" + secret, "REDIS_PASSWORD=" + secret, "MY_VALKEY_AUTH_" + name + "=" + secret,
			name + "=" + before + "redis://user:" + secret + "@host" + after, name + "=" + before + "rediss+cluster://:" + secret + "@" + after,
			name + "=" + before + "redis-sentinel://a/" + secret + "/b?c@" + after, name + "=" + before + "VALKEYS://" + secret + "@h" + after,
		}, nil) {
			require.NotContains(t, kept, secret)
		}
		plain := "PLAIN_" + strings.ToUpper(strings.Map(onlyLetters, scheme)) + "=1"
		if kept := inherited([]string{plain}, nil); !redisName.MatchString(plain) {
			require.Equal(t, []string{plain}, kept)
		}
	})
}

func onlyLetters(r rune) rune {
	if r < 'a' || r > 'z' {
		return -1
	}
	return r
}
