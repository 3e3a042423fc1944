package ndjson_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/ndjson"
	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/producer"
	"github.com/leat-io/leat/stream"
)

// bench is a producer on a server, and a stream of its own.
type bench struct {
	p      *producer.Producer
	rdb    *redis.Client
	stream string
}

func newBench(t *testing.T, s *redistest.Server, cfg producer.Config) bench {
	t.Helper()
	conn, err := stream.Dial(t.Context(), s.URL(), stream.WithTimeout(time.Second))
	require.NoError(t, err)
	p, err := producer.New(conn, cfg)
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, p.Close(context.Background()))
		require.NoError(t, conn.Close())
	})
	return bench{p, s.Client(t), redistest.Prefix(t) + "lines"}
}

func (b bench) stored(t *testing.T) (data []string) {
	t.Helper()
	entries, err := b.rdb.XRange(t.Context(), b.stream, "-", "+").Result()
	require.NoError(t, err)
	for _, e := range entries {
		data = append(data, e.Values["data"].(string)) //nolint:errcheck // a test may panic
	}
	return data
}

func numbered(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "{\"n\":%d}\n", i+1)
	}
	return b.String()
}

func TestPublishStoresAllInOrder(t *testing.T) {
	t.Parallel()
	b := newBench(t, redistest.Shared(t), producer.Config{})
	read := int64(0)
	in := numbered(5000)
	report, err := ndjson.Publish(t.Context(), b.p, ndjson.NewReader(strings.NewReader(in), 100), ndjson.Config{
		Stream: b.stream, Defaults: plain, Progress: func(n int64) { read = n },
	})
	require.NoError(t, err)
	require.Equal(t, ndjson.Report{Stored: 5000}, report)
	require.EqualValues(t, len(in), read)
	require.Equal(t, in, strings.Join(b.stored(t), "\n")+"\n")
}

func TestPublishStopsAtTheBadLine(t *testing.T) {
	t.Parallel()
	b := newBench(t, redistest.Shared(t), producer.Config{})
	bad := map[int]string{}
	report, err := ndjson.Publish(t.Context(), b.p, ndjson.NewReader(strings.NewReader("{\"n\":1}\n\n{\n{\"n\":2}\n"), 100), ndjson.Config{
		Stream: b.stream, Defaults: plain, Bad: func(line int, err error) { bad[line] = err.Error() },
	})
	require.ErrorIs(t, err, ndjson.ErrBadLine)
	require.EqualError(t, err, "bad line 3")
	require.Equal(t, ndjson.Report{Stored: 1, Bad: 1}, report)
	require.Len(t, bad, 1)
	require.Contains(t, bad[3], "JSON")
	require.Equal(t, []string{`{"n":1}`}, b.stored(t))
}

func TestPublishSkipsBadLines(t *testing.T) {
	t.Parallel()
	b := newBench(t, redistest.Shared(t), producer.Config{MaxEventBytes: 400})
	in := "{\"n\":1}\n[]\n{\"large\":\"" + strings.Repeat("x", 450) + "\"}\n{\"long\":\"" + strings.Repeat("x", 600) + "\"}\n{\"n\":2}"
	bad := map[int]error{}
	report, err := ndjson.Publish(t.Context(), b.p, ndjson.NewReader(strings.NewReader(in), 500), ndjson.Config{
		Stream: b.stream, Defaults: plain, SkipBad: true, Bad: func(line int, err error) { bad[line] = err },
	})
	require.NoError(t, err)
	require.Equal(t, ndjson.Report{Stored: 2, Bad: 3}, report)
	require.ErrorIs(t, bad[3], producer.ErrTooLarge)
	require.ErrorIs(t, bad[4], ndjson.ErrTooLong)
	require.Equal(t, []string{`{"n":1}`, `{"n":2}`}, b.stored(t))
}

