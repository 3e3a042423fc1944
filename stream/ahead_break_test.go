package stream

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
)

// errRefused is what a hook says that sends nothing.
var errRefused = &net.OpError{Op: "dial", Net: "tcp", Err: io.ErrClosedPipe}

// TestAConnectionBreaksWithARequestOutstanding: its entries may be ours, whatever the
// reason is that nobody has read them.
func TestAConnectionBreaksWithARequestOutstanding(t *testing.T) {
	t.Parallel()
	first, _ := someEntries(2, 10)
	for name, opts := range map[string][]Option{"plain": nil, "hooked": {WithHook(wireHooks{})}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := startPuppet(t, func(c *puppetConn) {
				for c.next() != nil {
					c.say(first)
					if c.no == 1 && c.next() != nil {
						return
					}
				}
			})
			r := p.group(t, opts...).Reader("me", false)
			defer r.Close()
			_, err := r.ReadAhead(testContext(t), 2, 0, func(int) int { return 2 })
			require.NoError(t, err)
			_, err = r.Read(testContext(t), 2, 0)
			is(t, err, ClassUnknown, "", "eof")
			require.Zero(t, r.Ahead(), "it is lost: another read asks anew")
			batch, err := r.Read(testContext(t), 2, 0)
			require.NoError(t, err)
			require.Len(t, batch, 2)
			require.Equal(t, 2, p.takenOver(), "over a new connection")
		})
	}
}

// TestAHookRefusesWhatWasSentAhead: the request is with the server already, so it is
// no 'not executed', and its entries are found again.
func TestAHookRefusesWhatWasSentAhead(t *testing.T) {
	t.Parallel()
	for name, refusal := range map[string]error{
		"not executed": errRefused, "no group": ServerError("NOGROUP x"), "rejected": ServerError("ERR x"),
		"canceled": errNotSent, "unknown": io.EOF,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var refuse atomic.Bool
			s := redistest.Shared(t)
			conn := dial(t, s.URL(), WithHook(wireHooks{process: func(ctx context.Context, cmd redis.Cmder, next redis.ProcessHook) error {
				if isCommand(cmd, "xreadgroup") && refuse.Load() {
					return refusal
				}
				return next(ctx, cmd)
			}}))
			l := labOn(t, conn, s.Client(t), redistest.Prefix(t)+"orders").create()
			ids := l.add(5)
			r := reader(l, false)
			batch, err := r.ReadAhead(l.ctx, 2, 0, func(int) int { return 2 })
			require.NoError(t, err)
			require.Equal(t, ids[:2], idsOf(batch))
			refuse.Store(true)
			_, err = r.Read(l.ctx, 2, 0)
			require.Equal(t, ClassUnknown, Classify(err), "%v", err)
			require.ErrorIs(t, err, ErrUnknownOutcome)
			_, err = r.Read(l.ctx, 2, 0)
			require.Equal(t, Classify(rawError(refusal)), Classify(err), "nothing is outstanding any more: %v", err)
			refuse.Store(false)
			rest, err := r.Read(l.ctx, 10, 0)
			require.NoError(t, err)
			require.Equal(t, ids[4:], idsOf(rest))
			eventually(t, func() bool { return l.pendingCount() == 5 })
			lost, err := l.g.Recover(l.ctx, "me", func(h Held) bool {
				return h.ID == ids[0] || h.ID == ids[1] || h.ID == ids[4]
			}, 10)
			require.NoError(t, err)
			require.Equal(t, ids[2:4], idsOf(lost.Batch), "what was lost is found")
		})
	}
}

// rawError is what becomes of a hook's error for a command that is not outstanding.
func rawError(err error) error {
	_, err = rawReply(nil, err)
	return err
}

