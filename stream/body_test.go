package stream

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestFieldsAreTheEntrys: of all lengths, by name and in order.
func TestFieldsAreTheEntrys(t *testing.T) {
	t.Parallel()
	for _, want := range []Fields{
		fieldsOf("", ""), fieldsOf("a", ""), fieldsOf("", "b"), fieldsOf("a", "b", "a", "c"),
		fieldsOf("n", strings.Repeat("x", 9), "m", strings.Repeat("x", 99)),
		fieldsOf(strings.Repeat("n", 999), strings.Repeat("x", 1000), "last", strings.Repeat("\r\n", 5000)),
	} {
		d := NewDelivery("s", ID{1, 1}, want)
		require.Equal(t, want, d.Fields())
		for _, f := range want {
			first, _ := want.Get(string(f.Name))
			got, ok := d.Field(string(f.Name))
			require.True(t, ok)
			require.Equal(t, first, got)
		}
		_, ok := d.Field("none")
		require.False(t, ok)
	}
	none := NewDelivery("s", ID{1, 1}, nil)
	require.Nil(t, none.Fields())
	_, ok := none.Field("")
	require.False(t, ok)
}

// TestFieldsThatAreNoBulkStrings: no server says them so, but a proxy in between might.
func TestFieldsThatAreNoBulkStrings(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]Fields{
		"*4\r\n+n\r\n:7\r\n$1\r\nm\r\n,1.5\r\n":              fieldsOf("n", "7", "m", "1.5"),
		"*4\r\n$1\r\nn\r\n$-1\r\n$1\r\nm\r\n$1\r\nx\r\n":     fieldsOf("n", "", "m", "x"),
		"*4\r\n$1\r\nn\r\n$-0\r\n\r\n$1\r\nm\r\n$1\r\nx\r\n": fieldsOf("n", "", "m", "x"),
	} {
		batch, err := decodeRead([]byte("*1\r\n*2\r\n$1\r\ns\r\n*1\r\n*2\r\n$3\r\n1-1\r\n"+raw), "s")
		require.NoError(t, err)
		require.Equal(t, want, batch[0].Fields())
	}
	event := "*8\r\n$11\r\nspecversion\r\n$3\r\n1.0\r\n$2\r\nid\r\n:7\r\n$6\r\nsource\r\n+s\r\n$4\r\ntype\r\n$1\r\nt\r\n"
	batch, err := decodeRead([]byte("*1\r\n*2\r\n$1\r\ns\r\n*1\r\n*2\r\n$3\r\n1-1\r\n"+event), "s")
	require.NoError(t, err)
	require.NoError(t, batch[0].Malformed())
	require.Equal(t, Event{ID: "7", Source: "s", Type: "t"}, batch[0].Event)
	require.Equal(t, fieldsOf("specversion", "1.0", "id", "7", "source", "s", "type", "t"), batch[0].Fields())
}

// TestFieldsOfMemoryThatWasUsedAgain: whoever keeps a delivery for longer than its
// handler runs although the consumer reuses memory gets something else, no panic.
func TestFieldsOfMemoryThatWasUsedAgain(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	const letters = "$$$1239\r\n\r\n\r\nx\x00-"
	for range 100_000 {
		d := Delivery{body: make(body, r.IntN(40))}
		for i := range d.body {
			d.body[i] = letters[r.IntN(len(letters))]
		}
		for _, f := range d.Fields() {
			require.LessOrEqual(t, len(f.Name)+len(f.Value), len(d.body))
		}
		_, _ = d.Field("x")
		_ = d.AddressedTo()
	}
}
