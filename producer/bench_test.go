package producer_test

import (
	"bytes"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/producer"
	"github.com/leat-io/leat/stream"
)

var payload = bytes.Repeat([]byte("x"), 200)

// trim keeps the server's memory small while a benchmark runs.
func trim(b *testing.B, server *redistest.Server, names ...string) {
	b.Helper()
	require.NoError(b, server.Client(b).Del(b.Context(), names...).Err())
}

// sendAll sends b.N events from a number of goroutines, in turn to each stream, and
// waits until all of them are stored.
func sendAll(b *testing.B, conn *stream.Conn, goroutines int, names []string, e stream.Event) {
	b.Helper()
	p, err := producer.New(conn, producer.Config{Source: "urn:bench"})
	require.NoError(b, err)
	b.ReportAllocs()
	b.ResetTimer()
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			for i := g; i < b.N; i += goroutines {
				p.Send(b.Context(), names[i%len(names)], e)
			}
		})
	}
	wg.Wait()
	require.NoError(b, p.Close(b.Context()))
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

func streams(t testing.TB, n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprint(redistest.Prefix(t), i)
	}
	return names
}

var senders = []int{1, 8, 64}

// What a program gets that sends as fast as it can: Redis is the bound.
func BenchmarkSend(b *testing.B) {
	server := redistest.Shared(b)
	conn := dial(b, server.URL())
	for id, e := range map[string]stream.Event{
		"made": {Type: "bench", Data: payload},
		"own":  {ID: "0197c0de-0000-7000-8000-000000000000", Type: "bench", Data: payload},
	} {
		for _, n := range senders {
			b.Run(fmt.Sprintf("id=%s/goroutines=%d", id, n), func(b *testing.B) {
				names := streams(b, 1)
				sendAll(b, conn, n, names, e)
				trim(b, server, names...)
			})
		}
	}
}

// What the producer itself costs, Send and flusher together: the server does
// nothing.
func BenchmarkSendAlone(b *testing.B) {
	conn := dial(b, "redis://"+effortless(b))
	e := stream.Event{Type: "bench", Data: payload}
	for _, many := range []int{1, 16} {
		for _, n := range senders {
			b.Run(fmt.Sprintf("streams=%d/goroutines=%d", many, n), func(b *testing.B) {
				sendAll(b, conn, n, streams(b, many), e)
			})
		}
	}
}

// The time that a lone event takes, with a receipt that is waited for: a round trip,
// and the way to the flusher and back.
func BenchmarkSendAndWait(b *testing.B) {
	server := redistest.Shared(b)
	p := open(b, dial(b, server.URL()), producer.Config{})
	names := streams(b, 1)
	b.ReportAllocs()
	for b.Loop() {
		_, err := p.Send(b.Context(), names[0], stream.Event{Type: "bench", Data: payload}).Wait(b.Context())
		require.NoError(b, err)
	}
	trim(b, server, names...)
}

func BenchmarkPublish(b *testing.B) {
	server := redistest.Shared(b)
	p := open(b, dial(b, server.URL()), producer.Config{})
	for _, n := range []int{1, 100, 1_000} {
		b.Run(fmt.Sprint("events=", n), func(b *testing.B) {
			names := streams(b, 1)
			batch := make([]stream.Event, n)
			for i := range batch {
				batch[i] = stream.Event{Type: "bench", Data: payload}
			}
			b.ReportAllocs()
			for b.Loop() {
				_, err := p.Publish(b.Context(), names[0], batch...)
				require.NoError(b, err)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/event")
			trim(b, server, names...)
		})
	}
}
