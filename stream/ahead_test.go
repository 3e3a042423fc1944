package stream

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
)

// addData adds an event for each payload, and returns their IDs.
func (l *lab) addData(payloads ...[]byte) []ID {
	l.t.Helper()
	events := simple(len(payloads))
	for i := range events {
		events[i].Data = payloads[i]
	}
	ids, errs := l.conn.Add(l.ctx, l.key, events)
	for _, err := range errs {
		require.NoError(l.t, err)
	}
	return ids
}

// numbered are n payloads that tell their number.
func numbered(n int) [][]byte {
	payloads := make([][]byte, n)
	for i := range payloads {
		payloads[i] = []byte("payload " + strconv.Itoa(i))
	}
	return payloads
}

// pendingCount is how many entries are pending in the group.
func (l *lab) pendingCount() int {
	l.t.Helper()
	sum, err := l.rdb.XPending(l.ctx, l.key, l.g.Name()).Result()
	require.NoError(l.t, err)
	return int(sum.Count)
}

// aheadLabs are labs on all ways that a read ahead may go.
func aheadLabs(t *testing.T) map[string]*lab {
	t.Helper()
	s := redistest.Shared(t)
	on := func(conn *Conn) *lab { return labOn(t, conn, s.Client(t), redistest.Prefix(t)+"orders").create() }
	return map[string]*lab{
		"resp3":  on(dial(t, s.URL()+"?protocol=3")),
		"resp2":  on(dial(t, s.URL()+"?protocol=2")),
		"hooked": on(dial(t, s.URL(), WithHook(wireHooks{}))),
	}
}

// TestAheadBringsABacklogInOrder: none lost, none twice, and what was given out at
// the begin is as it was at the end.
func TestAheadBringsABacklogInOrder(t *testing.T) {
	t.Parallel()
	const n = 10_000
	for name, l := range aheadLabs(t) {
		for _, noAck := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, noAck %t", name, noAck), func(t *testing.T) {
				t.Parallel()
				l := labOn(t, l.conn, l.rdb, fmt.Sprint(l.key, noAck)).create()
				payloads := numbered(n)
				var ids []ID
				for chunk := range slices.Chunk(payloads, 2000) {
					ids = append(ids, l.addData(chunk...)...)
				}
				got := drainAhead(l, reader(l, noAck), n)
				require.Equal(t, ids, idsOf(got))
				for i := range got {
					require.Equal(t, string(payloads[i]), string(got[i].Data), i)
					fields := got[i].Fields()
					require.Equal(t, "payload "+strconv.Itoa(i), string(fields[len(fields)-1].Value))
				}
				want := n
				if noAck {
					want = 0
				}
				require.Equal(t, want, l.pendingCount())
			})
		}
	}
}

// drainAhead reads n entries by requests of random size, most of them ahead, until
// nothing comes any more.
func drainAhead(l *lab, r *Reader, n int) (got Batch) {
	l.t.Helper()
	rnd := rand.New(rand.NewPCG(uint64(n), 7))
	for asked := 512; ; {
		count := asked
		if r.Ahead() > 0 {
			count = 1 // what was asked for ahead counts
		}
		told, next := 0, 0
		batch, err := r.ReadAhead(l.ctx, count, 0, func(came int) int {
			require.Zero(l.t, told, "once for a reply")
			told = came
			if next = rnd.IntN(513); rnd.IntN(20) == 0 {
				next = 0
			}
			return next
		})
		require.NoError(l.t, err)
		require.Len(l.t, batch, min(asked, n-len(got)), "as many as were asked for and are there")
		require.Equal(l.t, len(batch), told)
		require.Equal(l.t, next, r.Ahead())
		got = append(got, batch...)
		if asked = next; asked == 0 {
			asked = 1 + rnd.IntN(512)
		}
		if len(batch) == 0 {
			return got
		}
	}
}

// someEntries is a reply with n entries of size bytes each, and where in it the first
// of them begins.
func someEntries(n, size int) (reply string, first int) {
	head := "%1\r\n$6\r\norders\r\n*" + strconv.Itoa(n) + "\r\n"
	b := []byte(head)
	for i := range n {
		b = append(b, "*2\r\n"...)
		b = appendIDArg(b, ID{uint64(n), uint64(i)})
		b = append(b, "*2\r\n$1\r\nn\r\n"...)
		b = appendArg(b, bytes.Repeat([]byte{'a' + byte(i%26)}, size))
	}
	return string(b), len(head)
}

func argOf(args []string, name string) string {
	if i := slices.Index(args, name); i >= 0 && i+1 < len(args) {
		return args[i+1]
	}
	return ""
}

