package webhook_test

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/sink/webhook"
	"github.com/leat-io/leat/stream"
)

// wire is what is between the sink and a receiver.
type wire func(*http.Request) (*http.Response, error)

func (w wire) RoundTrip(r *http.Request) (*http.Response, error) { return w(r) }

// FuzzAnswer: whatever a receiver answers, the verdict is one that the status allows, in bounds, and its text is one short
// line in which no secret is that the sink has sent.
func FuzzAnswer(f *testing.F) {
	const secret = "cAnArY-7f3"
	for _, seed := range []string{
		"HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", "HTTP/1.1 429 Slow\r\nRetry-After: 3\r\n\r\n",
		"HTTP/1.1 503 x\r\nRetry-After: Wed, 21 Oct 2099 07:28:00 GMT\r\nDate: Wed, 21 Oct 2099 07:27:00 GMT\r\n\r\nno", "HTTP/1.1 429 x\r\nRetry-After: -1\r\n\r\n",
		"HTTP/1.1 429 x\r\nRetry-After: 99999999999999999999\r\n\r\n", "HTTP/1.1 503 x\r\nRetry-After: 4294967295\r\n\r\n", "HTTP/1.1 429 x\r\nRetry-After: 1e9\r\nRetry-After: 5\r\n\r\n",
		"HTTP/1.1 302 Found\r\nLocation: https://user:pw@elsewhere/" + secret + "\r\n\r\n", "HTTP/1.1 301 x\r\nLocation: \x7f\r\n\r\n", "HTTP/1.1 308 x\r\nLocation: //\x1b[2J\r\n\r\n",
		"HTTP/1.1 307 x\r\nLocation: https://" + secret + ".example.org/\r\n\r\n", "HTTP/1.1 307 x\r\nLocation: //" + strings.Repeat("h", 4000) + "\u202e/\r\n\r\n",
		"HTTP/1.1 400 Bad\r\n\r\nyou sent " + secret + "\x1b[2J\r\n\u202e" + strings.Repeat("x", 600), "HTTP/1.1 500 x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
		"HTTP/1.1 999 x\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 000 x\r\n\r\n", "HTTP/1.1 -1 x\r\n\r\n", "HTTP/1.0 499 " + secret + "\r\n\r\n", "\r\n", secret,
		"HTTP/1.1 500 x\r\nContent-Length: 99999999999\r\n\r\n" + url.QueryEscape(secret), "HTTP/1.1 500 x\r\n\r\n" + base64.StdEncoding.EncodeToString([]byte("user:"+secret)),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		sink, err := webhook.New(webhook.Config{
			URL: "http://user:" + secret + "@127.0.0.1:1/hook?key=" + secret, Timeout: patience,
			Transport: wire(func(r *http.Request) (*http.Response, error) {
				resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(answer)), r)
				if err != nil {
					return nil, errors.New(string(answer)) // a proxy may say anything in an error, too
				}
				return resp, nil
			}),
		})
		require.NoError(t, err)
		verdict := sink.Handle(within(t), delivery(stream.Event{}))
		if verdict == nil {
			return
		}
		text := verdict.Error()
		require.NotContains(t, text, secret)
		require.NotContains(t, text, base64.StdEncoding.EncodeToString([]byte("user:"+secret)))
		require.Less(t, len(text), 2000)
		require.True(t, utf8.ValidString(text))
		for _, r := range text {
			require.True(t, strconv.IsPrint(r), "%q", text)
		}
		var status *webhook.StatusError
		if errors.As(verdict, &status) {
			require.NotEqual(t, 2, status.Code/100)
			require.True(t, !consumer.IsPermanent(verdict) || status.Code/100 == 4)
		} else {
			require.False(t, consumer.IsPermanent(verdict), "what was not answered is tried again")
		}
		if after, ok := consumer.RetryDelay(verdict); ok {
			require.Positive(t, after)
			require.LessOrEqual(t, after, time.Hour)
		}
	})
}

// FuzzRequest: whatever is in an event, the request that is sent is one request, and the attributes that a receiver reads in it
// are those of the event. What cannot be sent is refused for good.
func FuzzRequest(f *testing.F) {
	f.Add("1", "/s", "t", "subject", "application/json", "trace", []byte(`{"a":1}`), true)
	f.Add("a b%\"", "é\x00", "t\r\nX-Injected: 1", "\u202e", "text/plain\r\n\r\nbody", "\x7f", []byte("\xff"), false)
	f.Add("1", "s", "t", "", "application/cloudevents+json", "", []byte(nil), false)
	f.Add("\xff", "s", "t", "", "Application/JSON;charset=x", "v", []byte("{"), true)
	f.Fuzz(func(t *testing.T, id, source, kind, subject, contentType, extension string, data []byte, structured bool) {
		var sent []byte
		mode := webhook.Binary
		if structured {
			mode = webhook.Structured
		}
		sink, err := webhook.New(webhook.Config{URL: "http://127.0.0.1:1/hook", Mode: mode, Timeout: patience, Transport: wire(func(r *http.Request) (*http.Response, error) {
			var out bytes.Buffer
			if err := r.Write(&out); err != nil {
				return nil, err
			}
			sent = out.Bytes()
			return &http.Response{StatusCode: 204, Body: http.NoBody}, nil
		})})
		require.NoError(t, err)
		e := stream.Event{ID: id, Source: source, Type: kind, Subject: subject, DataContentType: contentType, Data: data, Extensions: map[string]string{"ext": extension}}
		if e.ID == "" || e.Source == "" || e.Type == "" {
			return
		}
		d := delivery(e)
		if err := sink.Handle(within(t), d); err != nil {
			require.True(t, consumer.IsPermanent(err), "%v", err)
			require.Nil(t, sent)
			return
		}
		in := bufio.NewReader(bytes.NewReader(sent))
		r, err := http.ReadRequest(in)
		require.NoError(t, err, "%q", sent)
		body, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		rest, err := io.ReadAll(in)
		require.NoError(t, err)
		require.Empty(t, rest, "one request")
		require.Empty(t, r.Header.Get("X-Injected"))
		if r.Header.Get("Ce-Id") == "" {
			var members map[string]any
			require.NoError(t, json.Unmarshal(body, &members), "%q", body)
			require.Equal(t, id, members["id"])
			require.Equal(t, source, members["source"])
			require.Equal(t, kind, members["type"])
			return
		}
		for name, want := range map[string]string{"Ce-Id": id, "Ce-Source": source, "Ce-Type": kind} {
			got, err := url.PathUnescape(r.Header.Get(name))
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
		require.Equal(t, string(data), string(body))
	})
}

// FuzzConfig: no URL, header or token makes New panic, and no error quotes them.
func FuzzConfig(f *testing.F) {
	f.Add("http://user:pw@host/path?q", "Name", "value")
	f.Add("://", "ce-id", "\x00")
	f.Add("http://[::1", "Host", "a\r\nb")
	f.Add("http://%zz", "", "")
	f.Add("https://h:99999", "Content-Length", "1")
	f.Fuzz(func(t *testing.T, target, name, value string) {
		const secret = "cAnArY-7f3"
		sink, err := webhook.New(webhook.Config{URL: target + secret, Header: http.Header{name: {value + secret}}, Transport: wire(nil)})
		if err != nil {
			require.NotContains(t, err.Error(), secret)
			return
		}
		sink.Close()
	})
}
