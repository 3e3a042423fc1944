package stream

import (
	"bytes"
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func fullEvent() Event {
	return Event{
		ID: "e-1", Source: "/shop/7", Type: "order.created", Subject: "order/42 ü",
		Time:            time.Date(2026, 3, 4, 5, 6, 7, 891_000_001, time.UTC),
		DataContentType: "application/json", DataSchema: "https://example.org/order.json",
		Extensions: map[string]string{"traceparent": "00-ab-cd-01", "partitionkey": "", "z9": "\x00\xff"},
		Data:       []byte(`{"a":1}`),
	}
}

func TestEventRoundTrip(t *testing.T) {
	t.Parallel()
	big := make([]byte, 1<<20)
	_, _ = rand.Read(big)
	base := Event{ID: "1", Source: "s", Type: "t"}
	with := func(change func(*Event)) Event {
		e := base
		change(&e)
		return e
	}
	events := map[string]Event{
		"everything":  fullEvent(),
		"least":       base,
		"empty data":  with(func(e *Event) { e.Data = []byte{} }),
		"binary data": with(func(e *Event) { e.Data = []byte("\r\n$5\r\n\x00\xff") }),
		"1 MiB":       with(func(e *Event) { e.Data = big }),
		"old time":    with(func(e *Event) { e.Time = time.Date(1, 1, 1, 0, 0, 1, 0, time.UTC) }),
		"binary text": with(func(e *Event) { e.Subject = "\r\n\x00\xff" }),
	}
	for name, e := range events {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.NoError(t, e.Validate())
			l := newLab(t).create()
			ids, errs := l.conn.Add(l.ctx, l.key, []Event{e})
			require.Equal(t, []error{nil}, errs)
			batch := l.read("c", 10)
			require.Len(t, batch, 1)
			d := &batch[0]
			require.NoError(t, d.Malformed())
			require.False(t, d.Foreign())
			require.Equal(t, e, d.Event)
			require.Equal(t, ids[0], d.EntryID)
			require.Equal(t, l.key, d.Stream)
			require.Equal(t, 1, d.Attempt)
			require.Equal(t, 1, d.Deliveries)
			require.Empty(t, d.AddressedTo())
			require.Equal(t, e.Data == nil, d.Data == nil, "nil data and empty data are told apart")
			require.Equal(t, e, d.AsEvent())
		})
	}
}

func TestEventTimeKeepsTheInstant(t *testing.T) {
	t.Parallel()
	e := Event{ID: "1", Source: "s", Type: "t", Time: time.Date(2026, 1, 2, 3, 4, 5, 6, time.FixedZone("x", 3*3600+60))}
	d := NewDelivery("s", ID{1, 1}, fieldsOf(e.AppendArgs(nil)...))
	require.NoError(t, d.Malformed())
	require.True(t, e.Time.Equal(d.Time))
}

// fieldsOf makes fields of names and values.
func fieldsOf(args ...any) Fields {
	raw := make([][]byte, len(args))
	for i, a := range args {
		switch v := a.(type) {
		case string:
			raw[i] = []byte(v)
		case []byte:
			raw[i] = v
		}
	}
	f := make(Fields, 0, len(args)/2)
	for i := 0; i+1 < len(raw); i += 2 {
		f = append(f, Field{raw[i], raw[i+1]})
	}
	return f
}

func TestEventArgsAreInAFixedOrder(t *testing.T) {
	t.Parallel()
	e := fullEvent()
	first := e.AppendArgs(nil)
	for range 50 {
		require.Equal(t, first, e.AppendArgs(nil))
	}
	require.Equal(t, []any{"XADD", "s", "*"}, e.AppendArgs([]any{"XADD", "s", "*"})[:3])
}

