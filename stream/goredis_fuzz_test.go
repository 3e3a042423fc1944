package stream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

// canned is a server that knows one answer to XREADGROUP, and hangs up after it.
type canned struct {
	net.Conn // nil: what is not here is not used

	hello  string // the answer to HELLO, which comes first
	answer []byte
	toRead []byte
}

func (c *canned) Write(p []byte) (int, error) {
	switch command := strings.ToLower(string(p)); {
	case strings.Contains(command, "\r\nhello\r\n"):
		c.toRead = append(c.toRead, c.hello...)
	case strings.Contains(command, "\r\nxreadgroup\r\n"):
		c.toRead = append(c.toRead, c.answer...)
	default:
		return 0, fmt.Errorf("what is %q", p)
	}
	return len(p), nil
}

func (c *canned) Read(p []byte) (int, error) {
	n := copy(p, c.toRead)
	c.toRead = c.toRead[n:]
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

func (*canned) Close() error                     { return nil }
func (*canned) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (*canned) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (*canned) SetDeadline(time.Time) error      { return nil }
func (*canned) SetReadDeadline(time.Time) error  { return nil }
func (*canned) SetWriteDeadline(time.Time) error { return nil }

// byGoRedis decodes a reply of XREADGROUP as go-redis does.
func byGoRedis(t testing.TB, raw []byte, protocol int) ([]redis.XMessage, error) {
	t.Helper()
	hello := "*2\r\n$5\r\nproto\r\n:2\r\n"
	if protocol == 3 {
		hello = "%1\r\n$5\r\nproto\r\n:3\r\n"
	}
	rdb := redis.NewClient(&redis.Options{
		Protocol: protocol, MaxRetries: -1, PoolSize: 1, DialerRetries: 1,
		DisableIdentity: true, MaintNotificationsConfig: &noMaintenance,
		Dialer: func(context.Context, string, string) (net.Conn, error) {
			return &canned{hello: hello, answer: raw}, nil
		},
	})
	defer rdb.Close()
	streams, err := rdb.XReadGroup(t.Context(), &redis.XReadGroupArgs{
		Group: "g", Consumer: "c", Streams: []string{"s", ">"}, Block: -1,
	}).Result()
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []redis.XMessage
	for _, s := range streams {
		all = append(all, s.Messages...)
	}
	return all, nil
}

// sameAsGoRedis compares what both made of the same bytes. go-redis keeps fields in
// a map: of a name that is there twice it has the last value.
func sameAsGoRedis(t *testing.T, want []redis.XMessage, got Batch) {
	t.Helper()
	require.Len(t, got, len(want))
	for i, m := range want {
		id, err := ParseID(m.ID)
		require.NoError(t, err)
		require.Equal(t, id, got[i].EntryID)
		fields := map[string]any{}
		for _, f := range got[i].Fields() {
			fields[string(f.Name)] = string(f.Value)
		}
		require.Len(t, fields, len(m.Values))
		for name, value := range m.Values {
			if value != fields[name] {
				t.Fatalf("%s: field %q is %q, not %q", m.ID, name, fields[name], value)
			}
		}
	}
}

// dice makes choices out of the bytes that the fuzzer comes up with; when they are
// used up, each choice is the first.
type dice []byte

func (d *dice) roll(sides int) int {
	if len(*d) == 0 || sides < 2 {
		return 0
	}
	n := int((*d)[0])
	*d = (*d)[1:]
	if sides > 256 && len(*d) > 0 {
		n = n<<8 | int((*d)[0])
		*d = (*d)[1:]
	}
	return n % sides
}

// text is any bytes: often short, seldom longer than what bulk knows, and often
// such as RESP is made of.
func (d *dice) text() []byte {
	n := d.roll(8)
	switch d.roll(8) {
	case 1:
		n = d.roll(120)
	case 2:
		n = []int{9, 10, 11, 99, 100, 101, 999, 1000, 1001, 10_000}[d.roll(10)]
	case 3:
		return []byte([]string{"\r\n", "$1\r\n", "*1\r\n", "_\r\n", "-ERR\r\n", "\r", "\n", "$-1\r\n"}[d.roll(8)])
	}
	from := min(n, len(*d))
	b := append(make([]byte, 0, n), (*d)[:from]...)
	*d = (*d)[from:]
	for len(b) < n {
		b = append(b, "\r\n$*_:0x"[len(b)%8])
	}
	return b
}

func (d *dice) name() []byte {
	names := []string{
		"specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema", "data", "traceparent",
		"sourcE", "typ", "times", "subjecT", "datacontenttypE", "datacontenttyp\r", "iD", "z9", "partitionkey",
	}
	if i := d.roll(2 * len(names)); i < len(names) {
		return []byte(names[i])
	}
	return d.text()
}

func (d *dice) value(name string) []byte {
	switch kind := d.roll(4); {
	case kind == 0:
		return d.text()
	case name == "specversion":
		return []byte([]string{"1.0", "1.0", "1.0", "0.3", "1.00"}[d.roll(5)])
	case name == "time":
		return []byte([]string{
			"2026-11-21T22:43:04.123456789Z", "2026-11-21T22:43:04Z", "2026-11-21T22:43:04+01:00", "2026-02-29T22:43:04Z", "0000-01-01T00:00:00.5Z",
		}[d.roll(5)])
	}
	return []byte("some " + name)
}

// entry is one of a reply: its fields are nil when it was deleted.
type entry struct {
	id      string
	deleted bool
	fields  Fields
}

func (d *dice) entries() []entry {
	entries := make([]entry, d.roll(6))
	for i := range entries {
		e := &entries[i]
		switch d.roll(8) {
		case 0:
			e.id = "0-1"
		case 1:
			e.id = strconv.FormatUint(uint64(d.roll(1<<16)), 10)
		case 2:
			e.id = MaxID.String()
		case 3:
			e.id = fmt.Sprintf("99999999999999-%d", d.roll(1<<16))
		default:
			e.id = fmt.Sprintf("17000000%05d-%d", d.roll(1<<16), d.roll(1<<16))
		}
		if e.deleted = d.roll(10) == 9; e.deleted {
			continue
		}
		n := d.roll(12)
		if n == 11 {
			n = 90 + d.roll(1000)
		}
		if d.roll(2) == 1 { // an event of leat's own making begins like this
			e.fields = append(e.fields, Field{[]byte("specversion"), []byte("1.0")})
		}
		for range n {
			name := d.name()
			e.fields = append(e.fields, Field{name, d.value(string(name))})
		}
	}
	return entries
}

// encodeRead is the reply of XREADGROUP, as a server of either protocol sends it.
func encodeRead(entries []entry, protocol int) []byte {
	raw, null := []byte("*1\r\n*2\r\n$1\r\ns\r\n"), "*-1\r\n"
	if protocol == 3 {
		raw, null = []byte("%1\r\n$1\r\ns\r\n"), "_\r\n"
	}
	raw = fmt.Appendf(raw, "*%d\r\n", len(entries))
	for _, e := range entries {
		raw = appendBulk(append(raw, "*2\r\n"...), []byte(e.id))
		if e.deleted {
			raw = append(raw, null...)
			continue
		}
		raw = fmt.Appendf(raw, "*%d\r\n", 2*len(e.fields))
		for _, f := range e.fields {
			raw = appendBulk(appendBulk(raw, f.Name), f.Value)
		}
	}
	return raw
}

// FuzzReadAgainstGoRedis makes replies out of dice, and lets us and go-redis decode
// them: whole, in pieces, and cut off.
func FuzzReadAgainstGoRedis(f *testing.F) {
	for protocol := range byte(2) {
		f.Add([]byte{protocol, 2, 4, 1, 2, 3, 0, 5, 1, 1, 1, 1, 2, 1, 3, 1, 4, 1, 5, 1})
		f.Add(append([]byte{protocol, 5}, bytes.Repeat([]byte{7, 1, 9, 0, 5, 1, 255, 3, 37, 2}, 50)...))
		f.Add(append([]byte{protocol, 3}, bytes.Repeat([]byte{11, 200, 2, 7, 1, 5}, 200)...))
	}
	f.Fuzz(againstGoRedis)
}

func TestReadAgainstGoRedis(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	for range 300 {
		choices := make([]byte, r.IntN(2000))
		for i := range choices {
			choices[i] = byte(r.Uint32())
		}
		againstGoRedis(t, choices)
	}
}

func againstGoRedis(t *testing.T, choices []byte) {
	d := dice(choices)
	protocol := 2 + d.roll(2)
	entries := d.entries()
	raw := encodeRead(entries, protocol)
	got, err := decodeRead(raw, "s")
	require.NoError(t, err)
	require.Len(t, got, len(entries))
	for i, e := range entries {
		require.Len(t, got[i].Fields(), len(e.fields))
		for j, field := range e.fields {
			if f := got[i].Fields()[j]; !bytes.Equal(field.Name, f.Name) || !bytes.Equal(field.Value, f.Value) {
				t.Fatalf("entry %d: field %d is %q: %q, not %q: %q", i, j, f.Name, f.Value, field.Name, field.Value)
			}
		}
	}
	checkDecoded(t, raw, got, err)
	want, err := byGoRedis(t, raw, protocol)
	require.NoError(t, err)
	sameAsGoRedis(t, want, got)

	size := 1 + d.roll(300) + len(raw)/100
	p := inPieces(t, raw, func(int) int { return size }, func() moving { return moving(d.roll(int(movesKind))) })
	p.whole = true
	sameAsWhole(t, p, string(raw), "in pieces")
	_, err = decodeRead(raw[:d.roll(len(raw))], "s")
	require.ErrorIs(t, err, errProtocol, "cut off")
}

// FuzzHostileReadAgainstGoRedis lets both decode what may be no reply at all. Each is
// free to refuse it; what both take is the same.
func FuzzHostileReadAgainstGoRedis(f *testing.F) {
	addReplies(f)
	for _, raw := range replies() {
		if len(raw) < 1000 {
			f.Add([]byte(raw))
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		c := cursor{buf: raw}
		got, err := c.read("s")
		checkDecoded(t, raw, got, err)
		pieces := inPieces(t, raw, func(need int) int { return need }, neverMoves)
		again, againErr := pieces.c.read("s")
		// Only a complete reply can be seen to claim more than there is before all
		// of it is read: an error of another kind, but never entries.
		require.Equal(t, err == nil, againErr == nil, "%v, but in pieces %v", err, againErr)
		require.Equal(t, got, again)
		if err != nil {
			return // whose lengths go-redis would believe
		}
		// Without what is behind the reply, where go-redis looks for pushes, and
		// makes memory for as many elements as they claim to have.
		want, err := byGoRedis(t, raw[:c.pos], 3)
		if err != nil || hasNulls(&cursor{buf: raw[:c.pos]}) {
			return // go-redis ends an entry at the first null name or value
		}
		sameAsGoRedis(t, want, got)
	})
}

// hasNulls tells whether there is a null in the next value.
func hasNulls(c *cursor) bool {
	h, err := c.header()
	if err != nil || h.null() {
		return true
	}
	switch h.kind {
	case '$', '=':
		_, err = c.take(h.n)
		return err != nil
	case '%':
		h.n *= 2
	case '*', '~', '>':
	default:
		return false
	}
	for range h.n {
		if hasNulls(c) {
			return true
		}
	}
	return false
}
