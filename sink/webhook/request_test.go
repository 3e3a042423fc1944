package webhook_test

import (
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	cehttp "github.com/cloudevents/sdk-go/v2/protocol/http"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/sink/webhook"
	"github.com/leat-io/leat/stream"
)

// received is what a receiver saw: the request, and the event that the
// CloudEvents SDK makes of it.
type received struct {
	header http.Header
	host   string
	body   []byte
	event  *event.Event
	err    error
}

func post(t *testing.T, cfg webhook.Config, d *stream.Delivery) received {
	t.Helper()
	var got received
	sink, _ := serve(t, cfg, func(w http.ResponseWriter, r *http.Request) {
		got.header, got.host = r.Header.Clone(), r.Host
		got.body, _ = io.ReadAll(r.Body)
		r.Body = io.NopCloser(strings.NewReader(string(got.body)))
		got.event, got.err = cehttp.NewEventFromHTTPRequest(r)
		w.WriteHeader(204)
	})
	require.NoError(t, sink.Handle(within(t), d))
	require.NoError(t, got.err)
	require.NoError(t, got.event.Validate())
	return got
}

// everyByte is no text in any encoding.
func everyByte() []byte {
	b := make([]byte, 1024)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}

func TestBinaryMode(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 4, 3, 2, 1, 987654321, time.UTC)
	data := everyByte()
	d := delivery(stream.Event{
		ID: "a-1", Source: "https://example.com/a?b=c", Type: "x.y", Subject: "s/1", Time: at,
		DataContentType: `application/x-thing; q="a b"`, DataSchema: "https://example.com/schema",
		Extensions: map[string]string{"traceparent": "00-abc-def-01", "partitionkey": "k1"}, Data: data,
	})
	d.Attempt = 3
	got := post(t, webhook.Config{}, d)
	assert.Equal(t, data, got.body)
	assert.Equal(t, `application/x-thing; q="a b"`, got.header.Get("Content-Type"))
	assert.Empty(t, got.header.Get("Ce-Datacontenttype"))
	assert.Equal(t, "orders", got.header.Get("Leat-Stream"))
	assert.Equal(t, "1700000000000-7", got.header.Get("Leat-Entry-Id"))
	assert.Equal(t, "3", got.header.Get("Leat-Attempt"))
	assert.Equal(t, "2026-05-04T03:02:01.987654321Z", got.header.Get("Ce-Time"))

	e := got.event
	assert.Equal(t, "1.0", e.SpecVersion())
	assert.Equal(t, "a-1", e.ID())
	assert.Equal(t, "https://example.com/a?b=c", e.Source())
	assert.Equal(t, "x.y", e.Type())
	assert.Equal(t, "s/1", e.Subject())
	assert.True(t, at.Equal(e.Time()))
	assert.Equal(t, "https://example.com/schema", e.DataSchema())
	assert.Equal(t, map[string]any{"traceparent": "00-abc-def-01", "partitionkey": "k1"}, e.Extensions())
	assert.Equal(t, data, e.Data())
}

func TestBinaryModeKeepsJSONAsItIs(t *testing.T) {
	t.Parallel()
	data := []byte("{ \"b\" : 1e3,\n\t\"a\": \"<\\u003e\" ,\"a\":2}\n")
	got := post(t, webhook.Config{}, delivery(stream.Event{DataContentType: "application/json", Data: data}))
	assert.Equal(t, data, got.body)
}

func TestAttributesArePercentEncoded(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"plain/!#$&'()*+,:;=?@[]~":  "plain/!#$&'()*+,:;=?@[]~",
		"Euro € 😀":                  "Euro%20%E2%82%AC%20%F0%9F%98%80", // the example of the specification
		`50% "off"`:                 "50%25%20%22off%22",
		"%20":                       "%2520",
		"line\r\nX-Evil: 1\x00\x7f": "line%0D%0AX-Evil:%201%00%7F",
		" outer ":                   "%20outer%20",
	} {
		got := post(t, webhook.Config{}, delivery(stream.Event{Subject: value, Extensions: map[string]string{"ext": value}}))
		assert.Equal(t, want, got.header.Get("Ce-Subject"))
		assert.Equal(t, want, got.header.Get("Ce-Ext"))
		assert.Empty(t, got.header.Get("X-Evil"))
		back, err := url.PathUnescape(got.header.Get("Ce-Subject"))
		require.NoError(t, err)
		assert.Equal(t, value, back)
	}
}