// TestTheGroupGoesWithARequestOutstanding: the reply in place of entries is the
// server's word, and the connection stays.
func TestTheGroupGoesWithARequestOutstanding(t *testing.T) {
	t.Parallel()
	for how, gone := range map[string]func(l *lab) error{
		"DEL":            func(l *lab) error { return l.rdb.Del(l.ctx, l.key).Err() },
		"XGROUP DESTROY": func(l *lab) error { return l.rdb.XGroupDestroy(l.ctx, l.key, l.g.Name()).Err() },
	} {
		for name, l := range aheadLabs(t) {
			l.add(2)
			r := reader(l, false)
			batch, err := r.ReadAhead(l.ctx, 2, 0, func(int) int {
				require.NoError(t, gone(l)) // before the request is sent
				return 2
			})
			require.NoError(t, err)
			require.Len(t, batch, 2)
			client := r.clientID
			_, err = r.ReadAhead(l.ctx, 2, 0, func(int) int { t.Error("nothing came"); return 1 })
			require.Equal(t, ClassNoGroup, Classify(err), "%s, %s: %v", how, name, err)
			require.NotErrorIs(t, err, ErrUnknownOutcome)
			require.Zero(t, r.Ahead())
			l.create()
			id := l.add(1)[0]
			batch, err = r.Read(l.ctx, 10, 0)
			require.NoError(t, err)
			require.Equal(t, id, batch[len(batch)-1].EntryID)
			require.Equal(t, client, r.clientID, "on the same connection")
		}
	}
}

// TestAServersErrorInPlaceOfEntries is handed on as it is, and the next read works.
func TestAServersErrorInPlaceOfEntries(t *testing.T) {
	t.Parallel()
	entries, _ := someEntries(1, 10)
	for reply, class := range map[string]Class{
		"-LOADING Redis is loading\r\n":      ClassNotExecuted,
		"!9\r\nNOGROUP x\r\n":                ClassNoGroup,
		"-WRONGTYPE no stream\r\n":           ClassRejected,
		"-ERR max number of clients\r\n":     ClassNotExecuted,
		"-UNBLOCKED the stream has gone\r\n": ClassNoGroup,
	} {
		for _, opts := range [][]Option{nil, {WithHook(wireHooks{})}} {
			for _, ahead := range []int{0, 3} {
				var asked atomic.Int32
				p := startPuppet(t, func(c *puppetConn) {
					for c.next() != nil {
						if asked.Add(1) == 2 {
							c.say(reply)
						} else {
							c.say(entries)
						}
					}
				})
				r := p.group(t, opts...).Reader("me", false)
				_, err := r.ReadAhead(testContext(t), 1, 0, func(int) int { return ahead })
				require.NoError(t, err)
				_, err = r.ReadAhead(testContext(t), 1, 0, func(int) int { t.Error("no entries came"); return 1 })
				require.Equal(t, class, Classify(err), "%q: %v", reply, err)
				require.Zero(t, r.Ahead())
				batch, err := r.Read(testContext(t), 1, 0)
				require.NoError(t, err)
				require.Len(t, batch, 1)
				require.NoError(t, r.Close())
			}
		}
	}
}

// TestARepliesEndIsMissing: wherever it breaks off, the entries may be ours; the
// reader goes on over another connection.
func TestARepliesEndIsMissing(t *testing.T) {
	t.Parallel()
	whole, first := someEntries(2, 12)
	for name, opts := range map[string][]Option{"plain": nil, "hooked": {WithHook(wireHooks{})}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var cut atomic.Int64
			p := startPuppet(t, func(c *puppetConn) {
				for c.next() != nil {
					if n := cut.Load(); n >= 0 {
						c.say(whole[:n])
						return
					}
					c.say(whole)
				}
			})
			r := p.group(t, opts...).Reader("me", false)
			defer r.Close()
			for n := range len(whole) {
				cut.Store(int64(n))
				asked := 0
				_, err := r.ReadAhead(testContext(t), 2, 0, func(int) int { asked++; return asked % 2 })
				is(t, err, ClassUnknown, "", "eof")
				if name == "plain" {
					require.Equal(t, n >= first, asked == 1, "entries begin to come at byte %d: cut at %d", first, n)
				}
				require.Zero(t, r.Ahead())
				cut.Store(-1)
				batch, err := r.Read(testContext(t), 2, 0)
				require.NoError(t, err)
				require.Len(t, batch, 2)
				require.NoError(t, r.Close(), "so that the next one begins alike")
			}
		})
	}
}

