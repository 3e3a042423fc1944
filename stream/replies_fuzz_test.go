package stream

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

// liar is a server that gives every command the same reply.
type liar struct{ reply []byte }

func (l *liar) DialHook(redis.DialHook) redis.DialHook { return nil }

func (l *liar) ProcessHook(redis.ProcessHook) redis.ProcessHook {
	return func(_ context.Context, cmd redis.Cmder) error { return l.answer(cmd) }
}

func (l *liar) ProcessPipelineHook(redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(_ context.Context, cmds []redis.Cmder) error {
		for _, cmd := range cmds {
			if err := l.answer(cmd); err != nil {
				return err
			}
		}
		return nil
	}
}

func (l *liar) answer(cmd redis.Cmder) error {
	raw, ok := cmd.(*redis.RawCmd)
	if !ok {
		return errors.New("no raw command")
	}
	raw.SetVal(append([]byte(nil), l.reply...))
	return nil
}

// asked are all calls that ask the server for something and decode what it says, but for those of the hot path, whose decoders
// have tests of their own.
var asked = []struct {
	name string
	call func(ctx context.Context, g *Group) error
}{
	{"groups", func(ctx context.Context, g *Group) error { _, err := g.conn.Groups(ctx, g.keys.Stream); return err }},
	{"info", func(ctx context.Context, g *Group) error { _, err := g.Info(ctx); return err }},
	{"position", func(ctx context.Context, g *Group) error { _, err := g.Position(ctx); return err }},
	{"pending", func(ctx context.Context, g *Group) error { _, err := g.Pending(ctx, PendingQuery{}); return err }},
	{"due times", func(ctx context.Context, g *Group) error { _, err := g.DueTimes(ctx, []ID{{1, 1}, {2, 2}}); return err }},
	{"take what is due", func(ctx context.Context, g *Group) error { _, _, _, err := g.TakeDue(ctx, "me", 10); return err }},
	{"reclaim", func(ctx context.Context, g *Group) error {
		_, err := g.Reclaim(ctx, "me", Reclaiming{Lease: time.Second, Limit: 10})
		return err
	}},
	{"recover", func(ctx context.Context, g *Group) error {
		_, err := g.Recover(ctx, "me", func(Held) bool { return false }, 10)
		return err
	}},
	{"extend", func(ctx context.Context, g *Group) error {
		_, err := g.Extend(ctx, "me", []Held{{ID{1, 1}, 1}})
		return err
	}},
	{"ack fenced", func(ctx context.Context, g *Group) error {
		_, err := g.AckFenced(ctx, "me", []Held{{ID{1, 1}, 1}})
		return err
	}},
	{"fail", func(ctx context.Context, g *Group) error {
		_, err := g.Fail(ctx, "me", Held{ID{1, 1}, 1}, time.Second, "x")
		return err
	}},
	{"release", func(ctx context.Context, g *Group) error {
		_, err := g.Release(ctx, "me", []Held{{ID{1, 1}, 1}})
		return err
	}},
	{"bury", func(ctx context.Context, g *Group) error {
		return g.Bury(ctx, "me", &Delivery{EntryID: ID{1, 1}, Deliveries: 1}, ReasonPermanent, "x", true)
	}},
	{"restore", func(ctx context.Context, g *Group) error { _, err := g.Restore(ctx, "me", ID{}, nil); return err }},
	{"leave", func(ctx context.Context, g *Group) error { _, err := g.Leave(ctx, "me"); return err }},
	{"remove idle", func(ctx context.Context, g *Group) error { _, err := g.RemoveIdle(ctx, "me", time.Hour); return err }},
	{"create", func(ctx context.Context, g *Group) error { _, err := g.Create(ctx, Oldest()); return err }},
	{"letters", func(ctx context.Context, g *Group) error { _, _, err := g.Letters(ctx, ID{}, 10); return err }},
	{"redrive", func(ctx context.Context, g *Group) error {
		_, err := g.Redrive(ctx, Letter{ID: ID{1, 1}, EntryID: ID{1, 1}, Stream: "orders", Group: "billing", Fields: Fields{{[]byte("a"), []byte("b")}}})
		return err
	}},
	{"supports", func(ctx context.Context, g *Group) error { _, err := g.conn.Supports(ctx, "XNACK"); return err }},
	{"ping", func(ctx context.Context, g *Group) error { return g.conn.Ping(ctx) }},
}

