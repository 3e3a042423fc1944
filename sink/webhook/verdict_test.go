package webhook_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/sink/webhook"
	"github.com/leat-io/leat/stream"
)

func TestStatusIsTheVerdict(t *testing.T) {
	t.Parallel()
	const ack, retry, permanent = "ack", "retry", "permanent"
	for code, want := range map[int]string{
		200: ack, 201: ack, 202: ack, 204: ack, 206: ack, 299: ack,
		300: retry, 301: retry, 302: retry, 303: retry, 304: retry, 307: retry, 308: retry,
		400: permanent, 401: permanent, 403: permanent, 404: permanent, 405: permanent, 406: permanent, 410: permanent,
		413: permanent, 415: permanent, 422: permanent, 431: permanent, 451: permanent, 499: permanent,
		408: retry, 409: retry, 425: retry, 429: retry,
		500: retry, 501: retry, 502: retry, 503: retry, 504: retry, 505: retry, 599: retry,
	} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			t.Parallel()
			var requests atomic.Int32
			sink, _ := serve(t, webhook.Config{}, func(w http.ResponseWriter, _ *http.Request) {
				requests.Add(1)
				w.Header().Set("Location", "/elsewhere?token=hidden")
				w.WriteHeader(code)
				if code != 204 && code != 304 {
					_, _ = io.WriteString(w, "what the receiver says")
				}
			})
			err := sink.Handle(within(t), delivery(stream.Event{}))
			assert.EqualValues(t, 1, requests.Load(), "one request a delivery: no redirect followed, nothing repeated")
			if want == ack {
				require.NoError(t, err)
				return
			}
			var status *webhook.StatusError
			require.ErrorAs(t, err, &status)
			assert.Equal(t, code, status.Code)
			assert.Contains(t, err.Error(), fmt.Sprint(code))
			assert.NotContains(t, err.Error(), "hidden")
			assert.Equal(t, want == permanent, consumer.IsPermanent(err), "%v", err)
			_, delayed := consumer.RetryDelay(err)
			assert.False(t, delayed, "no Retry-After was given")
			if code != 304 {
				assert.Contains(t, err.Error(), "what the receiver says")
			}
			if code/100 == 3 {
				assert.Contains(t, err.Error(), "not followed")
			}
		})
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	receiver := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC) // its clock is wrong by decades: only the difference counts
	date := func(d time.Duration) string { return receiver.Add(d).Format(http.TimeFormat) }
	for name, c := range map[string]struct {
		value string
		want  time.Duration // 0 for none
	}{
		"seconds":               {"120", 2 * time.Minute},
		"spaces":                {"  7 ", 7 * time.Second},
		"date":                  {date(90 * time.Second), 90 * time.Second},
		"rfc 850 date":          {receiver.Add(time.Minute).Format("Monday, 02-Jan-06 15:04:05 GMT"), time.Minute},
		"capped seconds":        {"7200", time.Hour},
		"capped date":           {date(48 * time.Hour), time.Hour},
		"zero":                  {"0", 0},
		"negative":              {"-5", 0},
		"fraction":              {"1.5", 0},
		"words":                 {"soon", 0},
		"empty":                 {"", 0},
		"past":                  {date(-time.Hour), 0},
		"milliseconds as epoch": {"1700000000000", 0},
		"beyond any number":     {"99999999999999999999999999", 0},
		"another century":       {date(100 * 365 * 24 * time.Hour), 0},
	} {
		for _, code := range []int{429, 503} {
			t.Run(fmt.Sprint(name, " ", code), func(t *testing.T) {
				t.Parallel()
				sink, _ := serve(t, webhook.Config{}, func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Date", receiver.Format(http.TimeFormat))
					w.Header().Set("Retry-After", c.value)
					w.WriteHeader(code)
				})
				err := sink.Handle(within(t), delivery(stream.Event{}))
				require.Error(t, err)
				assert.False(t, consumer.IsPermanent(err))
				after, ok := consumer.RetryDelay(err)
				assert.Equal(t, c.want > 0, ok, "%v", err)
				assert.Equal(t, c.want, after)
				var status *webhook.StatusError
				assert.ErrorAs(t, err, &status)
			})
		}
	}
}

func TestRetryAfterCountsForTwoStatusesOnly(t *testing.T) {
	t.Parallel()
	for _, code := range []int{302, 400, 408, 500} {
		sink, _ := serve(t, webhook.Config{}, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "60")
			w.WriteHeader(code)
		})
		_, ok := consumer.RetryDelay(sink.Handle(within(t), delivery(stream.Event{})))
		assert.False(t, ok, code)
	}
}

func TestMaxRetryAfterIsConfigured(t *testing.T) {
	t.Parallel()
	sink, _ := serve(t, webhook.Config{MaxRetryAfter: 5 * time.Second}, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "60")
		w.WriteHeader(429)
	})
	after, ok := consumer.RetryDelay(sink.Handle(within(t), delivery(stream.Event{})))
	assert.True(t, ok)
	assert.Equal(t, 5*time.Second, after)
}

// stalled is a receiver that takes a request and does not answer.
func stalled(t *testing.T, cfg webhook.Config) (sink *webhook.Sink, got, gone chan struct{}) {
	t.Helper()
	got, gone = make(chan struct{}), make(chan struct{})
	sink, _ = serve(t, cfg, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // the server notices a client that is gone only then
		close(got)
		<-r.Context().Done()
		close(gone)
	})
	return sink, got, gone
}

