package security

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/leat-io/leat/stream"
)

// hostile makes entries that no well-behaved producer adds. Equal seeds make equal entries.
type hostile struct{ *rand.Rand }

// kinds are what entries are made of; each makes the fields of one. They come in turn.
var kinds = []struct {
	name string
	make func(h hostile) []string
}{
	{"random bytes", func(h hostile) []string { return h.pairs(1+h.IntN(8), h.bytes) }},
	{"control characters", func(h hostile) []string { return h.pairs(1+h.IntN(4), h.controls) }},
	{"one name many times", func(h hostile) []string {
		return h.pairs(2+h.IntN(50), func(n int) string {
			if n%2 == 0 {
				return "id"
			}
			return h.bytes(n)
		})
	}},
	{"empty names and values", func(h hostile) []string { return h.pairs(1+h.IntN(4), func(int) string { return "" }) }},
	{"RESP in RESP", func(h hostile) []string { return h.pairs(2, h.resp) }},
	{"an event without attributes", func(h hostile) []string {
		all := h.event()
		i := 2 * (1 + h.IntN(3)) // id, source or type
		return append(all[:i:i], all[i+2:]...)
	}},
	{"an event with empty attributes", func(h hostile) []string { return h.with(2*(1+h.IntN(3))+1, "") }},
	{"an event of another time", func(h hostile) []string {
		times := []string{
			"yesterday", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "99999-01-01T00:00:00Z", "2026-01-01T00:00:60Z", "0000-00-00T00:00:00Z",
			"2026-01-01T00:00:00.Z", "2026-01-01T00:00:00+99:99", "", "\x00", "-1", "2026-01-01T00:00:00.00000000000000000001Z", strings.Repeat("9", 300),
		}
		return append(h.event(), "time", times[h.IntN(len(times))])
	}},
	{"a lie about the version", func(h hostile) []string {
		versions := []string{"1.0 ", "1", "0.3", "2.0", "", "1.0\x00", "1.0\n", "１.０", "true", strings.Repeat("1.0", 1000)}
		return h.with(1, versions[h.IntN(len(versions))])
	}},
	{"the version last, or twice", func(h hostile) []string {
		all := h.event()
		if h.IntN(2) == 0 {
			return append(all[2:], all[:2]...)
		}
		return append(all, "specversion", "0.9", "specversion", "1.0")
	}},
	{"attributes of any bytes", func(h hostile) []string { return h.with(2*(1+h.IntN(3))+1, "x"+h.bytes(20)) }},
	{"attributes of control characters", func(h hostile) []string { return h.with(2*(1+h.IntN(3))+1, "x"+h.controls(8)) }},
	{"a long attribute", func(h hostile) []string { return h.with(2*(1+h.IntN(3))+1, strings.Repeat("a", 1<<h.IntN(17))) }},
	{"names that are nearly attributes", func(h hostile) []string {
		all := h.event()
		for _, name := range []string{"ID", "id ", "Source", "datA", "data\x00", "specversion ", "time\n", "dataschem", "datacontenttyp", "data_base64"} {
			all = append(all, name, h.bytes(4))
		}
		return all
	}},
	{"data many times", func(h hostile) []string {
		return append(h.event(), "data", h.bytes(10), "data", "", "data", h.bytes(3))
	}},
	{"fields that leat itself writes", func(h hostile) []string {
		return []string{
			"leat-stream", "other", "leat-group", "workers", "leat-entry", "1-1", "leat-reason", "permanent", "leat-error", h.controls(5),
			"leat-attempts", "-1", "leat-deliveries", "99999999999999999999", "leat-consumer", "leat:parked", "leat-time", "never", "leat-fields", "-1",
			"leat-packed", "5:", "leat-redrive-group", "workers",
		}
	}},
	{"a redrive for this group that is no event", func(h hostile) []string {
		return append([]string{"leat-redrive-group", "workers"}, h.pairs(2, h.bytes)...)
	}},
	{"packed fields", func(h hostile) []string {
		return []string{"leat-packed", fmt.Sprintf("%d:%s", h.Uint64(), h.bytes(20))}
	}},
	{"very many fields", func(h hostile) []string {
		return h.pairs(100+h.IntN(200)*h.IntN(30), func(n int) string { return fmt.Sprint(n) })
	}},
	{"a large value", func(h hostile) []string {
		return append(h.event(), "data", strings.Repeat(h.bytes(16)+"\r\n", 1+(1<<20)/18/(1+h.IntN(200))))
	}},
	{"deep JSON", func(h hostile) []string {
		return append(h.event(), "datacontenttype", "application/json", "data", strings.Repeat("[", 1+h.IntN(100_000)))
	}},
}

// event is an event in order, as leat writes it.
func (h hostile) event() []string {
	return []string{"specversion", "1.0", "id", fmt.Sprint("h", h.Uint64()), "source", "hostile", "type", "hostile.event"}
}

// with is an event with another word in one place.
func (h hostile) with(i int, word string) []string {
	all := h.event()
	all[i] = word
	return all
}

// pairs are n fields of what word makes.
func (h hostile) pairs(n int, word func(n int) string) []string {
	all := make([]string, 2*n)
	for i := range all {
		all[i] = word(i)
	}
	return all
}

func (h hostile) bytes(n int) string {
	b := make([]byte, h.IntN(n+2))
	for i := range b {
		b[i] = byte(h.Uint32())
	}
	return string(b)
}

// controls are what does something to a terminal, a log or a shell, and what Unicode has of that kind.
func (h hostile) controls(n int) string {
	words := []string{
		"\x1b[2J", "\x1b]0;title\x07", "\x1b[31m", "\u009b31m", "\r", "\n", "\x00", "\b\b\b", "\x7f", "\u202e", "\u2066", "\u200b", "\ufeff", "\u2028",
		"\xff\xfe", "\xed\xa0\x80", "\xc0\x80", "e\u0301\u0301\u0301", "$(reboot)", "`id`", "'; --", "%s%n", "${jndi:x}", "../../etc/passwd", "\"\\", "</script>",
	}
	var b strings.Builder
	for range 1 + h.IntN(n+1) {
		b.WriteString(words[h.IntN(len(words))])
	}
	return b.String()
}

// resp is what could be taken for a reply.
func (h hostile) resp(int) string {
	words := []string{"*1\r\n$-1\r\n", "$99999999\r\nx", "-NOGROUP no\r\n", "_\r\n", "%1\r\n", "*-1\r\n", ":1\r\n", "|1\r\n", "\r\n", "+OK\r\n"}
	return words[h.IntN(len(words))] + h.bytes(3)
}

// fieldsOf are the fields that these names and values make.
func fieldsOf(pairs []string) stream.Fields {
	fields := make(stream.Fields, len(pairs)/2)
	for i := range fields {
		fields[i] = stream.Field{Name: []byte(pairs[2*i]), Value: []byte(pairs[2*i+1])}
	}
	return fields
}
