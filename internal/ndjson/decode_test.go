package ndjson_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/ndjson"
	"github.com/leat-io/leat/stream"
)

var plain = ndjson.Defaults{Type: "t", Subject: "s", Extensions: map[string]string{"producer": "p"}}

func TestPlainObjectIsData(t *testing.T) {
	t.Parallel()
	line := `{"b": 1.0, "a": "\u00e9", "n": 12345678901234567890}`
	e, err := plain.Event([]byte(line))
	require.NoError(t, err)
	require.Equal(t, stream.Event{
		Type: "t", Subject: "s", DataContentType: "application/json", Data: []byte(line), Extensions: map[string]string{"producer": "p"},
	}, e)
	d := plain
	d.ContentType, d.Source = "application/geo+json", "src"
	e, err = d.Event([]byte("{}"))
	require.NoError(t, err)
	require.Equal(t, "application/geo+json", e.DataContentType)
	require.Equal(t, "src", e.Source)
}

func TestCloudEventKeepsWhatItSays(t *testing.T) {
	t.Parallel()
	e, err := plain.Event([]byte(`{"specversion":"1.0","id":"1","source":"/a","type":"x.y","subject":null,"time":"2026-05-04T03:02:01.5Z",
		"dataschema":"urn:z","traceparent":"00-1","producer":"own","count":7,"yes":true,"none":null,"data":{"n":1.50}}`))
	require.NoError(t, err)
	require.Equal(t, stream.Event{
		ID: "1", Source: "/a", Type: "x.y", Time: time.Date(2026, 5, 4, 3, 2, 1, 5e8, time.UTC), DataSchema: "urn:z",
		DataContentType: "application/json", Data: []byte(`{"n":1.50}`),
		Extensions: map[string]string{"traceparent": "00-1", "producer": "own", "count": "7", "yes": "true"},
	}, e)
}

func TestCloudEventData(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ members, data, contentType string }{
		"text":                 {`"datacontenttype":"text/plain","data":"a\nb"`, "a\nb", "text/plain"},
		"JSON string":          {`"datacontenttype":"application/json; charset=utf-8","data":"a"`, `"a"`, "application/json; charset=utf-8"},
		"JSON of another sort": {`"datacontenttype":"application/geo+json","data":"a"`, `"a"`, "application/geo+json"},
		"untyped":              {`"data":[1, 2]`, "[1, 2]", "application/json"},
		"bytes":                {`"datacontenttype":"image/png","data_base64":"AP8="`, "\x00\xff", "image/png"},
		"no bytes":             {`"data_base64":""`, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, err := plain.Event([]byte(`{"specversion":"1.0","id":"1","source":"/a","type":"x",` + c.members + `}`))
			require.NoError(t, err)
			require.Equal(t, c.data, string(e.Data))
			require.NotNil(t, e.Data)
			require.Equal(t, c.contentType, e.DataContentType)
		})
	}
	e, err := plain.Event([]byte(`{"specversion":"1.0","id":"1","source":"/a","type":"x"}`))
	require.NoError(t, err)
	require.Nil(t, e.Data)
}

func TestBadLines(t *testing.T) {
	t.Parallel()
	event := func(members string) string {
		return `{"specversion":"1.0","id":"1","source":"/a","type":"x"` + members + `}`
	}
	for line, want := range map[string]string{
		``:                                  "not a JSON object",
		`null`:                              "not a JSON object",
		`[{}]`:                              "not a JSON object",
		`"text"`:                            "not a JSON object",
		`{"a":1`:                            "unexpected end",
		`{"a":1} {"b":2}`:                   "after top-level value",
		`{"a":NaN}`:                         "invalid character",
		`{"specversion":"2.0"}`:             `want 1.0`,
		`{"specversion":1.0}`:               `"specversion" is not a string`,
		`{"specversion":null}`:              `want 1.0`,
		`{"specversion":"1.0","id":"1"}`:    "which is required",
		event(`,"time":"yesterday"`):        "RFC 3339",
		event(`,"time":5`):                  "not a string",
		event(`,"data_base64":"%%"`):        "not base64",
		event(`,"data_base64":7`):           "not a string",
		event(`,"data":1,"data_base64":""`): "both data and data_base64",
		event(`,"trace_parent":"x"`):        "lower-case",
		event(`,"ext":{"a":1}`):             "neither a string",
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			_, err := plain.Event([]byte(line))
			require.ErrorContains(t, err, want)
			require.Less(t, len(err.Error()), 300)
		})
	}
}

func FuzzEvent(f *testing.F) {
	f.Add([]byte(`{"specversion":"1.0","id":"1","source":"/a","type":"x","data":"a","datacontenttype":"text/plain","e":1}`))
	f.Add([]byte(`{"a":[1,{"b":null}]}`))
	f.Add([]byte(`{"specversion":"1.0","id":"1","source":"/a","type":"x","data_base64":"AP8="}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		e, err := plain.Event(line)
		if err != nil {
			return
		}
		if !json.Valid(line) || line[0] != '{' {
			t.Fatalf("%q is no JSON object and was taken", line)
		}
		// What is taken, a producer takes as well.
		if e.ID == "" {
			e.ID = "-"
		}
		if e.Source == "" {
			e.Source = "-"
		}
		if err := e.Validate(); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(line), "specversion") && !strings.Contains(string(line), `\u`) && string(e.Data) != string(line) {
			t.Fatalf("data %q of line %q", e.Data, line)
		}
	})
}