func TestPublishSaysOfWhichLinesTheFateIsUnknown(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	b := newBench(t, server, producer.Config{RetryFor: time.Second})
	in, feed := io.Pipe()
	go func() {
		for i := 1; i <= 200; i++ {
			if i == 101 {
				// Every line so far is stored, and nothing that follows gets an answer.
				for n := int64(0); n < 100; {
					n, _ = b.rdb.XLen(context.Background(), b.stream).Result()
				}
				server.Pause()
			}
			if _, err := fmt.Fprintf(feed, "{\"n\":%d}\n", i); err != nil {
				return
			}
		}
		_ = feed.Close()
	}()
	report, err := ndjson.Publish(t.Context(), b.p, ndjson.NewReader(in, 100), ndjson.Config{Stream: b.stream, Defaults: plain})
	server.Resume()
	_ = in.Close()
	require.ErrorIs(t, err, stream.ErrUnknownOutcome)
	require.ErrorContains(t, err, "line 101:")
	require.Equal(t, 100, report.Stored)
	require.Equal(t, 101, report.Unknown[0].From)
	require.LessOrEqual(t, report.Stored+report.Unknown.Lines()+report.NotStored.Lines(), 200)
	require.NotZero(t, report.Unknown.Lines())
}

func TestPublishEndsWhereRedisRefuses(t *testing.T) {
	t.Parallel()
	b := newBench(t, redistest.Shared(t), producer.Config{})
	require.NoError(t, b.rdb.Set(t.Context(), b.stream, "no stream", 0).Err())
	report, err := ndjson.Publish(t.Context(), b.p, ndjson.NewReader(strings.NewReader(numbered(10)), 100), ndjson.Config{Stream: b.stream, Defaults: plain, SkipBad: true})
	require.ErrorContains(t, err, "line 1:")
	require.ErrorContains(t, err, "WRONGTYPE")
	require.Zero(t, report.Stored)
	require.Equal(t, ndjson.Range{From: 1, To: report.NotStored.Lines()}, report.NotStored[0])
}

func TestPublishEndsWithItsContextThoughTheInputBlocks(t *testing.T) {
	t.Parallel()
	b := newBench(t, redistest.Shared(t), producer.Config{})
	in, feed := io.Pipe()
	defer feed.Close()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		_, _ = io.WriteString(feed, "{\"n\":1}\n")
		for n := int64(0); n < 1; {
			n, _ = b.rdb.XLen(context.Background(), b.stream).Result()
		}
		cancel()
	}()
	report, err := ndjson.Publish(ctx, b.p, ndjson.NewReader(in, 100), ndjson.Config{Stream: b.stream, Defaults: plain})
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 1, report.Stored)
}

func TestPublishReportsAnInputThatBreaks(t *testing.T) {
	t.Parallel()
	b := newBench(t, redistest.Shared(t), producer.Config{})
	broken := errors.New("disk is on fire")
	in, feed := io.Pipe()
	go func() {
		_, _ = io.WriteString(feed, "{\"n\":1}\n{\"n\"")
		feed.CloseWithError(broken)
	}()
	report, err := ndjson.Publish(t.Context(), b.p, ndjson.NewReader(in, 100), ndjson.Config{Stream: b.stream, Defaults: plain})
	require.ErrorIs(t, err, broken)
	require.Equal(t, 1, report.Stored)
}

func TestPublishKeepsTheRate(t *testing.T) {
	t.Parallel()
	b := newBench(t, redistest.Shared(t), producer.Config{})
	began := time.Now()
	report, err := ndjson.Publish(t.Context(), b.p, ndjson.NewReader(strings.NewReader(numbered(41)), 100), ndjson.Config{
		Stream: b.stream, Defaults: plain, Rate: 100,
	})
	require.NoError(t, err)
	require.Equal(t, 41, report.Stored)
	require.GreaterOrEqual(t, time.Since(began), 395*time.Millisecond, "the 41st is due 400 ms behind the first")
}

func TestPublishEndsWhereRedisRefusesThoughTheInputIsOpen(t *testing.T) {
	t.Parallel()
	b := newBench(t, redistest.Shared(t), producer.Config{})
	require.NoError(t, b.rdb.Set(t.Context(), b.stream, "no stream", 0).Err())
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	in, feed := io.Pipe()
	defer func() { _ = feed.Close() }()
	go func() { _, _ = io.WriteString(feed, "{}\n") }()
	_, err := ndjson.Publish(ctx, b.p, ndjson.NewReader(in, 100), ndjson.Config{Stream: b.stream, Defaults: plain})
	require.ErrorContains(t, err, "WRONGTYPE")
	require.NoError(t, ctx.Err(), "nobody has to close the input for that")
}
