package stream

import (
	"bytes"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The entries of the benchmarks: a CloudEvent as leat's producer writes it, and
// what another client may add, a single field. Both carry 200 bytes of data.
var benchEntries = map[string]func(i int) Fields{
	"cloudevent": func(i int) Fields {
		e := Event{
			ID:     fmt.Sprintf("0198c0de-7a1b-7c3d-9e4f-%012d", i),
			Source: "/shop/orders", Type: "order.created",
			Time: time.Date(2026, 11, 21, 22, 43, 4, 123_456_789+i, time.UTC),
			Data: bytes.Repeat([]byte("x"), 200),
		}
		return fieldsOf(e.AppendArgs(nil)...)
	},
	"onefield": func(int) Fields { return fieldsOf("data", string(bytes.Repeat([]byte("x"), 200))) },
}

// BenchmarkDecodeRead is what a consumer pays for a reply that it has got whole, in
// new memory and in that of the batch before: compare ns/entry and allocs/entry, not
// ns/op.
func BenchmarkDecodeRead(b *testing.B) {
	for _, kind := range []string{"cloudevent", "onefield"} {
		for _, protocol := range []int{2, 3} {
			for _, entries := range []int{1, 100, 1000} {
				b.Run(fmt.Sprintf("%s/RESP%d/%d", kind, protocol, entries), func(b *testing.B) {
					raw := benchReply(kind, protocol, entries)
					perEntry(b, entries, func() {
						batch, err := decodeRead(raw, "orders")
						if err != nil || len(batch) != entries || batch[entries-1].malformed != nil {
							b.Fatal(len(batch), err)
						}
					})
				})
				b.Run(fmt.Sprintf("%s/RESP%d/%d/reused", kind, protocol, entries), func(b *testing.B) {
					raw := benchReply(kind, protocol, entries)
					var memory Memory
					perEntry(b, entries, func() {
						c := cursor{buf: raw, memory: &memory}
						batch, err := c.read("orders")
						if err != nil || len(batch) != entries || batch[entries-1].malformed != nil {
							b.Fatal(len(batch), err)
						}
					})
				})
			}
		}
	}
}

// perEntry runs decode over and over, and reports what one entry of it costs.
func perEntry(b *testing.B, entries int, decode func()) {
	b.Helper()
	b.ReportAllocs()
	allocs := testing.AllocsPerRun(10, decode)
	for b.Loop() {
		decode()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(entries), "ns/entry")
	b.ReportMetric(allocs/float64(entries), "allocs/entry")
}

func benchReply(kind string, protocol, entries int) []byte {
	raw := []byte("*1\r\n*2\r\n")
	if protocol == 3 {
		raw = []byte("%1\r\n")
	}
	raw = append(raw, "$6\r\norders\r\n*"...)
	raw = append(strconv.AppendInt(raw, int64(entries), 10), "\r\n"...)
	for i := range entries {
		raw = append(raw, "*2\r\n"...)
		raw = appendBulk(raw, ID{1_700_000_000_000, uint64(i)}.AppendTo(nil))
		fields := benchEntries[kind](i)
		raw = append(strconv.AppendInt(append(raw, '*'), int64(2*len(fields)), 10), "\r\n"...)
		for _, f := range fields {
			raw = appendBulk(appendBulk(raw, f.Name), f.Value)
		}
	}
	return raw
}

func appendBulk(raw, value []byte) []byte {
	raw = strconv.AppendInt(append(raw, '$'), int64(len(value)), 10)
	return append(append(append(raw, "\r\n"...), value...), "\r\n"...)
}

// TestDecodingAllocatesPerBatch: one slice of deliveries, one of fields, and
// nothing for an entry.
//
//nolint:paralleltest // it counts what the process allocates
func TestDecodingAllocatesPerBatch(t *testing.T) {
	const entries = 500
	for kind := range benchEntries {
		for protocol := 2; protocol <= 3; protocol++ {
			raw := benchReply(kind, protocol, entries)
			whole := testing.AllocsPerRun(10, func() { _, _ = decodeRead(raw, "orders") })
			require.LessOrEqual(t, whole, 3.0, "%s in RESP%d", kind, protocol)
			buf := make([]byte, len(raw))
			inPieces := testing.AllocsPerRun(10, func() {
				c := cursor{buf: buf[:0]}
				c.more = func(int) error {
					n := copy(c.buf[len(c.buf):min(len(c.buf)+4096, cap(c.buf))], raw[len(c.buf):])
					c.buf = c.buf[:len(c.buf)+n]
					return nil
				}
				batch, err := c.read("orders")
				if err != nil || len(batch) != entries {
					t.Fatal(len(batch), err)
				}
			})
			require.LessOrEqual(t, inPieces, 5.0, "%s in RESP%d", kind, protocol)
		}
	}
}