// TestTheNextRequestLeavesWhileEntriesCome: the server holds back the entries until
// it has the next request.
func TestTheNextRequestLeavesWhileEntriesCome(t *testing.T) {
	t.Parallel()
	first, cut := someEntries(5, 10)
	second, _ := someEntries(3, 10)
	p := startPuppet(t, func(c *puppetConn) {
		args := c.next()
		assert.Equal(t, "5", argOf(args, "COUNT"))
		c.say(first[:cut])
		args = c.next()
		assert.Equal(t, "3", argOf(args, "COUNT"))
		assert.NotContains(t, args, "BLOCK")
		c.say(first[cut:])
		c.say(second)
		c.next()
	})
	r := p.group(t).Reader("me", false)
	defer r.Close()
	require.Zero(t, r.Ahead())
	batch, err := r.ReadAhead(testContext(t), 5, time.Second, func(came int) int {
		require.Equal(t, 5, came)
		return 3
	})
	require.NoError(t, err)
	require.Len(t, batch, 5)
	require.Equal(t, 3, r.Ahead())
	batch, err = r.Read(testContext(t), 1, 0)
	require.NoError(t, err)
	require.Len(t, batch, 3, "the outstanding one, whatever is asked for")
	require.Zero(t, r.Ahead())
	require.Equal(t, 1, p.takenOver())
}

func TestNobodyIsAskedForMoreWhenNothingComes(t *testing.T) {
	t.Parallel()
	for name, l := range aheadLabs(t) {
		never := func(int) int { t.Error(name); return 1 }
		r := reader(l, false)
		for _, block := range []time.Duration{0, time.Millisecond} {
			batch, err := r.ReadAhead(l.ctx, 10, block, never)
			require.NoError(t, err)
			require.Empty(t, batch)
			require.Zero(t, r.Ahead())
		}
		_, err := l.group("nobody", DeadLetter{}).Reader("me", false).ReadAhead(l.ctx, 10, 0, never)
		is(t, err, ClassNoGroup, "NOGROUP", "nogroup")
		ids := l.add(2)
		batch, err := r.ReadAhead(l.ctx, 10, 0, func(int) int { return 0 })
		require.NoError(t, err)
		require.Equal(t, ids, idsOf(batch))
		require.Zero(t, r.Ahead(), "0 is for none")
	}
}

// TestAheadIsReadThoughTheContextHasEnded: its entries are ours already.
func TestAheadIsReadThoughTheContextHasEnded(t *testing.T) {
	t.Parallel()
	for name, l := range aheadLabs(t) {
		ids := l.add(5)
		ctx, cancel := context.WithCancel(l.ctx)
		r := reader(l, false)
		batch, err := r.ReadAhead(ctx, 2, 0, func(int) int { return 3 })
		require.NoError(t, err)
		cancel()
		rest, err := r.Read(ctx, 1, 0)
		require.NoError(t, err, name)
		require.Equal(t, ids, append(idsOf(batch), idsOf(rest)...), name)
		_, err = r.Read(ctx, 1, 0)
		require.Equal(t, ClassCanceled, Classify(err), "a read that has not begun does not begin: %v", err)
	}
}

// TestBigEntriesKeepTheirBytes: buffers grow while deliveries alias the ones before,
// and no later read and no other command writes to them.
func TestBigEntriesKeepTheirBytes(t *testing.T) {
	t.Parallel()
	for name, l := range aheadLabs(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rnd := rand.New(rand.NewPCG(3, 4))
			sizes := make([]int, 120)
			for i := range sizes {
				switch i % 4 {
				case 0:
					sizes[i] = rnd.IntN(50)
				case 1:
					sizes[i] = headSize - 200 + rnd.IntN(400)
				case 2:
					sizes[i] = rnd.IntN(100_000)
				}
			}
			for i := 3; i < 60; i += 8 {
				sizes[i] = 1 << 20
			}
			payloads := make([][]byte, len(sizes))
			for i, size := range sizes {
				payloads[i] = bytes.Repeat([]byte{byte(i + 1)}, size)
			}
			ids := l.addData(payloads...)
			r := reader(l, false)
			var got Batch
			for len(got) < len(ids) {
				batch, err := r.ReadAhead(l.ctx, 1+rnd.IntN(9), 0, func(int) int { return rnd.IntN(10) })
				require.NoError(t, err)
				got = append(got, batch...)
				_, err = l.g.Ack(l.ctx, idsOf(batch))
				require.NoError(t, err)
				_, errs := l.conn.Add(l.ctx, l.key+"other", simple(3))
				require.Equal(t, make([]error, 3), errs)
			}
			require.Equal(t, ids, idsOf(got))
			for i := range got {
				require.True(t, bytes.Equal(payloads[i], got[i].Data), "entry %d of %d bytes", i, sizes[i])
				require.Equal(t, strconv.Itoa(i), got[i].ID)
			}
			require.Zero(t, l.pendingCount())
		})
	}
}

