package consumer_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/internal/streamtest"
	"github.com/leat-io/leat/stream"
)

// telling is an event all of which follows from its number: memory that is another
// entry's by now shows.
func telling(n int) stream.Event {
	id := strconv.Itoa(n)
	return stream.Event{
		ID: id, Source: "test", Type: "test.telling", Subject: "subject " + strconv.Itoa(n%37),
		Extensions: map[string]string{"mark": "mark of " + id},
		Data:       bytes.Repeat([]byte("data of "+id+";"), 1+n*7919%40),
	}
}

// tellTale knows what was added, and says what is not as it was.
type tellTale struct {
	t     *testing.T
	l     *streamtest.Lab
	mu    sync.Mutex
	added map[stream.ID]int
}

// addTelling adds n events in pipelines of a size that no reply's limit minds.
func addTelling(t *testing.T, l *streamtest.Lab, n int) *tellTale {
	t.Helper()
	tt := &tellTale{t: t, l: l, added: map[stream.ID]int{}}
	tt.more(n)
	return tt
}

func (tt *tellTale) more(n int) {
	first := len(tt.added)
	events := make([]stream.Event, n)
	for i := range events {
		events[i] = telling(first + i)
	}
	at := first
	for some := range slices.Chunk(events, 1000) {
		tt.mu.Lock() // until they are known, nobody looks for them
		ids := tt.l.Add(some...)
		for _, id := range ids {
			tt.added[id] = at
			at++
		}
		tt.mu.Unlock()
	}
}

// number is which event a delivery has to be.
func (tt *tellTale) number(d *stream.Delivery) int {
	tt.mu.Lock()
	defer tt.mu.Unlock()
	n, ok := tt.added[d.EntryID]
	if !ok {
		tt.t.Errorf("entry %s was never added", d.EntryID)
	}
	return n
}

// check compares a delivery with event n.
func (tt *tellTale) check(d *stream.Delivery, n int, when string) {
	want := telling(n)
	fields := stream.Fields{}
	for _, name := range []string{"id", "subject", "mark", "data"} {
		value, _ := d.Field(name)
		fields = append(fields, stream.Field{Name: []byte(name), Value: value})
	}
	switch {
	case d.ID != want.ID, d.Subject != want.Subject, d.Type != want.Type, d.Source != want.Source,
		!bytes.Equal(d.Data, want.Data), !maps.Equal(d.Extensions, want.Extensions), d.Stream != tt.l.Stream,
		string(fields[0].Value) != want.ID, string(fields[1].Value) != want.Subject,
		string(fields[2].Value) != want.Extensions["mark"], !bytes.Equal(fields[3].Value, want.Data):
		tt.t.Errorf("%s: entry %s is %q %q %q, data %.40q, fields %.40q; it was added as %q", when, d.EntryID,
			d.ID, d.Subject, d.Extensions, d.Data, fields, want.ID)
	}
}

// What becomes of an event is a matter of its number.
func verdictOf(d *stream.Delivery, n int) error {
	switch {
	case n%61 == 5:
		return consumer.Permanent(fmt.Errorf("never: %s", d.ID))
	case d.Attempt > 1:
		return nil
	case n%11 == 3:
		return errors.New("not yet: " + d.ID)
	case n%23 == 7:
		return consumer.RetryAfter(errors.New("later: "+d.ID), time.Millisecond)
	}
	return nil
}

