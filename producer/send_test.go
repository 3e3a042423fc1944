package producer_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/producer"
	"github.com/leat-io/leat/stream"
)

func TestManySendersEachEventOnceInTheOrderOfItsSender(t *testing.T) {
	t.Parallel()
	const senders, each = 8, 5_000
	server := redistest.Shared(t)
	name := redistest.Prefix(t) + "orders"
	l := newLedger()
	p := open(t, dial(t, server.URL()), producer.Config{MaxPending: 2_000, Hooks: l.hooks()})
	receipts := make([][]*producer.Receipt, senders)
	var wg sync.WaitGroup
	for s := range senders {
		wg.Go(func() {
			for i := range each {
				r := p.Send(t.Context(), name, stream.Event{ID: fmt.Sprintf("%d/%d", s, i), Type: "a"})
				receipts[s] = append(receipts[s], r)
			}
		})
	}
	wg.Wait()
	seen := map[stream.ID]bool{}
	for s := range senders {
		for _, r := range receipts[s] {
			id, err := r.Wait(within(t, patience))
			require.NoError(t, err)
			seen[id] = true
		}
	}
	assert.Len(t, seen, senders*each)

	var next [senders]int
	for _, id := range stored(t, server.Client(t), name, "id") {
		var s, i int
		_, err := fmt.Sscanf(id, "%d/%d", &s, &i)
		require.NoError(t, err)
		require.Equal(t, next[s], i, "of sender %d", s)
		next[s]++
	}
	for s := range senders {
		assert.Equal(t, each, next[s])
	}
	require.NoError(t, p.Close(within(t, patience)))
	assert.Equal(t, senders*each, l.count(stream.ClassNone))
	assert.Zero(t, l.events)
	assert.Zero(t, l.bytes)
}

func TestClusterTakesEventsOfManyStreams(t *testing.T) {
	t.Parallel()
	const streams, each = 12, 200
	cluster := redistest.SharedCluster(t)
	prefix := redistest.Prefix(t)
	p := open(t, dial(t, cluster.URL()), producer.Config{BatchEvents: 50})
	var receipts []*producer.Receipt
	for i := range each {
		for s := range streams {
			receipts = append(receipts, p.Send(t.Context(), fmt.Sprint(prefix, s), event(i)))
		}
	}
	for s := range streams {
		_, err := p.Publish(within(t, patience), fmt.Sprint(prefix, s, "p"), events(each)...)
		require.NoError(t, err)
	}
	for _, r := range receipts {
		_, err := r.Wait(within(t, patience))
		require.NoError(t, err)
	}
	nodes := map[string]*redis.Client{}
	for s := range streams {
		for _, name := range []string{fmt.Sprint(prefix, s), fmt.Sprint(prefix, s, "p")} {
			master := cluster.MasterFor(name)
			if nodes[master.Addr()] == nil {
				nodes[master.Addr()] = master.Client(t)
			}
			assert.Equal(t, ids(each), stored(t, nodes[master.Addr()], name, "id"))
		}
	}
	assert.Len(t, nodes, 3, "the streams are on all masters")
}

// batches is a fake server that keeps the time and size of each pipeline, and
// answers after hold.
type batches struct {
	mu    sync.Mutex
	begun time.Time
	at    []time.Duration
	sizes []int
	hold  time.Duration
}

func (b *batches) answer(cmds [][]any) []string {
	b.mu.Lock()
	b.at, b.sizes = append(b.at, time.Since(b.begun)), append(b.sizes, len(cmds))
	b.mu.Unlock()
	if b.hold > 0 {
		<-time.After(b.hold)
	}
	return replies(cmds, replyID)
}

func (b *batches) sizesSoFar() []int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.sizes)
}

func (b *batches) timesSoFar() []time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.at)
}

func TestWithoutLingerAnEventLeavesWhenTheFlushBeforeItIsOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &batches{begun: time.Now(), hold: 10 * time.Millisecond}
		p := open(t, fake(t, b.answer), producer.Config{BatchEvents: 4})
		p.Send(t.Context(), "s", event(0))
		synctest.Wait() // it is on its way
		for i := range 6 {
			p.Send(t.Context(), "s", event(i))
		}
		other := p.Send(t.Context(), "other", event(0))
		synctest.Wait()
		assert.Equal(t, []int{1, 1}, b.sizesSoFar(), "another stream does not wait")
		require.NoError(t, p.Close(t.Context()))
		<-other.Done()
		assert.Equal(t, []int{1, 1, 4, 2}, b.sizesSoFar())
		assert.Equal(t, []time.Duration{0, 0, 10 * time.Millisecond, 20 * time.Millisecond}, b.timesSoFar())
	})
}