func TestSlowReceiverTimesOut(t *testing.T) {
	t.Parallel()
	sink, _, gone := stalled(t, webhook.Config{Timeout: 50 * time.Millisecond})
	err := sink.Handle(within(t), delivery(stream.Event{}))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.Contains(t, err.Error(), "no answer in time")
	assert.False(t, consumer.IsPermanent(err))
	requireClosed(t, gone)
}

func TestLostLeaseEndsTheRequest(t *testing.T) {
	t.Parallel()
	for _, cause := range []error{consumer.ErrLeaseLost, consumer.ErrShutdown, consumer.ErrTimeout} {
		sink, got, gone := stalled(t, webhook.Config{})
		ctx, cancel := context.WithCancelCause(within(t))
		go func() {
			<-got
			cancel(cause)
		}()
		err := sink.Handle(ctx, delivery(stream.Event{}))
		require.ErrorIs(t, err, cause)
		assert.False(t, consumer.IsPermanent(err))
		requireClosed(t, gone)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// net/http's transport gives the cause; another one may give ctx.Err().
func TestCauseIsKeptWithAnyTransport(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(within(t))
	sink, err := webhook.New(webhook.Config{URL: "http://localhost/", Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		cancel(consumer.ErrLeaseLost)
		<-r.Context().Done()
		return nil, r.Context().Err()
	})})
	require.NoError(t, err)
	defer sink.Close()
	require.ErrorIs(t, sink.Handle(ctx, delivery(stream.Event{})), consumer.ErrLeaseLost)
}

func requireClosed(t *testing.T, c <-chan struct{}) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(patience):
		require.Fail(t, "the receiver still has the request")
	}
}

func TestNoReceiverIsTriedAgain(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	addr := l.Addr().String()
	require.NoError(t, l.Close())
	sink, err := webhook.New(webhook.Config{URL: "http://user:canary-secret@" + addr + "/canary-path?k=canary-query"})
	require.NoError(t, err)
	err = sink.Handle(within(t), delivery(stream.Event{}))
	require.ErrorContains(t, err, "refused")
	assert.Contains(t, err.Error(), "http://"+addr)
	assert.NotContains(t, err.Error(), "canary")
	assert.False(t, consumer.IsPermanent(err))
	var op *net.OpError
	assert.ErrorAs(t, err, &op)
}

func TestConnectionCutInTheMiddleIsTriedAgain(t *testing.T) {
	t.Parallel()
	var requests atomic.Int32
	sink, _ := serve(t, webhook.Config{}, func(http.ResponseWriter, *http.Request) {
		requests.Add(1)
		panic(http.ErrAbortHandler)
	})
	err := sink.Handle(within(t), delivery(stream.Event{Data: []byte("x")}))
	require.ErrorIs(t, err, io.EOF)
	assert.False(t, consumer.IsPermanent(err))
	assert.EqualValues(t, 1, requests.Load(), "whether to send again is the consumer's decision")
}

func TestAckStandsWhateverTheBody(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]http.HandlerFunc{
		"cut": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, "short")
		},
		"never ends": func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(200)
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		},
		"flood": func(w http.ResponseWriter, _ *http.Request) {
			chunk := []byte(strings.Repeat("x", 1<<16))
			for {
				if _, err := w.Write(chunk); err != nil {
					return
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sink, _ := serve(t, webhook.Config{}, body)
			ctx := within(t)
			assert.NoError(t, sink.Handle(ctx, delivery(stream.Event{})))
			assert.NoError(t, ctx.Err(), "it must not wait for all of the body")
		})
	}
}

func TestBodyInErrorsIsLimited(t *testing.T) {
	t.Parallel()
	sink, _ := serve(t, webhook.Config{}, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(500)
		_, _ = io.WriteString(w, "<p>first\r\n\x1b[31mred\x00\xff "+strings.Repeat("ä", 1<<20))
	})
	err := sink.Handle(within(t), delivery(stream.Event{}))
	var status *webhook.StatusError
	require.ErrorAs(t, err, &status)
	assert.LessOrEqual(t, len(status.Body), 512+len("..."))
	assert.True(t, strings.HasPrefix(status.Body, "<p>first [31mred \uFFFD ää"), "%q", status.Body[:40])
	assert.True(t, strings.HasSuffix(status.Body, "ä..."))
}

func TestConnectionIsUsedAgain(t *testing.T) {
	t.Parallel()
	for _, code := range []int{200, 404, 500} {
		var last atomic.Pointer[string]
		var others atomic.Int32
		sink, _ := serve(t, webhook.Config{}, func(w http.ResponseWriter, r *http.Request) {
			if before := last.Swap(&r.RemoteAddr); before != nil && *before != r.RemoteAddr {
				others.Add(1)
			}
			w.WriteHeader(code)
			_, _ = io.WriteString(w, strings.Repeat("x", 32<<10)) // more than is looked at
		})
		for range 20 {
			if err := sink.Handle(within(t), delivery(stream.Event{Data: []byte("x")})); err != nil {
				var status *webhook.StatusError
				require.ErrorAs(t, err, &status)
			}
		}
		// A busy machine may make net/http give up on one now and then; without the
		// draining each request has a connection of its own.
		assert.Less(t, others.Load(), int32(5), "status %d", code)
	}
}
