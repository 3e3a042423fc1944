package stream

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestForeignEntriesKeepEverything(t *testing.T) {
	t.Parallel()
	l := newLab(t).create()
	id := l.addFields("b", "1", "a", "2", "b", "\xff\x00\r\n", "", "", "a", "3")
	d := l.read("c", 1)[0]
	require.True(t, d.Foreign())
	require.NoError(t, d.Malformed())
	require.Equal(t, Event{}, d.Event)
	require.Equal(t, fieldsOf("b", "1", "a", "2", "b", "\xff\x00\r\n", "", "", "a", "3"), d.Fields())
	v, ok := d.Field("b")
	require.True(t, ok)
	require.Equal(t, "1", string(v))
	_, ok = d.Field("c")
	require.False(t, ok)

	e := d.AsEvent()
	require.Equal(t, id.String(), e.ID)
	require.Equal(t, "redis-stream:"+l.key, e.Source)
	require.Equal(t, ForeignType, e.Type)
	require.Equal(t, id.Time().UTC(), e.Time)
	require.NoError(t, e.Validate())
	require.Equal(t, `{"b":["1",{"base64":"/wANCg=="}],"a":["2","3"],"":""}`, string(e.Data))
	require.True(t, json.Valid(e.Data))
}

func TestOtherSpecVersionsAreForeign(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"", "0.3", "1.1", "1.0 "} {
		d := NewDelivery("s", ID{1, 1}, fieldsOf("specversion", version, "id", "1", "time", "bad"))
		require.True(t, d.Foreign(), version)
		require.NoError(t, d.Malformed(), version)
		require.Empty(t, d.ID)
	}
}

func TestWhatIsNoExtensionStaysInFields(t *testing.T) {
	t.Parallel()
	d := NewDelivery("s", ID{1, 1}, fieldsOf("specversion", "1.0", "id", "1", "source", "s", "type", "t",
		"leat-x", "1", "Upper", "2", "", "3", "\xff", "4", "good1", "5", "good1", "6", "id", "2", "data", "x", "data", "y"))
	require.NoError(t, d.Malformed())
	require.Equal(t, map[string]string{"good1": "5"}, d.Extensions)
	require.Equal(t, "1", d.ID)
	require.Equal(t, "x", string(d.Data))
	require.Len(t, d.Fields(), 13)
}

func TestForeignJSONIsValidForAnyBytes(t *testing.T) {
	t.Parallel()
	d := NewDelivery("s", ID{1, 1}, fieldsOf("\xff", "\xfe", "\"\\\n", "\u2028<>&", "n", ""))
	require.True(t, json.Valid(d.AsEvent().Data))
	require.True(t, json.Valid(NewDelivery("s", ID{1, 1}, nil).AsEvent().Data))
}

func TestCloneIsIndependent(t *testing.T) {
	t.Parallel()
	raw := []byte("*1\r\n*2\r\n$1\r\ns\r\n*1\r\n*2\r\n$3\r\n1-1\r\n*2\r\n$1\r\na\r\n$3\r\nxyz\r\n")
	batch, err := decodeRead(raw, "s")
	require.NoError(t, err)
	fields := batch[0].Fields()
	kept := fields.Clone()
	for i := range raw {
		raw[i] = '#'
	}
	require.Equal(t, "###", string(fields[0].Value), "fields alias the buffer: nothing is copied on the hot path")
	require.Equal(t, fieldsOf("a", "xyz"), kept)
	require.Nil(t, Fields(nil).Clone())
	require.NotNil(t, Fields{}.Clone())
	require.Equal(t, 4, kept.size())
}

func TestFieldsOfOneEntryDoNotReachIntoTheNext(t *testing.T) {
	t.Parallel()
	l := newLab(t).create()
	l.add(3)
	batch := l.read("c", 3)
	_ = append(batch[0].Fields()[0].Value, "zzzzzz"...)
	require.Equal(t, fieldsOf("n", "1"), batch[1].Fields())
}

func TestNewDeliveryTime(t *testing.T) {
	t.Parallel()
	d := NewDelivery("s", ID{1700000000000, 1}, fieldsOf("a", "b"))
	require.Equal(t, 1, d.Attempt)
	require.Equal(t, Held{ID{1700000000000, 1}, 1}, d.Held())
	require.Equal(t, time.UnixMilli(1700000000000).UTC(), d.AsEvent().Time)
}