func TestLingerEndsByTimeNumberBytesAndClose(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &batches{begun: time.Now()}
		p := open(t, fake(t, b.answer), producer.Config{Linger: time.Second, BatchEvents: 3, BatchBytes: 2_000})
		big := stream.Event{Type: "a", Data: bytes.Repeat([]byte("x"), 1_200)}

		p.Send(t.Context(), "s", event(0))
		<-time.After(400 * time.Millisecond)
		last := p.Send(t.Context(), "s", event(1))
		<-last.Done()
		assert.Equal(t, []int{2}, b.sizesSoFar(), "by time")
		assert.Equal(t, time.Second, b.timesSoFar()[0], "counted from the first")

		for i := range 3 {
			last = p.Send(t.Context(), "s", event(i))
		}
		<-last.Done()
		assert.Equal(t, []int{2, 3}, b.sizesSoFar(), "by number")
		assert.Equal(t, time.Second, b.timesSoFar()[1])

		p.Send(t.Context(), "s", big)
		last = p.Send(t.Context(), "s", big)
		synctest.Wait()
		assert.Equal(t, []int{2, 3, 1}, b.sizesSoFar(), "by bytes, of which two of them would be too many")
		<-last.Done()
		assert.Equal(t, []int{2, 3, 1, 1}, b.sizesSoFar())
		assert.Equal(t, 2*time.Second, b.timesSoFar()[3], "what is left lingers for its time")

		p.Send(t.Context(), "s", event(0))
		p.Send(t.Context(), "t", event(0))
		begun := time.Now()
		require.NoError(t, p.Close(t.Context()))
		assert.Zero(t, time.Since(begun))
		assert.Equal(t, []int{2, 3, 1, 1, 1, 1}, b.sizesSoFar(), "by Close")
	})
}

func TestSendBlocksWhenThereIsNoRoom(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]producer.Config{
		"events": {MaxPending: 10},
		"bytes":  {MaxPendingBytes: 10 * sizeOf(event(1)), MaxEventBytes: 10 * sizeOf(event(1))},
		"linger": {MaxPending: 10, Linger: time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				gate := make(chan struct{})
				l := newLedger()
				cfg.Hooks, cfg.Source = l.hooks(), "s"
				p := open(t, fake(t, func(cmds [][]any) []string {
					<-gate
					return replies(cmds, replyID)
				}), cfg)
				for range 10 {
					p.Send(t.Context(), "s", sized())
				}
				pending, size := p.Pending()
				assert.Equal(t, 10, pending)
				assert.Equal(t, 10*sizeOf(event(1)), size)

				ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
				defer cancel()
				begun := time.Now()
				_, err := p.Send(ctx, "s", sized()).Wait(t.Context())
				require.ErrorIs(t, err, context.DeadlineExceeded)
				assert.Equal(t, 3*time.Second, time.Since(begun), "it waited")
				assert.NotErrorIs(t, err, stream.ErrUnknownOutcome)

				returned := make(chan *producer.Receipt)
				go func() { returned <- p.Send(t.Context(), "s", sized()) }()
				synctest.Wait()
				select {
				case <-returned:
					t.Error("Send returned without room")
				default:
				}
				close(gate)
				begun = time.Now()
				r := <-returned
				assert.Zero(t, time.Since(begun), "what waits for room does not wait for Linger")
				assert.Equal(t, 2, l.blocked)
				require.NoError(t, p.Close(t.Context()))
				_, err = r.Wait(t.Context())
				require.NoError(t, err)
				assert.Zero(t, l.events)
				assert.Zero(t, l.bytes)
			})
		})
	}
}

// sized is an event of the size of which ten have room in the test above.
func sized() stream.Event {
	e := event(1)
	e.Source, e.Time = "s", time.Now()
	return e
}

func sizeOf(e stream.Event) int {
	e.Source, e.Time = "s", time.Now()
	return e.Size()
}

