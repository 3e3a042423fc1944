package producer_test

import (
	"bytes"
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/producer"
	"github.com/leat-io/leat/stream"
)

func TestPublishStoresEveryAttributeAndByte(t *testing.T) {
	t.Parallel()
	server := redistest.Shared(t)
	name := redistest.Prefix(t) + "orders"
	p := open(t, dial(t, server.URL()), producer.Config{})
	binary := make([]byte, 256, 512)
	for i := range binary {
		binary[i] = byte(i)
	}
	binary = append(binary, "\r\n$3\r\n"...)
	at := time.Date(2026, 2, 3, 4, 5, 6, 7, time.FixedZone("", 3600))
	got, err := p.Publish(t.Context(), name, stream.Event{
		ID: "1", Source: "/shop", Type: "order.created", Subject: "öl", Time: at, DataContentType: "application/octet-stream",
		DataSchema: "urn:schema", Extensions: map[string]string{"traceparent": "00-1", "partitionkey": "k"}, Data: binary,
	})
	require.NoError(t, err)
	require.Len(t, got, 1)

	raw, err := server.Client(t).Do(t.Context(), "XRANGE", name, got[0].String(), got[0].String()).Slice()
	require.NoError(t, err)
	entry, ok := raw[0].([]any)
	require.True(t, ok)
	assert.Equal(t, []any{got[0].String(), []any{
		"specversion", "1.0", "id", "1", "source", "/shop", "type", "order.created", "subject", "öl",
		"time", "2026-02-03T03:05:06.000000007Z", "datacontenttype", "application/octet-stream", "dataschema", "urn:schema",
		"partitionkey", "k", "traceparent", "00-1", "data", string(binary),
	}}, entry)
}

func TestPublishFillsInWhatIsMissingOnACopy(t *testing.T) {
	t.Parallel()
	server := redistest.Shared(t)
	name := redistest.Prefix(t) + "orders"
	var n atomic.Int32
	p := open(t, dial(t, server.URL()), producer.Config{
		Source: "urn:test", NewID: func() string { return "made-" + string('0'+n.Add(1)) },
	})
	in := []stream.Event{{Type: "a"}, {Type: "a", ID: "own", Source: "/own"}, {Type: "a"}}
	before := time.Now()
	_, err := p.Publish(t.Context(), name, in...)
	require.NoError(t, err)
	assert.Equal(t, []stream.Event{{Type: "a"}, {Type: "a", ID: "own", Source: "/own"}, {Type: "a"}}, in)
	rdb := server.Client(t)
	assert.Equal(t, []string{"made-1", "own", "made-2"}, stored(t, rdb, name, "id"))
	assert.Equal(t, []string{"urn:test", "/own", "urn:test"}, stored(t, rdb, name, "source"))
	for _, text := range stored(t, rdb, name, "time") {
		at, err := time.Parse(time.RFC3339Nano, text)
		require.NoError(t, err)
		assert.WithinRange(t, at, before.Add(-time.Microsecond), time.Now())
	}
}

func TestDefaultsOfIDAndSource(t *testing.T) {
	t.Parallel()
	server := redistest.Shared(t)
	name := redistest.Prefix(t) + "orders"
	p := open(t, dial(t, server.URL()), producer.Config{})
	_, err := p.Publish(t.Context(), name, stream.Event{Type: "a"}, stream.Event{Type: "a"})
	require.NoError(t, err)
	made := stored(t, server.Client(t), name, "id")
	assert.Regexp(t, "^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$", made[0])
	assert.Less(t, made[0], made[1], "UUIDs of version 7 sort by time")
	assert.Regexp(t, "^leat(/.+)?$", stored(t, server.Client(t), name, "source")[0])
}

func TestPublishOfManyKeepsOrder(t *testing.T) {
	t.Parallel()
	server := redistest.Shared(t)
	name := redistest.Prefix(t) + "orders"
	p := open(t, dial(t, server.URL()), producer.Config{})
	got, err := p.Publish(t.Context(), name, events(12_000)...) // three pipelines
	require.NoError(t, err)
	assert.Equal(t, ids(12_000), stored(t, server.Client(t), name, "id"))
	for i := 1; i < len(got); i++ {
		require.Equal(t, -1, got[i-1].Compare(got[i]), "entry %d", i)
	}
	got, err = p.Publish(t.Context(), name)
	require.NoError(t, err)
	assert.Empty(t, got)
}

