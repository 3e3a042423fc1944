package conformance

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/internal/streamtest"
	"github.com/leat-io/leat/producer"
	"github.com/leat-io/leat/stream"
)

// Everything that a producer was told is stored is handled, once when nothing
// fails.
func atLeastOnce(t *testing.T, s server) {
	l := s.lab(t)
	p, err := producer.New(l.Conn, producer.Config{Source: "test"})
	require.NoError(t, err)
	var tally streamtest.Tally
	l.Run(tally.Handler, nil)
	const n = 1000
	receipts := make([]*producer.Receipt, n)
	for i := range receipts {
		receipts[i] = p.Send(l.Ctx, l.Stream, stream.Event{ID: fmt.Sprint(i), Type: "test.event"})
	}
	seen := map[stream.ID]bool{}
	for _, r := range receipts {
		id, err := r.Wait(l.Ctx)
		require.NoError(t, err)
		seen[id] = true
	}
	require.NoError(t, p.Close(l.Ctx))
	require.Len(t, seen, n)
	streamtest.Eventually(t, func() bool { return tally.Distinct() == n }, "all are handled")
	l.Settled()
	require.Equal(t, n, tally.Total())
}

// At most once: what is read is settled, a failure is dropped.
func atMostOnce(t *testing.T, s server) {
	l := s.lab(t)
	var tally streamtest.Tally
	l.Publish(50)
	l.Run(func(_ context.Context, d *stream.Delivery) error {
		tally.Hit(d.ID)
		return errors.New("dropped")
	}, func(c *consumer.Config) { c.Guarantee = consumer.AtMostOnce })
	streamtest.Eventually(t, func() bool { return tally.Distinct() == 50 }, "all are handled")
	l.Settled()
	require.Equal(t, 50, tally.Total())
	require.Empty(t, l.Letters())
}

// Entries of any client are consumable: their fields are there in order, with
// names that come twice, and values of any bytes.
func duplicateFieldNames(t *testing.T, s server) {
	l := s.lab(t)
	binary := string([]byte{0, 0xff, '\r', '\n', 0x80})
	require.NoError(t, l.redis().Do(l.Ctx, "XADD", l.Stream, "*",
		"color", "red", "color", "blue", "Some Name", binary, "", "", "id", "no event").Err())
	got := make(chan *stream.Delivery, 1)
	l.Run(func(_ context.Context, d *stream.Delivery) error {
		got <- d
		return nil
	}, nil)
	d := receive(t, got)
	require.True(t, d.Foreign())
	require.NoError(t, d.Malformed())
	require.Empty(t, d.ID)
	fields := d.Fields()
	want := []string{"color", "red", "color", "blue", "Some Name", binary, "", "", "id", "no event"}
	require.Len(t, fields, 5)
	for i, f := range fields {
		require.Equal(t, want[2*i], string(f.Name))
		require.Equal(t, want[2*i+1], string(f.Value))
	}
	l.Settled()
}

// An entry that claims to be a CloudEvent and is none becomes a dead letter with
// its raw fields, at once, and the loop goes on.
func malformedEntry(t *testing.T, s server) {
	l := s.lab(t)
	require.NoError(t, l.redis().Do(l.Ctx, "XADD", l.Stream, "*", "specversion", "1.0", "id", "1", "source", "s", "type", "t", "time", "yesterday", "time", "noon").Err())
	require.NoError(t, l.redis().Do(l.Ctx, "XADD", l.Stream, "*", "specversion", "1.0", "source", "s").Err())
	l.Publish(1)
	var tally streamtest.Tally
	l.Run(tally.Handler, nil)
	l.Settled()
	require.Equal(t, 1, tally.Total(), "no handler sees a malformed event")
	letters := l.Letters()
	require.Len(t, letters, 2)
	for _, letter := range letters {
		require.Equal(t, stream.ReasonMalformed, letter.Reason)
	}
	times := 0
	for _, letter := range letters {
		for _, f := range letter.Fields {
			if string(f.Name) == "time" {
				times++
			}
		}
	}
	require.Equal(t, 2, times, "the raw fields are kept")
}

func largePayloads(t *testing.T, s server) {
	l := s.lab(t)
	const n = 12
	sums := map[string][32]byte{}
	rnd := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		data := make([]byte, 1<<20)
		for j := range data {
			data[j] = byte(rnd.Uint32())
		}
		id := fmt.Sprint(i)
		sums[id] = sha256.Sum256(data)
		l.Add(stream.Event{ID: id, Source: "test", Type: "test.event", Data: data})
	}
	var tally streamtest.Tally
	l.Run(func(_ context.Context, d *stream.Delivery) error {
		if sum := sums[d.ID]; sha256.Sum256(d.Data) != sum {
			t.Errorf("event %s has changed on its way", d.ID)
		}
		if tally.Hit(d.ID); d.ID == "3" {
			return consumer.Permanent(errors.New("large and hopeless"))
		}
		return nil
	}, nil)
	l.Settled()
	require.Equal(t, n, tally.Total())
	letters := l.Letters()
	require.Len(t, letters, 1)
	data, _ := letters[0].Fields.Get("data")
	sum := sums["3"]
	got := sha256.Sum256(data)
	require.True(t, bytes.Equal(sum[:], got[:]))
}