func TestStructuredMode(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		contentType, data, member string
	}{
		"json":                {"application/json", `{"a":[1,{"b":"<&>"}], "n":12345678901234567890}`, `"data":{"a":[1,{"b":"<&>"}], "n":12345678901234567890}`},
		"json with a charset": {"application/json ; charset=utf-8", `{ "a": 1 }`, `"data":{ "a": 1 }`},
		"capitals":            {"Application/JSON", `{}`, `"data_base64":"e30="`},
		"json suffix":         {"application/geo+json", `{}`, `"data_base64":"e30="`},
		"json without a type": {"", `[1,2]`, `"data":[1,2]`},
		"broken json":         {"application/json", `{"a":`, `"data_base64":"eyJhIjo="`},
		"json not utf-8":      {"application/json", "\"\xff\"", `"data_base64":"Iv8i"`},
		"text":                {"text/plain", "hi", `"data_base64":"aGk="`},
		"binary":              {"application/octet-stream", string(everyByte()), `"data_base64":"AAECAwQ`},
		"no json, no type":    {"", "\x00", `"data_base64":"AA=="`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := delivery(stream.Event{
				Subject: "Euro € \"<1%>\"\n", Time: time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC), DataContentType: c.contentType,
				DataSchema: "https://example.com/s", Extensions: map[string]string{"ext": "ü"}, Data: []byte(c.data),
			})
			got := post(t, webhook.Config{Mode: webhook.Structured}, d)
			assert.Equal(t, "application/cloudevents+json; charset=UTF-8", got.header.Get("Content-Type"))
			assert.Empty(t, got.header.Get("Ce-Id"))
			assert.Equal(t, "orders", got.header.Get("Leat-Stream"))
			assert.Contains(t, string(got.body), c.member)
			e := got.event
			assert.Equal(t, d.ID, e.ID())
			assert.Equal(t, d.Source, e.Source())
			assert.Equal(t, d.Type, e.Type())
			assert.Equal(t, d.Subject, e.Subject())
			assert.Equal(t, d.Time, e.Time())
			assert.Equal(t, d.DataSchema, e.DataSchema())
			assert.Equal(t, c.contentType, e.DataContentType())
			assert.Equal(t, map[string]any{"ext": "ü"}, e.Extensions())
			assert.Equal(t, c.data, string(e.Data()))
		})
	}
}

func TestEventWithoutData(t *testing.T) {
	t.Parallel()
	for _, mode := range []webhook.Mode{webhook.Binary, webhook.Structured} {
		got := post(t, webhook.Config{Mode: mode}, delivery(stream.Event{}))
		assert.Empty(t, got.event.Data())
		if mode == webhook.Binary {
			assert.NotContains(t, got.header, "Content-Type")
			assert.Equal(t, "0", got.header.Get("Content-Length"))
		}
	}
}

func TestForeignEntry(t *testing.T) {
	t.Parallel()
	for _, mode := range []webhook.Mode{webhook.Binary, webhook.Structured} {
		d := stream.NewDelivery("jöbs", stream.ID{Ms: 1700000000000, Seq: 7}, stream.Fields{
			{Name: []byte("k"), Value: []byte("1")}, {Name: []byte("bin"), Value: []byte{0xff}}, {Name: []byte("k"), Value: []byte("2")},
		})
		got := post(t, webhook.Config{Mode: mode}, d)
		assert.Equal(t, stream.ForeignType, got.event.Type())
		assert.Equal(t, "1700000000000-7", got.event.ID())
		assert.JSONEq(t, `{"k":["1","2"],"bin":{"base64":"/w=="}}`, string(got.event.Data()))
		assert.Equal(t, "j%C3%B6bs", got.header.Get("Leat-Stream"))
	}
}

// An event as data would be taken for the event itself.
func TestEventInsideAnEventGetsAnEnvelope(t *testing.T) {
	t.Parallel()
	inner := `{"specversion":"1.0","id":"inner","source":"/i","type":"i"}`
	got := post(t, webhook.Config{}, delivery(stream.Event{DataContentType: "Application/CloudEvents+json", Data: []byte(inner)}))
	assert.Equal(t, "id-1", got.event.ID())
	assert.Equal(t, inner, string(got.event.Data()))
}

func TestWhatCannotBeSentIsPermanent(t *testing.T) {
	t.Parallel()
	sink, _ := serve(t, webhook.Config{}, func(http.ResponseWriter, *http.Request) { t.Error("nothing must be sent") })
	for name, e := range map[string]stream.Event{
		"subject":         {Subject: "\xff"},
		"ext":             {Extensions: map[string]string{"ext": "a\xc0\xa0"}},
		"datacontenttype": {DataContentType: "text/plain\r\nX-Evil: 1"},
	} {
		err := sink.Handle(within(t), delivery(e))
		require.ErrorContains(t, err, name)
		assert.True(t, consumer.IsPermanent(err))
	}
}

func TestHeadersAndHost(t *testing.T) {
	t.Parallel()
	header := http.Header{"x-api-key": {"k-1"}, "User-Agent": {"mine"}, "Host": {"hooks.example.com"}}
	got := post(t, webhook.Config{Header: header}, delivery(stream.Event{}))
	assert.Equal(t, "k-1", got.header.Get("X-Api-Key"))
	assert.Equal(t, "mine", got.header.Get("User-Agent"))
	assert.Equal(t, "hooks.example.com", got.host)
	assert.Equal(t, "leat", post(t, webhook.Config{}, delivery(stream.Event{})).header.Get("User-Agent"))
}

func TestTokenFileIsReadAnew(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "token")
	write := func(s string) { require.NoError(t, os.WriteFile(path, []byte(s), 0o600)) }
	write("first-token\n")
	var got string
	sink, _ := serve(t, webhook.Config{TokenFile: path}, func(w http.ResponseWriter, r *http.Request) {
		got = r.Header.Get("Authorization")
		w.WriteHeader(401)
		_, _ = io.WriteString(w, "bad credentials: "+got)
	})
	for _, token := range []string{"first-token", "second-token"} {
		write(token + "\n")
		err := sink.Handle(within(t), delivery(stream.Event{}))
		assert.Equal(t, "Bearer "+token, got)
		require.ErrorContains(t, err, "bad credentials: Bearer ***")
	}
	require.NoError(t, os.Remove(path))
	err := sink.Handle(within(t), delivery(stream.Event{}))
	require.ErrorIs(t, err, os.ErrNotExist)
	assert.False(t, consumer.IsPermanent(err), "somebody may put it back")
}