func TestReceipts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		p := open(t, fake(t, func(cmds [][]any) []string {
			<-gate
			return replies(cmds, replyID)
		}), producer.Config{NewID: func() string { return "made" }})
		r := p.Send(t.Context(), "s", stream.Event{Type: "a"})
		assert.Equal(t, "made", r.EventID())
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := r.Wait(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "still pending")
		select {
		case <-r.Done():
			t.Error("done before it is stored")
		default:
		}
		done := r.Done()
		close(gate)
		<-done
		id, err := r.Wait(ctx) // what is known is told, whatever ctx says
		require.NoError(t, err)
		assert.Equal(t, stream.ID{Ms: 1, Seq: 1}, id)
		late := p.Send(t.Context(), "s", stream.Event{Type: "a"})
		synctest.Wait()
		<-late.Done()
	})
}

func TestSendRefusesWhatCannotBeSent(t *testing.T) {
	t.Parallel()
	p := open(t, fake(t, func([][]any) []string { panic("nothing may be sent") }), producer.Config{MaxEventBytes: 300})
	_, err := p.Send(t.Context(), "s", stream.Event{}).Wait(t.Context())
	require.ErrorContains(t, err, "type")
	_, err = p.Send(t.Context(), "s", stream.Event{Type: "a", Data: make([]byte, 300)}).Wait(t.Context())
	require.ErrorIs(t, err, producer.ErrTooLarge)
	_, err = p.Send(t.Context(), "", event(1)).Wait(t.Context())
	require.ErrorIs(t, err, stream.ErrStreamName)
	pending, size := p.Pending()
	assert.Zero(t, pending)
	assert.Zero(t, size)
}

func TestWhatIsSentAgainKeepsItsOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var sent []string
		tries := 0
		p := open(t, fake(t, func(cmds [][]any) []string {
			if tries++; tries <= 3 {
				return replies(cmds, replyOOM)
			}
			for _, args := range cmds {
				id, _ := args[6].(string)
				sent = append(sent, id)
			}
			return replies(cmds, replyID)
		}), producer.Config{BatchEvents: 3})
		for i := range 10 {
			p.Send(t.Context(), "s", event(i))
		}
		require.NoError(t, p.Close(t.Context()))
		assert.Equal(t, ids(10), sent)
	})
}

func TestSendGivesUpAfterItsTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLedger()
		p := open(t, fake(t, func(cmds [][]any) []string { return replies(cmds, replyOOM) }),
			producer.Config{BatchEvents: 2, RetryFor: 5 * time.Second, Hooks: l.hooks()})
		begun := time.Now()
		var receipts []*producer.Receipt
		for i := range 9 {
			receipts = append(receipts, p.Send(t.Context(), "s", event(i)))
		}
		for _, r := range receipts {
			_, err := r.Wait(t.Context())
			require.ErrorIs(t, err, producer.ErrOutOfMemory)
			assert.NotErrorIs(t, err, stream.ErrUnknownOutcome)
		}
		assert.Equal(t, 5*time.Second, time.Since(begun), "all of them, not one batch after the other")
		assert.Equal(t, 9, l.count(stream.ClassNotExecuted))

		p = open(t, fake(t, func(cmds [][]any) []string { return replies(cmds, replyOOM) }),
			producer.Config{BatchEvents: 2, RetryFor: producer.NoRetry})
		receipts = nil
		for i := range 9 {
			receipts = append(receipts, p.Send(t.Context(), "s", event(i)))
		}
		begun = time.Now()
		for _, r := range receipts {
			_, err := r.Wait(t.Context())
			require.ErrorIs(t, err, producer.ErrOutOfMemory)
		}
		assert.Zero(t, time.Since(begun))
	})
}

func TestAStreamThatIsRefusedDoesNotHoldUpOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := open(t, fake(t, func(cmds [][]any) []string {
			if key, _ := cmds[0][1].(string); strings.HasPrefix(key, "bad") {
				return replies(cmds, replyOOM)
			}
			return replies(cmds, replyID)
		}), producer.Config{RetryFor: time.Minute})
		for i := range 20 {
			p.Send(t.Context(), fmt.Sprint("bad", i), event(i))
		}
		begun := time.Now()
		_, err := p.Send(t.Context(), "good", event(0)).Wait(t.Context())
		require.NoError(t, err)
		assert.Zero(t, time.Since(begun))
	})
}

func TestManyStreamsAreForgotten(t *testing.T) {
	t.Parallel()
	p := open(t, fake(t, func(cmds [][]any) []string { return replies(cmds, replyID) }), producer.Config{})
	for i := range 2_000 {
		p.Send(t.Context(), fmt.Sprint("s", i), event(i))
	}
	require.Eventually(t, func() bool { n, _ := p.Pending(); return n == 0 }, patience, time.Millisecond)
	assert.LessOrEqual(t, producer.Lanes(p), 257)
}