// TestARepliesOtherThanEntries: what we cannot decode may be pending all the same.
func TestARepliesOtherThanEntries(t *testing.T) {
	t.Parallel()
	entries, _ := someEntries(1, 10)
	head := "%1\r\n$6\r\norders\r\n*1\r\n*2\r\n$3\r\n1-1\r\n"
	for _, reply := range []string{
		"+OK\r\n", ":1\r\n", "x\r\n", "$3\r\nabc\r\n", "*2\r\n:1\r\n:1\r\n", "%2\r\n+a\r\n*0\r\n+b\r\n*0\r\n",
		head + "*1\r\n+a\r\n", head + "$1\r\nx\r\n", head[:len(head)-8] + "+x\r\n*0\r\n", "\r\n",
		// An error somewhere inside: entries in front of it are pending.
		"%1\r\n$6\r\norders\r\n*2\r\n*2\r\n$3\r\n1-1\r\n*0\r\n-NOGROUP x\r\n",
	} {
		for i := range 4 {
			p := startPuppet(t, func(c *puppetConn) {
				for c.next() != nil {
					if c.no == 1 {
						c.say(reply)
					} else {
						c.say(entries)
					}
				}
			})
			var opts []Option
			if i > 1 {
				opts = append(opts, WithHook(wireHooks{}))
			}
			r := p.group(t, opts...).Reader("me", false)
			_, err := r.ReadAhead(testContext(t), 2, 0, func(int) int { return i % 2 })
			require.Equal(t, ClassUnknown, Classify(err), "%q: %v", reply, err)
			require.Zero(t, r.Ahead())
			batch, err := r.Read(testContext(t), 1, 0)
			require.NoError(t, err, "%q", reply)
			require.Len(t, batch, 1)
			require.NoError(t, r.Close())
		}
	}
}

// failing is a connection whose writes fail from the nth of those on that bear
// a text.
type failing struct {
	net.Conn
	text string
	left *atomic.Int32
	part int // how many bytes go out before
}

var errNoWrite = errors.New("cannot write")

func (f failing) Write(b []byte) (int, error) {
	if strings.Contains(string(b), f.text) && f.left.Add(-1) < 0 {
		n, _ := f.Conn.Write(b[:min(f.part, len(b))])
		return n, errNoWrite
	}
	return f.Conn.Write(b)
}

// TestTheNextRequestCannotBeSent: the entries that have come are good; the next read
// tells that the connection is not.
func TestTheNextRequestCannotBeSent(t *testing.T) {
	t.Parallel()
	s := redistest.Shared(t)
	for _, part := range []int{0, 20} {
		var left atomic.Int32
		left.Store(1)
		conn := through(t, s.Addr(), func(c net.Conn) net.Conn { return failing{c, "XREADGROUP", &left, part} })
		l := labOn(t, conn, s.Client(t), redistest.Prefix(t)+"orders").create()
		ids := l.add(4)
		r := reader(l, false)
		batch, err := r.ReadAhead(l.ctx, 2, 0, func(int) int { return 2 })
		require.NoError(t, err)
		require.Equal(t, ids[:2], idsOf(batch))
		_, err = r.Read(l.ctx, 2, 0)
		require.Equal(t, ClassUnknown, Classify(err), "%v", err)
		left.Store(100)
		batch, err = r.Read(l.ctx, 2, 0)
		require.NoError(t, err)
		require.Equal(t, ids[2:], idsOf(batch), "it was not sent, as we know")
	}
}

// TestAnImmenseNumberOfEntriesIsNoReasonToMakeRoom: a reply says how many entries it
// has; that is believed only as far as it was asked for, and memory is made only for
// so much at once.
//
//nolint:paralleltest // it would take what others need, if it failed
func TestAnImmenseNumberOfEntriesIsNoReasonToMakeRoom(t *testing.T) {
	big, _ := someEntries(1, 1<<20)
	p := startPuppet(t, func(c *puppetConn) {
		for c.next() != nil {
			if c.no == 1 {
				c.say(big)
				c.no = 0
			} else {
				c.say("%1\r\n$6\r\norders\r\n*1000000000\r\n")
				return
			}
		}
	})
	r := p.group(t).Reader("me", false)
	defer r.Close()
	_, err := r.Read(testContext(t), 1, 0)
	require.NoError(t, err)
	_, err = r.Read(testContext(t), 512, 0) // each of them as large as the last one?
	is(t, err, ClassUnknown, "", "eof")
}