// FuzzReplies: whatever a server says, no call panics, hangs, or takes far more memory than the reply; and what the server
// refused is told in its own words.
func FuzzReplies(f *testing.F) {
	letter := func(fields ...string) string {
		head := []string{
			"leat-stream", "orders", "leat-group", "billing", "leat-entry", "1-1", "leat-reason", "attempts", "leat-error", "x",
			"leat-attempts", "3", "leat-deliveries", "3", "leat-consumer", "c", "leat-time", "1767225600000", "leat-fields", "1",
		}
		return "*1\r\n*2\r\n$3\r\n5-0\r\n" + bulks(append(head, fields...)...)
	}
	info := bulks("name", "billing", "consumers", "2", "pending", "3", "last-delivered-id", "1-1", "entries-read", "5", "lag", "4")
	for _, seed := range []string{
		"*1\r\n" + info, "*1\r\n%2\r\n$4\r\nname\r\n$7\r\nbilling\r\n$3\r\nlag\r\n_\r\n", "*0\r\n", "*-1\r\n", "$-1\r\n", "_\r\n", "+OK\r\n", ":1\r\n", ":0\r\n", ":-1\r\n",
		"*1\r\n*4\r\n$3\r\n1-1\r\n$2\r\nme\r\n:5000\r\n:3\r\n", ",1.5\r\n", "$3\r\ninf\r\n", "$4\r\n-inf\r\n", "$5\r\n1e300\r\n", ",nan\r\n",
		"*4\r\n*1\r\n*4\r\n$3\r\n1-1\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n:2\r\n:1\r\n*1\r\n$3\r\n2-2\r\n:100\r\n:7\r\n", "*4\r\n*0\r\n*0\r\n:-1\r\n:0\r\n",
		"*5\r\n$3\r\n0-0\r\n*3\r\n$3\r\n1-1\r\n:2\r\n:0\r\n*1\r\n$3\r\n2-2\r\n:1767225600000\r\n:0\r\n", "*5\r\n$3\r\n7-7\r\n*0\r\n*0\r\n:9223372036854775807\r\n:1\r\n",
		"*1\r\n:1\r\n", "*1\r\n:9223372036854775807\r\n", "*1\r\n:-9223372036854775808\r\n", "*2\r\n$1\r\na\r\n$1\r\nb\r\n", "$3\r\n9-9\r\n", "$0\r\n\r\n", "$7\r\npending\r\n", "$5\r\nlarge\r\n",
		letter("a", "b"), letter("leat-packed", "1:a1:b"), letter("leat-packed", "9:a"), letter("leat-packed", "18446744073709551615:a"), letter(), letter("a", "b", "c", "d"),
		"*1\r\n*2\r\n$3\r\n5-0\r\n*-1\r\n", "*1\r\n*2\r\n$3\r\n5-0\r\n_\r\n", "-NOGROUP no such group\r\n", "-ERR x\r\n", "!9\r\nERR a\r\nbc\r\n", "-\r\n", "*1\r\n-ERR inside\r\n",
		"*99999999\r\n", "$99999999\r\n", "%99999999\r\n", "*1\r\n*99999999\r\n", "|1\r\n+a\r\n+b\r\n:1\r\n", ">2\r\n+message\r\n+x\r\n", "(99999999999999999999\r\n", "=3\r\ntxt\r\n", "#t\r\n", "",
		strings.Repeat("*1\r\n", 100), "*1\r\n*7\r\n$5\r\nxnack\r\n:-1\r\n*0\r\n:1\r\n:1\r\n:1\r\n*0\r\n",
	} {
		for i := range asked {
			f.Add(uint8(i), []byte(seed))
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, reply []byte) {
		hook := &liar{reply}
		conn := wrapOptions(t, &redis.Options{Addr: "127.0.0.1:1"}, WithHook(hook))
		g, err := conn.Group("orders", "billing", DeadLetter{})
		require.NoError(t, err)
		ask := asked[int(which)%len(asked)]
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		before := allocated()
		err = ask.call(ctx, g)
		if grown := allocated() - before; grown > 1<<20+200*uint64(len(reply)) {
			t.Fatalf("%s: %d bytes for a reply of %d", ask.name, grown, len(reply))
		}
		if ctx.Err() != nil {
			t.Fatalf("%s hangs", ask.name)
		}
		_, _, _ = Classify(err), Code(err), Label(err)
		text, refused := refusalIn(reply)
		if refused && err != nil && !strings.Contains(err.Error(), text) && Code(err) != "NOGROUP" { // of a stream that is not there
			t.Fatalf("%s: %v: the server said %q", ask.name, err, text)
		}
	})
}

// refusalIn is the text of a reply that is an error on one line.
func refusalIn(reply []byte) (string, bool) {
	rest, ok := strings.CutPrefix(string(reply), "-")
	text, _, ended := strings.Cut(rest, "\r\n")
	return text, ok && ended
}

func allocated() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.TotalAlloc
}

// bulks is an array of strings.
func bulks(all ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(all))
	for _, s := range all {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(s), s)
	}
	return b.String()
}