func TestEventValidate(t *testing.T) {
	t.Parallel()
	e := fullEvent()
	require.NoError(t, e.Validate())
	bad := map[string]func(*Event){
		"id":               func(e *Event) { e.ID = "" },
		"source":           func(e *Event) { e.Source = "" },
		"type":             func(e *Event) { e.Type = "" },
		"extension dash":   func(e *Event) { e.Extensions = map[string]string{"a-b": "x"} },
		"extension upper":  func(e *Event) { e.Extensions = map[string]string{"Trace": "x"} },
		"extension empty":  func(e *Event) { e.Extensions = map[string]string{"": "x"} },
		"extension data":   func(e *Event) { e.Extensions = map[string]string{"data": "x"} },
		"extension base64": func(e *Event) { e.Extensions = map[string]string{"data_base64": "x"} },
		"extension id":     func(e *Event) { e.Extensions = map[string]string{"id": "x"} },
		"extension utf8":   func(e *Event) { e.Extensions = map[string]string{"ü": "x"} },
		"year 10000":       func(e *Event) { e.Time = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
		"year -1":          func(e *Event) { e.Time = time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC) },
	}
	for name, change := range bad {
		e := fullEvent()
		change(&e)
		require.Error(t, e.Validate(), name)
	}
}

func TestEventSizeIsWhatIsSent(t *testing.T) {
	t.Parallel()
	for _, e := range []Event{{}, {ID: "1", Source: "s", Type: "t"}, fullEvent(), {ID: "1", Data: bytes.Repeat([]byte{0}, 5000)}} {
		sent := 0
		for _, a := range e.AppendArgs(nil) {
			switch v := a.(type) {
			case string:
				sent += len(v)
			case []byte:
				sent += len(v)
			}
		}
		// The time is counted at its longest, the name of data always.
		require.GreaterOrEqual(t, e.Size(), sent)
		require.LessOrEqual(t, e.Size()-sent, len("data")+len(time.RFC3339Nano))
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	e, err := JSON("order.created", map[string]int{"a": 1})
	require.NoError(t, err)
	require.Equal(t, Event{Type: "order.created", DataContentType: "application/json", Data: []byte(`{"a":1}`)}, e)
	_, err = JSON("order.created", func() {})
	require.ErrorContains(t, err, `"order.created"`)
}

func TestMalformed(t *testing.T) {
	t.Parallel()
	good := []any{"specversion", "1.0", "id", "1", "source", "s", "type", "t"}
	cases := map[string][]any{
		"no id":        {"specversion", "1.0", "source", "s", "type", "t"},
		"empty id":     {"specversion", "1.0", "id", "", "source", "s", "type", "t"},
		"no source":    {"specversion", "1.0", "id", "1", "type", "t"},
		"no type":      {"specversion", "1.0", "id", "1", "source", "s"},
		"bad time":     append(good[:8:8], "time", "yesterday"),
		"long time":    append(good[:8:8], "time", strings.Repeat("x", 100_000)),
		"empty time":   append(good[:8:8], "time", ""),
		"only version": {"specversion", "1.0"},
	}
	for name, args := range cases {
		d := NewDelivery("s", ID{1, 1}, fieldsOf(args...))
		require.ErrorIs(t, d.Malformed(), ErrMalformed, name)
		require.Less(t, len(d.Malformed().Error()), 300, name)
		require.False(t, d.Foreign(), name)
		require.Len(t, d.Fields(), len(args)/2, name)
	}
	require.NoError(t, NewDelivery("s", ID{1, 1}, fieldsOf(good...)).Malformed())
}

func FuzzDecodeFields(f *testing.F) {
	f.Add([]byte("specversion\x001.0\x00id\x001\x00source\x00s\x00type\x00t"))
	f.Add([]byte("a\x00b\x00a\x00\xff"))
	f.Add([]byte("specversion\x001.0\x00time\x0010000-01-01T00:00:00Z"))
	f.Fuzz(func(t *testing.T, in []byte) {
		var args []any
		for _, part := range bytes.Split(in, []byte{0}) {
			args = append(args, part)
		}
		d := NewDelivery("s", ID{1, 1}, fieldsOf(args...))
		_ = d.AddressedTo()
		e := d.AsEvent()
		if d.Malformed() == nil && !d.Foreign() {
			again := NewDelivery("s", ID{1, 1}, fieldsOf(e.AppendArgs(nil)...))
			require.NoError(t, again.Malformed())
			require.True(t, e.Time.Equal(again.Time))
			again.Time, e.Time = time.Time{}, time.Time{}
			require.Equal(t, e, again.Event)
		}
	})
}