// A dead worker leaves 10,000 entries. All are taken over, each once, in a scan
// that carries its cursor on.
func tenThousandPending(t *testing.T, s server) {
	l := s.lab(t)
	const n = 10000
	_, err := l.work.Create(l.Ctx, stream.Oldest())
	require.NoError(t, err)
	for from := 0; from < n; from += 1000 {
		l.Add(streamtest.Events(n)[from : from+1000]...)
	}
	reader := l.work.Reader("dead", false)
	for held := 0; held < n; {
		batch, err := reader.Read(l.Ctx, 1000, 0)
		require.NoError(t, err)
		held += len(batch)
	}
	require.NoError(t, reader.Close())
	var tally streamtest.Tally
	l.Run(tally.Handler, func(c *consumer.Config) { c.Lease, c.Prefetch = 2*time.Second, 200 })
	l.Settled()
	require.Equal(t, n, tally.Distinct())
	require.Equal(t, n, tally.Total())
}

// What is deleted from the stream while it is pending cannot be handled: it is
// counted, and a tombstone says so.
func payloadLost(t *testing.T, s server) {
	l := s.lab(t)
	_, err := l.work.Create(l.Ctx, stream.Oldest())
	require.NoError(t, err)
	ids := l.Publish(10)
	reader := l.work.Reader("dead", false)
	batch, err := reader.Read(l.Ctx, 10, 0)
	require.NoError(t, err)
	require.Len(t, batch, 10)
	require.NoError(t, reader.Close())
	require.NoError(t, l.redis().XDel(l.Ctx, l.Stream, ids[2].String(), ids[5].String()).Err())
	var tally streamtest.Tally
	lost := make(chan stream.ID, 10)
	l.Run(tally.Handler, func(c *consumer.Config) {
		c.Lease = 200 * time.Millisecond
		c.Hooks.PayloadLost = func(_ string, id stream.ID) { lost <- id }
	})
	l.Settled()
	require.Equal(t, 8, tally.Total())
	require.ElementsMatch(t, []stream.ID{ids[2], ids[5]}, []stream.ID{receive(t, lost), receive(t, lost)})
	letters := l.Letters()
	require.Len(t, letters, 2)
	for _, letter := range letters {
		require.Equal(t, stream.ReasonPayloadLost, letter.Reason)
		require.Nil(t, letter.Fields)
		_, err := l.Group.Redrive(l.Ctx, letter)
		require.ErrorIs(t, err, stream.ErrTombstone)
	}
}

func manyStreams(t *testing.T, s server) {
	l := s.lab(t)
	var streams []string
	for i := range 5 {
		name := fmt.Sprintf("%s-%d", l.Stream, i) // in slots of their own
		streams = append(streams, name)
		_, errs := l.Conn.Add(l.Ctx, name, streamtest.Events(100))
		for _, err := range errs {
			require.NoError(t, err)
		}
	}
	var tally streamtest.Tally
	l.Run(func(_ context.Context, d *stream.Delivery) error {
		if tally.Hit(d.Stream+"/"+d.ID) == 1 && d.ID == "7" {
			return errors.New("once")
		}
		return nil
	}, func(c *consumer.Config) { c.Streams = streams })
	streamtest.Eventually(t, func() bool { return tally.Total() == 505 }, "all of all streams")
	for _, name := range streams {
		g, err := l.operator.Group(name, "workers", stream.DeadLetter{})
		require.NoError(t, err)
		streamtest.Eventually(t, func() bool { info, err := g.Info(l.Ctx); return err == nil && info.Pending == 0 }, "settled")
	}
}

// A client that the program has already can be used.
func wrappedClient(t *testing.T, s server) {
	l := s.lab(t)
	admin := l.redis()
	o := *admin.Options() // with a certificate, where one is wanted
	if s.worker != "" {
		u, err := redis.ParseURL(s.worker)
		require.NoError(t, err)
		o.Username, o.Password = u.Username, u.Password
	}
	client := redis.NewClient(&o)
	defer client.Close()
	conn := stream.Wrap(client)
	var tally streamtest.Tally
	a := l.RunOn(conn, tally.Handler, nil)
	l.Publish(20)
	l.Settled()
	require.Equal(t, 20, tally.Total())
	require.NoError(t, a.Stop())
	require.NoError(t, conn.Close())
	require.NoError(t, client.Ping(l.Ctx).Err(), "the program's client is not closed")
}

func receive[T any](t *testing.T, ch <-chan T) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(streamtest.Patience):
		require.FailNow(t, "waited in vain")
		panic("unreachable")
	}
}