func TestOneBadEventKeepsAllFromBeingSent(t *testing.T) {
	t.Parallel()
	server := redistest.Shared(t)
	name := redistest.Prefix(t) + "orders"
	p := open(t, dial(t, server.URL()), producer.Config{MaxEventBytes: 1000})

	in := events(5)
	in[3].Type = ""
	_, err := p.Publish(t.Context(), name, in...)
	var at *producer.EventError
	require.ErrorAs(t, err, &at)
	assert.Equal(t, 3, at.Index)
	require.ErrorContains(t, err, "event 3")

	in = events(5)
	in[4].Data = bytes.Repeat([]byte("x"), 1000)
	_, err = p.Publish(t.Context(), name, in...)
	var large *producer.TooLargeError
	require.ErrorAs(t, err, &at)
	assert.Equal(t, 4, at.Index)
	require.ErrorIs(t, err, producer.ErrTooLarge)
	require.ErrorAs(t, err, &large)
	assert.Equal(t, 1000, large.Limit)
	assert.Greater(t, large.Size, 1000)

	_, err = p.Publish(t.Context(), "", events(1)...)
	require.ErrorIs(t, err, stream.ErrStreamName)

	assert.Zero(t, server.Client(t).Exists(t.Context(), name).Val())
}

func TestAnEventOfExactlyTheLimitIsTaken(t *testing.T) {
	t.Parallel()
	e := event(1)
	e.Source, e.Time = "s", time.Now()
	conn := fake(t, func(cmds [][]any) []string { return replies(cmds, replyID) })
	p := open(t, conn, producer.Config{MaxEventBytes: e.Size()})
	_, err := p.Publish(t.Context(), "s", e)
	require.NoError(t, err)
	e.Data = append(e.Data, 'x')
	_, err = p.Publish(t.Context(), "s", e)
	require.ErrorIs(t, err, producer.ErrTooLarge)
}

func TestRefusalOfAnotherTypeOfKey(t *testing.T) {
	t.Parallel()
	server := redistest.Shared(t)
	name := redistest.Prefix(t) + "string"
	require.NoError(t, server.Client(t).Set(t.Context(), name, "v", 0).Err())
	l := newLedger()
	p := open(t, dial(t, server.URL()), producer.Config{Hooks: l.hooks()})
	got, err := p.Publish(t.Context(), name, events(2)...)
	var failure *producer.PublishError
	require.ErrorAs(t, err, &failure)
	assert.Len(t, failure.Errs, 2)
	assert.Equal(t, stream.ClassRejected, stream.Classify(err))
	assert.Equal(t, "WRONGTYPE", stream.Code(err))
	assert.NotErrorIs(t, err, stream.ErrUnknownOutcome)
	assert.Equal(t, []stream.ID{{}, {}}, got)

	_, err = p.Send(t.Context(), name, event(1)).Wait(t.Context())
	assert.Equal(t, "WRONGTYPE", stream.Code(err))
	require.Eventually(t, func() bool { return l.count(stream.ClassRejected) == 3 }, patience, time.Millisecond) // the hook may come behind the receipt
	assert.Empty(t, l.retried)
}

// The mutation that this test is for: sending ClassUnknown again.
func TestALostReplyIsUnknownAndNothingIsSentAgain(t *testing.T) {
	t.Parallel()
	server := redistest.Shared(t)
	name := redistest.Prefix(t) + "orders"
	var lose atomic.Bool
	conn := dial(t, server.URL(), stream.WithHook(loseReplies(func() bool { return lose.Swap(false) })))
	l := newLedger()
	p := open(t, conn, producer.Config{Hooks: l.hooks()})

	lose.Store(true)
	_, err := p.Publish(t.Context(), name, event(0))
	require.ErrorIs(t, err, stream.ErrUnknownOutcome)
	assert.NotContains(t, strings.ToLower(err.Error()), "fail")
	lose.Store(true)
	_, err = p.Send(t.Context(), name, event(1)).Wait(t.Context())
	require.ErrorIs(t, err, stream.ErrUnknownOutcome)
	assert.NotContains(t, strings.ToLower(err.Error()), "fail")
	_, err = p.Send(t.Context(), name, event(2)).Wait(t.Context())
	require.NoError(t, err)

	assert.Equal(t, ids(3), stored(t, server.Client(t), name, "id"), "each exactly once")
	assert.Empty(t, l.retried)
	assert.Equal(t, 2, l.count(stream.ClassUnknown))
}

