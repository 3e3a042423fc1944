package producer_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/producer"
	"github.com/leat-io/leat/stream"
)

// field is the value of a field in the arguments of an XADD.
func field(args []any, name string) string {
	for i := 3; i+1 < len(args); i += 2 {
		if args[i] == name {
			value, _ := args[i+1].(string)
			return value
		}
	}
	return ""
}

func TestNothingOfAnEventIsKeptBySend(t *testing.T) {
	t.Parallel()
	for name, size := range map[string]int{"small": 10, "large": 100_000} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				gate := make(chan struct{})
				var sent []string
				tries := 0
				p := open(t, fake(t, func(cmds [][]any) []string {
					<-gate
					if tries++; tries == 1 {
						return replies(cmds, replyOOM)
					}
					for _, args := range cmds {
						sent = append(sent, field(args, "data")[:1]+field(args, "key"))
					}
					return replies(cmds, replyID)
				}), producer.Config{})
				data, extensions := make([]byte, size), map[string]string{}
				for i := range 4 {
					data[0] = byte('a' + i)
					extensions["key"] = fmt.Sprint(i)
					p.Send(t.Context(), "s", stream.Event{Type: "a", Extensions: extensions, Data: data})
					if i == 0 {
						synctest.Wait() // on its way alone
					}
				}
				clear(data)
				clear(extensions)
				close(gate)
				require.NoError(t, p.Close(t.Context()))
				assert.Equal(t, []string{"a0", "b1", "c2", "d3"}, sent)
			})
		})
	}
}

// The mutations that this test is for: sending all of a batch again, or sending what
// is behind it before it.
func TestOfABatchOnlyWhatWasNotExecutedIsSentAgainAndFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var sent [][]string
		p := open(t, fake(t, func(cmds [][]any) []string {
			out := replies(cmds, replyID)
			var batch []string
			for i, args := range cmds {
				id := field(args, "id")
				batch = append(batch, id)
				if len(sent) < 2 && (id == "event-1" || id == "event-3") {
					out[i] = replyOOM
				}
			}
			sent = append(sent, batch)
			return out
		}), producer.Config{BatchEvents: 4, Linger: time.Millisecond})
		for i := range 6 {
			p.Send(t.Context(), "s", event(i))
		}
		require.NoError(t, p.Close(t.Context()))
		again := []string{"event-1", "event-3"}
		assert.Equal(t, [][]string{ids(4), again, again, {"event-4", "event-5"}}, sent)
	})
}

func TestBatchesKeepToTheirSize(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &batches{begun: time.Now(), hold: time.Millisecond}
		p := open(t, fake(t, b.answer), producer.Config{Source: "s", BatchEvents: 5, BatchBytes: 3 * sizeOf(event(1)), MaxEventBytes: 10_000})
		p.Send(t.Context(), "s", sized())
		synctest.Wait()
		large := sized()
		large.Data = make([]byte, 4*sizeOf(event(1)))
		for _, e := range []stream.Event{sized(), sized(), sized(), sized(), large, sized(), large} {
			p.Send(t.Context(), "s", e)
		}
		require.NoError(t, p.Close(t.Context()))
		assert.Equal(t, []int{1, 3, 1, 1, 1, 1}, b.sizesSoFar(), "three have room, a larger one goes alone")
	})
}

// A server that refuses, rejects and answers at random: each event has one fate, and
// it is the true one.
func TestWithRandomRefusalsEachEventIsStoredOnceOrNot(t *testing.T) {
	t.Parallel()
	for round := range 8 {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(1, uint64(round)))
			var mu sync.Mutex
			stored := map[string]int{}
			p := open(t, fake(t, func(cmds [][]any) []string {
				mu.Lock()
				defer mu.Unlock()
				out := replies(cmds, replyID)
				for i, args := range cmds {
					switch n := random.IntN(100); {
					case n < 20:
						out[i] = replyOOM
					case n < 25:
						out[i] = "-WRONGTYPE no\r\n"
					default:
						stored[field(args, "id")]++
					}
				}
				return out
			}), producer.Config{BatchEvents: 7, MaxPending: 50, RetryFor: time.Minute})
			const senders, each = 4, 500
			receipts := make([][]*producer.Receipt, senders)
			var wg sync.WaitGroup
			for s := range senders {
				wg.Go(func() {
					for i := range each {
						receipts[s] = append(receipts[s], p.Send(t.Context(), fmt.Sprint("s", i%3), stream.Event{ID: fmt.Sprintf("%d/%d", s, i), Type: "a"}))
					}
				})
			}
			wg.Wait()
			_ = p.Close(t.Context())
			for s := range senders {
				for i, r := range receipts[s] {
					require.Equal(t, fmt.Sprintf("%d/%d", s, i), r.EventID())
					want := 1
					if _, err := r.Wait(t.Context()); err != nil {
						want = 0
					}
					require.Equal(t, want, stored[r.EventID()], "%s", r.EventID())
				}
			}
		})
	}
}