// With Config.Reuse, while entries fail, become dead letters and are tried again,
// while the leaser looks at what is held all the time, and while replies get lost: no
// handler sees another entry's data, dead letters are what was added, nothing is lost,
// and at the end nothing is held. Red when the ledger uses a holding again that the
// leaser looks at.
func TestReusedMemoryIsNobodyElses(t *testing.T) {
	t.Parallel()
	const ordered, batches, faults = 1, 2, 4
	for name, kind := range map[string]int{
		"single": 0, "ordered": ordered, "batch": batches, "ordered batch": ordered | batches,
		"single, faults": faults, "ordered, faults": ordered | faults, "batch, faults": batches | faults,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			var fault streamtest.Fault
			conn := l.Conn
			if kind&faults != 0 {
				conn = l.Dial(stream.WithHook(&fault))
			}
			tt := addTelling(t, l, 2500)
			var tally streamtest.Tally
			var calls atomic.Int64
			one := func(_ context.Context, d *stream.Delivery) error {
				n := tt.number(d)
				tt.check(d, n, "begin")
				if kind&faults != 0 && calls.Add(1)%250 == 0 {
					fault.LoseReply("xreadgroup", 1)
					fault.LoseReply("xack", 1)
					fault.LoseReply("evalsha", 2)
				}
				<-time.After(time.Duration(rand.Int64N(int64(200 * time.Microsecond))))
				tt.check(d, n, "end")
				tally.Hit(strconv.Itoa(n))
				return verdictOf(d, n)
			}
			cfg := l.Config(func(c *consumer.Config) {
				c.Reuse, c.Lease, c.Concurrency, c.Block = true, 60*time.Millisecond, 16, 10*time.Millisecond
				c.MaxAttempts, c.MaxDeliveries, c.Backoff = -1, -1, consumer.Constant(time.Millisecond)
				c.BatchSize, c.Logger = 10, nil
				if kind&ordered != 0 {
					c.OrderBy = bySubject
				}
			})
			c, err := consumer.New(conn, one, cfg)
			if kind&batches != 0 {
				c, err = consumer.NewBatch(conn, inBatches(tt, one), cfg)
			}
			require.NoError(t, err)
			r := l.Start(c)
			l.Settled()
			require.Equal(t, 2500, tally.Distinct())
			tt.checkLetters(2500)
			require.Equal(t, kind&faults != 0, fault.Lost() > 0)
			streamtest.Eventually(t, func() bool { return r.Held() == 0 }, "nothing is held")
			require.NoError(t, r.Stop())
			require.Equal(t, r.RoomSize(), r.RoomLeft())
		})
	}
}

// inBatches calls one for each of a batch, and looks at all of them again at the end.
func inBatches(tt *tellTale, one consumer.Handler) consumer.BatchHandler {
	return func(ctx context.Context, batch []*stream.Delivery) error {
		failed := consumer.BatchError{}
		for _, d := range batch {
			if err := one(ctx, d); err != nil {
				failed[d] = err
			}
		}
		for _, d := range batch {
			tt.check(d, tt.number(d), "end of the batch")
		}
		if len(failed) > 0 {
			return failed
		}
		return nil
	}
}

// checkLetters: of n events exactly those are dead letters that have to be.
func (tt *tellTale) checkLetters(n int) {
	tt.t.Helper()
	letters := map[int]bool{}
	for _, letter := range tt.l.Letters() {
		d := stream.NewDelivery(letter.Stream, letter.EntryID, letter.Fields)
		number := tt.number(d)
		tt.check(d, number, "dead letter")
		require.Equal(tt.t, "never: "+strconv.Itoa(number), letter.Error)
		require.False(tt.t, letters[number], "%d is there twice", number)
		letters[number] = true
	}
	for i := range n {
		require.Equal(tt.t, i%61 == 5, letters[i], "event %d", i)
	}
}

// The key of a lane is a string of an entry that is settled long before the lane is
// empty. Red when the queue keeps that string with Config.Reuse: entries of a key pass
// each other, or wait for ever.
func TestReuseKeepsTheOrder(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	const entries, keys = 6000, 5
	events := keyed(entries, keys)
	for i := range events {
		events[i].Data = make([]byte, i*7919%97) // so that a key is where another one was before
	}
	for some := range slices.Chunk(events, 1000) {
		l.Add(some...)
	}
	var tr trail
	var tally streamtest.Tally
	l.Run(func(_ context.Context, d *stream.Delivery) error {
		key, id := strings.Clone(d.Subject), strings.Clone(d.ID)
		tr.enter(t, key, id)
		defer tr.leave(key)
		tally.Hit(id)
		return nil
	}, func(c *consumer.Config) { c.Reuse, c.OrderBy, c.Prefetch, c.Lease = true, bySubject, 100, time.Hour })
	l.Settled()
	require.Equal(t, entries, tally.Total())
	require.Len(t, tr.byKey, keys)
	for key, ids := range tr.byKey {
		require.Len(t, ids, entries/keys)
		require.True(t, slices.IsSorted(ids), "key %s", key)
	}
}