// dripping is a connection whose reads bring a byte each.
type dripping struct{ net.Conn }

func (d dripping) Read(b []byte) (int, error) { return d.Conn.Read(b[:min(1, len(b))]) }

func TestRepliesInSingleBytes(t *testing.T) {
	t.Parallel()
	s := redistest.Shared(t)
	conn := through(t, s.Addr(), func(c net.Conn) net.Conn { return dripping{c} })
	l := labOn(t, conn, s.Client(t), redistest.Prefix(t)+"orders").create()
	payloads := append(numbered(300), bytes.Repeat([]byte("x"), 3*headSize))
	ids := l.addData(payloads...)
	got := drainAhead(l, reader(l, false), len(ids))
	require.Equal(t, ids, idsOf(got))
	for i := range got {
		require.Equal(t, string(payloads[i]), string(got[i].Data))
	}
	n, err := l.g.Ack(l.ctx, ids)
	require.NoError(t, err)
	require.Equal(t, len(ids), n)
}

// TestARequestAheadDoesNotWait for entries, however long the read before it may: who
// has handled everything would hear of it late. To end it is not needed, and no harm.
func TestARequestAheadDoesNotWait(t *testing.T) {
	t.Parallel()
	for name, l := range aheadLabs(t) {
		for _, unblock := range []bool{false, true} {
			r := reader(l, false)
			ids := l.add(2)
			const block = testTimeout / 2
			batch, err := r.ReadAhead(l.ctx, 2, block, func(int) int { return 2 })
			require.NoError(t, err)
			require.Equal(t, ids, idsOf(batch))
			require.False(t, r.Blocked(), "nobody waits")
			if unblock {
				require.NoError(t, r.Unblock(l.ctx))
			}
			client, began := r.clientID, time.Now()
			batch, err = r.Read(l.ctx, 2, block)
			require.NoError(t, err)
			require.Empty(t, batch)
			require.Less(t, time.Since(began), block, name)
			ids = l.add(1)
			batch, err = r.Read(l.ctx, 10, block)
			require.NoError(t, err)
			require.Equal(t, ids, idsOf(batch))
			require.Equal(t, client, r.clientID, "the same connection")
		}
	}
}

func connectionsNamed(l *lab, name string) (n int) {
	l.t.Helper()
	list, err := l.rdb.ClientList(l.ctx).Result()
	require.NoError(l.t, err)
	for line := range strings.SplitSeq(list, "\n") {
		if strings.Contains(line, " name="+name+" ") {
			n++
		}
	}
	return n
}

// namedLab is a lab whose Conn has a name of its own on the server.
func namedLab(t *testing.T, s *redistest.Server, o redis.Options, opts ...Option) (*lab, string) {
	t.Helper()
	name := strings.NewReplacer("/", "-", ":", "-").Replace(redistest.Prefix(t))
	o.Addr, o.ClientName = s.Addr(), name
	return labOn(t, wrapOptions(t, &o, opts...), s.Client(t), redistest.Prefix(t)+"orders").create(), name
}

// Red when Fitting does not look at how large entries have been.
func TestFittingKeepsARepliesSizeDown(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	_, err := l.g.Create(l.ctx, Oldest())
	require.NoError(t, err)
	r := l.g.Reader("c", false)
	defer r.Close()
	require.Equal(t, 500, r.Fitting(500), "nothing is known yet")
	for _, c := range []struct{ bytes, most, least int }{{10, 500, 500}, {100_000, 10, 9}, {3 << 20, 1, 1}, {100, 500, 500}} {
		l.addData(make([]byte, c.bytes))
		got, err := r.Read(l.ctx, 1, 0)
		require.NoError(t, err)
		require.Len(t, got, 1)
		require.LessOrEqual(t, r.Fitting(500), c.most, "behind an entry of %d bytes", c.bytes)
		require.GreaterOrEqual(t, r.Fitting(500), c.least, "behind an entry of %d bytes", c.bytes)
	}
	_, err = r.Read(l.ctx, 1, 0)
	require.NoError(t, err)
	require.Equal(t, 500, r.Fitting(500), "a read that brings nothing changes nothing")
}