func TestOnlyWhatWasNotExecutedIsSentAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var sent [][]string
		conn := fake(t, func(cmds [][]any) []string {
			var batch []string
			out := replies(cmds, replyID)
			for i, args := range cmds {
				id, _ := args[6].(string) // XADD key * specversion 1.0 id ...
				batch = append(batch, id)
				switch {
				case len(sent) < 2 && (id == "event-1" || id == "event-3"):
					out[i] = replyOOM
				case id == "event-4":
					out[i] = "-WRONGTYPE no\r\n"
				case id == "event-5":
					out[i] = "junk" // a reply that cannot be read
				}
			}
			sent = append(sent, batch)
			return out
		})
		p := open(t, conn, producer.Config{})
		got, err := p.Publish(t.Context(), "s", events(6)...)
		assert.Equal(t, [][]string{ids(6), {"event-1", "event-3"}, {"event-1", "event-3"}}, sent)
		var failure *producer.PublishError
		require.ErrorAs(t, err, &failure)
		assert.Equal(t, 6, failure.Events)
		assert.Len(t, failure.Errs, 2)
		assert.Equal(t, "WRONGTYPE", stream.Code(failure.Errs[4]))
		require.ErrorIs(t, failure.Errs[5], stream.ErrUnknownOutcome)
		require.ErrorContains(t, err, "1 of 6 events are not stored, of 1 the outcome is unknown; event 4:")
		one := stream.ID{Ms: 1, Seq: 1}
		assert.Equal(t, []stream.ID{one, one, one, one, {}, {}}, got)
	})
}

func TestPublishEndsItsRetriesInTimeAndWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		conn := fake(t, func(cmds [][]any) []string { tries++; return replies(cmds, replyOOM) })
		l := newLedger()
		p := open(t, conn, producer.Config{RetryFor: 10 * time.Second, Hooks: l.hooks()})

		begun := time.Now()
		_, err := p.Publish(t.Context(), "s", event(1))
		require.ErrorIs(t, err, producer.ErrOutOfMemory)
		assert.Equal(t, 10*time.Second, time.Since(begun), "the last try is made at the end")
		assert.Equal(t, tries-1, len(l.retried))
		assert.Greater(t, tries, 8, "20 ms growing to 2 s")
		assert.Less(t, tries, 30)

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begun = time.Now()
		_, err = p.Publish(ctx, "s", event(1))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, producer.ErrOutOfMemory)
		assert.NotErrorIs(t, err, stream.ErrUnknownOutcome)
		assert.Equal(t, time.Second, time.Since(begun))

		tries = 0
		_, err = p.Publish(ctx, "s", event(1))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Zero(t, tries)

		p = open(t, conn, producer.Config{RetryFor: producer.NoRetry})
		_, err = p.Publish(t.Context(), "s", event(1))
		require.ErrorIs(t, err, producer.ErrOutOfMemory)
		assert.Equal(t, 1, tries)
	})
}

func TestPipelinesBehindOneThatIsNotStoredAreNotSent(t *testing.T) {
	t.Parallel()
	sent := 0
	conn := fake(t, func(cmds [][]any) []string {
		sent += len(cmds)
		out := replies(cmds, replyID)
		out[7] = "-WRONGTYPE no\r\n"
		return out
	})
	p := open(t, conn, producer.Config{})
	_, err := p.Publish(t.Context(), "s", events(5_010)...)
	var failure *producer.PublishError
	require.ErrorAs(t, err, &failure)
	assert.Equal(t, 5_000, sent)
	assert.Len(t, failure.Errs, 11)
	assert.NotErrorIs(t, err, stream.ErrUnknownOutcome)
	require.ErrorContains(t, failure.Errs[5_009], "not sent")
}

func TestErrorsOfConfigAreJoined(t *testing.T) {
	t.Parallel()
	_, err := producer.New(nil, producer.Config{
		Source: "%zz", MaxEventBytes: -1, BatchEvents: 10_001, BatchBytes: -1, Linger: -1, MaxPending: -1, MaxPendingBytes: -2, RetryFor: -2,
		Replicas: -1, DurabilityTimeout: -1,
	})
	for _, word := range []string{
		"connection", "source", "max event bytes -1: want 1 to 536870912", "batch events 10001: want 1 to 10000", "batch bytes",
		"linger", "max pending -1", "max pending bytes", "retry for", "replicas -1: want 0 to 1000", "durability timeout -1ns: want 1ms to 1m0s",
	} {
		require.ErrorContains(t, err, word)
	}
	var joined interface{ Unwrap() []error }
	require.ErrorAs(t, err, &joined)

	conn := fake(t, func([][]any) []string { return nil })
	_, err = producer.New(conn, producer.Config{MaxPendingBytes: 1000})
	require.ErrorContains(t, err, "may never fit")
	open(t, conn, producer.Config{MaxEventBytes: 100 << 20}) // MaxPendingBytes grows with it
}
