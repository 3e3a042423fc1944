package stream

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// behind is what may follow a value: bulk looks a little further than the value.
const behind = "$4\r\ndata\r\n$1\r\nx\r\n"

func TestBulkTakesWhatIsUsual(t *testing.T) {
	t.Parallel()
	for n := range 1000 {
		body := bytes.Repeat([]byte{'\r'}, n)
		for _, before := range []string{"", "_\r\n"} {
			raw := append(appendBulk([]byte(before), body), behind...)
			b, next := bulk(raw, len(before))
			require.Equal(t, len(raw)-len(behind), next, "%d bytes", n)
			require.True(t, bytes.Equal(body, b), "%d bytes", n)
			require.Len(t, b, cap(b), "what is appended to it must not be written behind it")
		}
	}
	for n := range 100 {
		raw := fmt.Sprintf("*%d\r\n", n)
		got, next := shortArray([]byte(raw+behind), 0)
		require.Equal(t, n, got)
		require.Equal(t, len(raw), next)
	}
}

// TestBulkGivesUpOrIsRight changes each byte of values in all ways, and cuts them off
// anywhere: bulk and shortArray either leave it to the cursor or say the same.
func TestBulkGivesUpOrIsRight(t *testing.T) {
	t.Parallel()
	values := []string{"*0\r\n", "*2\r\n", "*12\r\n", "*-1\r\n", "*100\r\n", "$-1\r\n", "_\r\n", "$01\r\nx\r\n", "$001\r\nx\r\n", "$0001\r\nx\r\n"}
	for _, n := range []int{0, 1, 9, 10, 36, 99, 100, 200, 999, 1000} {
		values = append(values, string(appendBulk(nil, bytes.Repeat([]byte{'7'}, n))))
	}
	for _, value := range values {
		raw := []byte(value + behind)
		for cut := range raw {
			agree(t, raw[:cut])
		}
		for i := range value {
			was := raw[i]
			for b := range 256 {
				raw[i] = byte(b)
				agree(t, raw)
			}
			raw[i] = was
		}
	}
}

func agree(t *testing.T, raw []byte) {
	t.Helper()
	if b, next := bulk(raw, 0); next > 0 {
		c := cursor{buf: raw}
		want, ok, err := c.anyBytes()
		if err != nil || !ok || c.pos != next || !bytes.Equal(want, b) {
			t.Fatalf("%.20q is not %.20q of %d bytes: %v", raw, b, next, err)
		}
	}
	if n, next := shortArray(raw, 0); next > 0 {
		c := cursor{buf: raw}
		if h, err := c.header(); err != nil || h.kind != '*' || int(h.n) != n || c.pos != next {
			t.Fatalf("%.20q is not %d elements in a line of %d bytes: %v", raw, n, next, err)
		}
	}
	if a, name, next := attributeAt(raw, 0); next > 0 {
		c := cursor{buf: raw}
		want, ok, err := c.anyBytes()
		if err != nil || !ok || c.pos != next || !bytes.Equal(want, name) || a != attributeNamed(name) {
			t.Fatalf("%.20q is not attribute %d, %.20q of %d bytes: %v", raw, a, name, next, err)
		}
	}
	if version := []byte(versionName + versionValue); (&cursor{buf: raw}).eventBegins() != bytes.HasPrefix(raw, version) {
		t.Fatalf("%.30q begins an event, or does not", raw)
	}
}

func TestUsualAttributes(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"id", "source", "type", "time", "subject", "datacontenttype", "data", "dataschema", "specversion"} {
		raw := append(appendBulk(nil, []byte(name)), behind...)
		a, got, next := attributeAt(raw, 0)
		if name == "dataschema" || name == "specversion" {
			require.Zero(t, next, "%s is not one of the usual", name)
		} else {
			require.Equal(t, name, string(got))
			require.Len(t, got, cap(got))
			require.Equal(t, attributeNamed([]byte(name)), a, name)
			require.Equal(t, len(raw)-len(behind), next, name)
		}
		for i := range raw[:len(raw)-len(behind)] {
			was := raw[i]
			for b := range 256 {
				raw[i] = byte(b)
				agree(t, raw)
			}
			raw[i] = was
		}
		for cut := range raw {
			agree(t, raw[:cut])
		}
	}
	raw := []byte(versionName + versionValue)
	for i, was := range raw {
		raw[i]++
		agree(t, raw)
		raw[i] = was
		agree(t, raw[:i])
	}
	agree(t, raw)
}

// TestOfTwoFieldsTheFirstCounts: for the event; Fields has both. It does not matter
// where specversion is.
func TestOfTwoFieldsTheFirstCounts(t *testing.T) {
	t.Parallel()
	fields := fieldsOf("id", "1", "source", "s", "type", "t", "subject", "u", "time", "2026-11-21T22:43:04Z",
		"datacontenttype", "c", "dataschema", "d", "ext", "e", "data", "")
	want := NewDelivery("s", ID{1, 1}, append(fieldsOf("specversion", "1.0"), fields...)).Event
	require.Equal(t, "1", want.ID)
	require.Equal(t, []byte{}, want.Data)
	again := append(fields.Clone(), fieldsOf("id", "2", "source", "2", "type", "2", "subject", "2", "time", "1970-01-01T00:00:00Z",
		"datacontenttype", "2", "dataschema", "2", "ext", "2", "data", "2", "specversion", "2")...)
	for _, all := range []Fields{
		append(fieldsOf("specversion", "1.0"), again...),
		append(again[:len(fields):len(fields)], append(fieldsOf("specversion", "1.0"), again[len(fields):]...)...),
	} {
		for protocol := 2; protocol <= 3; protocol++ {
			batch, err := decodeRead(encodeRead([]entry{{id: "1-1", fields: all}}, protocol), "s")
			require.NoError(t, err)
			require.Equal(t, all, batch[0].Fields())
			require.Equal(t, want, batch[0].Event)
			require.NoError(t, batch[0].Malformed())
			require.Equal(t, want, NewDelivery("s", ID{1, 1}, all).Event)
		}
	}
}

// TestWhyAnEventIsMalformed: the time, if it is none, else the last of what is missing.
func TestWhyAnEventIsMalformed(t *testing.T) {
	t.Parallel()
	for why, fields := range map[string]Fields{
		`"time": "noon"`: fieldsOf("specversion", "1.0", "id", "1", "time", "noon"),
		`"type"`:         fieldsOf("specversion", "1.0", "id", "1"),
		`"source"`:       fieldsOf("specversion", "1.0", "id", "1", "type", "t"),
		`"id"`:           fieldsOf("specversion", "1.0", "source", "1", "type", "t", "time", "2026-11-21T22:43:04Z"),
	} {
		batch, err := decodeRead(encodeRead([]entry{{id: "1-1", fields: fields}}, 2), "s")
		require.NoError(t, err)
		require.ErrorIs(t, batch[0].Malformed(), ErrMalformed)
		require.ErrorContains(t, batch[0].Malformed(), why)
	}
}