func TestALargeEventIsNotPassedBySmallOnes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		var sent []string
		p := open(t, fake(t, func(cmds [][]any) []string {
			<-gate
			for _, args := range cmds {
				sent = append(sent, field(args, "id"))
			}
			return replies(cmds, replyID)
		}), producer.Config{MaxEventBytes: 1_000, MaxPendingBytes: 1_000})
		send := func(ctx context.Context, id string, bytes int) {
			p.Send(ctx, "s", stream.Event{ID: id, Type: "a", Data: make([]byte, bytes)})
		}
		impatient, giveUp := context.WithCancel(t.Context())
		send(t.Context(), "first", 300)
		var wg sync.WaitGroup
		for _, next := range []struct {
			ctx   context.Context
			id    string
			bytes int
		}{{impatient, "gives up", 700}, {t.Context(), "large", 650}, {t.Context(), "small", 10}} {
			wg.Go(func() { send(next.ctx, next.id, next.bytes) })
			synctest.Wait()
		}
		pending, _ := p.Pending()
		assert.Equal(t, 1, pending, "small has room, and waits behind those that have none")
		giveUp()
		synctest.Wait()
		close(gate)
		wg.Wait()
		require.NoError(t, p.Close(t.Context()))
		assert.Equal(t, []string{"first", "large", "small"}, sent)
	})
}

func TestWhoGivesUpMakesRoomForThoseBehind(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		p := open(t, fake(t, func(cmds [][]any) []string { <-gate; return replies(cmds, replyID) }),
			producer.Config{MaxEventBytes: 1_000, MaxPendingBytes: 1_000})
		p.Send(t.Context(), "s", stream.Event{Type: "a", Data: make([]byte, 300)})
		impatient, giveUp := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { p.Send(impatient, "s", stream.Event{Type: "a", Data: make([]byte, 700)}) })
		synctest.Wait()
		wg.Go(func() { p.Send(t.Context(), "s", event(1)) })
		synctest.Wait()
		giveUp()
		synctest.Wait()
		pending, _ := p.Pending()
		assert.Equal(t, 2, pending, "the server still holds the first, and there is room for both")
		close(gate)
		wg.Wait()
	})
}

func TestCloseOutOfTimeWithStreamsThatNoFlusherHasTaken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		open := sync.OnceFunc(func() {
			close(gate)
			synctest.Wait() // the flushers come back while Close tells what it has taken
		})
		p, err := producer.New(fake(t, func(cmds [][]any) []string { <-gate; return replies(cmds, replyID) }),
			producer.Config{Hooks: producer.Hooks{Published: func(producer.Published) { open() }}})
		require.NoError(t, err)
		for i := range 20 {
			p.Send(t.Context(), fmt.Sprint("s", i), event(i))
		}
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorContains(t, p.Close(ctx), "16 pending events are not stored, of 4 the outcome is unknown")
	})
}

func TestMemoryOfAHugeEventIsGivenUp(t *testing.T) {
	t.Parallel()
	var adds stream.Adds
	adds.Reset("s")
	adds.Append(&stream.Event{ID: "1", Source: "s", Type: "a", Data: bytes.Repeat([]byte("x"), 8<<20)})
	producer.Release(&adds)
	assert.NotZero(t, adds.Cap(), "it may be followed by others of its size")
	adds.Reset("s")
	adds.Append(&stream.Event{ID: "1", Source: "s", Type: "a"})
	producer.Release(&adds)
	assert.Zero(t, adds.Cap())
	adds.Reset("s")
	adds.Append(&stream.Event{ID: "1", Source: "s", Type: "a"})
	producer.Release(&adds)
	assert.NotZero(t, adds.Cap(), "what is small is kept")
}