// Without Config.Reuse a handler may keep what it got, and its context: all of it
// stays as it was while thousands more are read. Red when memory is used again
// without being asked to.
func TestKeptDeliveriesStay(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	const kept, more = 300, 5000
	type keep struct {
		ctx    context.Context //nolint:containedctx // what is kept is what this is about
		d      *stream.Delivery
		number int
		failed bool
	}
	tt := addTelling(t, l, kept)
	var mu sync.Mutex
	var all []keep
	var tally streamtest.Tally
	r := l.Run(func(ctx context.Context, d *stream.Delivery) error {
		n := tt.number(d)
		tally.Hit(strconv.Itoa(n))
		if n%2 == 0 {
			ctx.Done() // a context that is waited for is made otherwise than one that is not
		}
		err := verdictOf(d, n)
		mu.Lock()
		defer mu.Unlock()
		if len(all) < 2*kept && n < kept {
			all = append(all, keep{ctx, d, n, err != nil})
		}
		return err
	}, nil)
	l.Settled()
	tt.more(more)
	l.Settled()
	require.Equal(t, kept+more, tally.Distinct())
	streamtest.Eventually(t, func() bool { return r.Held() == 0 }, "nothing is held")
	seen := map[int]bool{}
	for _, k := range all {
		seen[k.number] = true
		tt.check(k.d, k.number, "long after")
		<-k.ctx.Done()
		require.ErrorIs(t, k.ctx.Err(), context.Canceled)
		require.Equal(t, context.Canceled, context.Cause(k.ctx), "the handler has returned, nothing else ended it")
	}
	require.Len(t, seen, kept)
}

// The same for a context that ended before its handler returned: why it did stays.
func TestKeptContextSaysWhatEndedIt(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.Publish(1)
	kept := make(chan context.Context, 1)
	r := l.Run(func(ctx context.Context, d *stream.Delivery) error {
		if d.ID == "0" && d.Attempt == 1 {
			<-ctx.Done()
			kept <- ctx
			return ctx.Err()
		}
		return nil
	}, func(c *consumer.Config) { c.HandlerTimeout = 50 * time.Millisecond })
	ctx := receive(t, kept, "a context")
	l.Settled()
	l.Publish(2000)
	l.Settled()
	require.NoError(t, r.Stop())
	require.ErrorIs(t, context.Cause(ctx), consumer.ErrTimeout)
	require.ErrorIs(t, ctx.Err(), context.DeadlineExceeded)
}

// An entry that failed may come again before its worker is through with it. That loses
// nothing any more, and is not what has ended the context of the handler that has
// returned. Red when the end of a context can get another cause.
func TestKeptContextIsNotLostAfterwards(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.Publish(1)
	kept, again := make(chan context.Context, 1), make(chan struct{})
	wait := zap.Hooks(func(e zapcore.Entry) error {
		if strings.HasPrefix(e.Message, "handler failed") { // Redis has it, the consumer is about to forget it
			receive(t, again, "the second try")
		}
		return nil
	})
	core := zapcore.NewCore(zapcore.NewJSONEncoder(zapcore.EncoderConfig{}), zapcore.AddSync(io.Discard), zap.InfoLevel)
	l.Run(func(ctx context.Context, d *stream.Delivery) error {
		if d.Attempt == 1 {
			kept <- ctx
			return consumer.RetryAfter(errors.New("not yet"), 0)
		}
		close(again)
		return nil
	}, func(c *consumer.Config) { c.Logger, c.Lease = zap.New(core, wait), time.Hour })
	l.Settled()
	ctx := receive(t, kept, "the context")
	<-ctx.Done()
	require.Equal(t, context.Canceled, context.Cause(ctx))
}

// With Config.Reuse the next batches are made of the memory of those before, bytes and
// deliveries; without it never. What is counted is kept, so that nothing can be at a
// place where something has been before.
func TestReuseUsesMemoryAgain(t *testing.T) {
	t.Parallel()
	const rounds, each = 40, 50
	for _, reuse := range []bool{true, false} {
		t.Run(fmt.Sprint(reuse), func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			var mu sync.Mutex
			deliveries, texts := map[*stream.Delivery]bool{}, map[*byte]bool{}
			var handled atomic.Int64
			r := l.Run(func(_ context.Context, d *stream.Delivery) error {
				mu.Lock()
				defer mu.Unlock()
				deliveries[d], texts[unsafe.StringData(d.ID)] = true, true
				handled.Add(1)
				return nil
			}, func(c *consumer.Config) { c.Reuse, c.Lease = reuse, time.Hour })
			for i := range rounds {
				l.Publish(each)
				streamtest.Eventually(t, func() bool { return handled.Load() == int64((i+1)*each) && r.Held() == 0 }, "a round")
			}
			require.NoError(t, r.Stop())
			if reuse {
				require.Less(t, len(deliveries), rounds*each/2)
				require.Less(t, len(texts), rounds*each/2)
				require.Positive(t, r.Memories(), "some is kept for the next batch")
			} else {
				require.Len(t, deliveries, rounds*each)
				require.Len(t, texts, rounds*each)
				require.Zero(t, r.Memories())
			}
		})
	}
}
