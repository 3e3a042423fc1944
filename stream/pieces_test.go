package stream

import (
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// pieces is the far end of a connection: it hands out what it has in pieces, and
// ends with io.EOF.
type pieces struct {
	t    testing.TB
	c    cursor
	rest []byte
	// size says how long the next piece is, when need bytes are missing.
	size func(need int) int
	// move says what becomes of the buffer before a piece is put into it.
	move func() moving
	// whole says that a complete reply is in rest: then no more may be needed
	// than there is.
	whole bool
	// given is what was in arrays that the cursor has left: it must stay.
	given map[*byte]string
}

type moving int

const (
	stay      moving = iota // append, to whatever room there is
	moveAll                 // to a new array
	movesKind               // the number of them
)

func inPieces(t testing.TB, raw []byte, size func(need int) int, move func() moving) *pieces {
	p := &pieces{t: t, rest: raw, size: size, move: move, given: map[*byte]string{}}
	p.c.more = p.more
	return p
}

func (p *pieces) more(need int) error {
	if need < 1 || (p.whole && need > len(p.rest)) {
		p.t.Fatalf("%d bytes are asked for, there are %d: a server would be waited for in vain", need, len(p.rest))
	}
	if len(p.rest) == 0 {
		return io.EOF
	}
	n := max(1, min(p.size(need), len(p.rest)))
	switch p.move() {
	case moveAll:
		p.leave()
		p.c.buf = append(make([]byte, 0, len(p.c.buf)+n), p.c.buf...)
	}
	p.c.buf = append(p.c.buf, p.rest[:n]...)
	p.rest = p.rest[n:]
	return nil
}

func (p *pieces) leave() {
	if len(p.c.buf) > 0 {
		p.given[&p.c.buf[0]] = string(p.c.buf)
	}
}

func oneByte(int) int       { return 1 }
func justEnough(n int) int  { return n }
func neverMoves() moving    { return stay }
func movesEachTime() moving { return moveAll }

// replies are those that a read may bring: of all shapes, in both protocols.
func replies() []string {
	all := []string{
		oneEntryRESP2, oneEntryRESP3, "*-1\r\n", "$-1\r\n", "_\r\n", "*0\r\n", "%0\r\n",
		"-NOGROUP no such\r\n", "!7\r\nERR bad\r\n", "%1\r\n$1\r\ns\r\n*1\r\n*2\r\n$3\r\n1-1\r\n_\r\n",
		"*1\r\n*2\r\n$1\r\ns\r\n*2\r\n*2\r\n$3\r\n1-1\r\n*-1\r\n*2\r\n+1-2\r\n*2\r\n$0\r\n\r\n:7\r\n",
		"*1\r\n*2\r\n$1\r\ns\r\n*1\r\n*2\r\n$3\r\n1-1\r\n*0\r\n",
		"*1\r\n*2\r\n=5\r\ntxt:s\r\n*1\r\n*2\r\n$3\r\n1-1\r\n*2\r\n$1\r\n\r\r\n$4\r\n\r\n\r\n\r\n",
	}
	for protocol := 2; protocol <= 3; protocol++ {
		all = append(all, string(benchReply("cloudevent", protocol, 2)), string(benchReply("onefield", protocol, 3)))
	}
	return all
}

func TestAReplyInPiecesIsTheSame(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	type way struct {
		size func(need int) int
		move func() moving
	}
	ways := map[string]way{}
	for name, size := range map[string]func(int) int{
		"one byte": oneByte, "what is needed": justEnough, "all": func(int) int { return math.MaxInt },
		"random": func(int) int { return 1 + r.IntN(20) },
	} {
		for moves, move := range map[string]func() moving{
			"stays": neverMoves, "moves": movesEachTime,
			"random": func() moving { return moving(r.IntN(int(movesKind))) },
		} {
			ways[name+", "+moves] = way{size, move}
		}
	}
	for _, raw := range replies() {
		for name, way := range ways {
			p := inPieces(t, []byte(raw), way.size, way.move)
			p.whole = true
			sameAsWhole(t, p, raw, name)
		}
	}
}

func TestAReplyCutAnywhereIsTheSame(t *testing.T) {
	t.Parallel()
	for _, raw := range replies() {
		for cut := range raw {
			for _, move := range []func() moving{neverMoves, movesEachTime} {
				sizes := []int{cut, len(raw)}
				p := inPieces(t, []byte(raw), func(int) int {
					n := sizes[0]
					sizes = sizes[1:]
					return n
				}, move)
				if cut == 0 {
					sizes = sizes[1:]
				}
				p.whole = true
				sameAsWhole(t, p, raw, fmt.Sprintf("cut at %d", cut))
			}
		}
	}
}

// sameAsWhole reads a reply twice as it comes in pieces and compares with what it
// is when it is decoded whole.
func sameAsWhole(t *testing.T, p *pieces, raw, name string) {
	t.Helper()
	want, wantErr := decodeRead([]byte(raw), "s")
	got, err := p.c.read("s")
	require.Equal(t, wantErr, err, "%s: %.80q", name, raw)
	require.Equal(t, want, got, "%s: %.80q", name, raw)
	require.Empty(t, p.rest, "%s: %.80q", name, raw)
	require.Equal(t, len(p.c.buf), p.c.pos, "%s: %.80q", name, raw)
	for begin, text := range p.given {
		require.Equal(t, text, unsafe.String(begin, len(text)), "what was given out stays as it is")
	}
}

func TestRepliesOneBehindTheOther(t *testing.T) {
	t.Parallel()
	all := replies()
	for _, size := range []func(int) int{oneByte, justEnough, func(int) int { return math.MaxInt }} {
		p := inPieces(t, []byte(strings.Join(all, "")), size, movesEachTime)
		p.whole = true
		for _, raw := range all {
			want, wantErr := decodeRead([]byte(raw), "s")
			got, err := p.c.read("s")
			require.Equal(t, wantErr, err, "%.80q", raw)
			require.Equal(t, want, got, "%.80q", raw)
		}
		require.Empty(t, p.rest)
		require.Equal(t, len(p.c.buf), p.c.pos)
		p.whole = false
		_, err := p.c.read("s")
		require.Equal(t, io.EOF, err)
	}
}

func TestBegunIsToldHowManyEntriesCome(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string][]int{
		oneEntryRESP2: {1}, oneEntryRESP3: {1}, string(benchReply("onefield", 3, 300)): {300},
		"*-1\r\n": nil, "_\r\n": nil, "*0\r\n": nil, "%0\r\n": nil, "-ERR x\r\n": nil, "%1\r\n$1\r\ns\r\n*0\r\n": nil,
		"%1\r\n$1\r\ns\r\n*-1\r\n": nil,
	} {
		for _, raw := range [][]byte{[]byte(raw), append([]byte(raw), "junk"...)} {
			p := inPieces(t, raw, oneByte, neverMoves)
			var told []int
			p.c.begun = func(entries int) {
				told = append(told, entries)
				// It is the moment to move to a buffer that is the batch's own.
				buf := append(make([]byte, 0, 4096), p.c.buf[p.c.pos:]...)
				clear(p.c.buf)
				p.c.buf, p.c.pos = buf, 0
			}
			batch, err := p.c.read("s")
			require.Equal(t, want, told, "%.80q", raw)
			if err == nil && len(want) > 0 {
				require.Len(t, batch, want[0])
				whole, err := decodeRead(raw, "s")
				require.NoError(t, err)
				require.Equal(t, whole, batch)
			}
		}
	}
}

func TestTheSourcesErrorIsTheReads(t *testing.T) {
	t.Parallel()
	errLost := errors.New("connection lost")
	for _, raw := range replies() {
		for cut := range raw {
			c := &cursor{buf: []byte(raw[:cut])}
			c.more = func(int) error { return errLost }
			_, err := c.read("s")
			require.Equal(t, errLost, err, "%.80q cut at %d", raw, cut)
			c = &cursor{buf: []byte(raw[:cut])}
			c.more = func(int) error { return nil }
			_, err = c.read("s")
			require.ErrorIs(t, err, io.ErrNoProgress, "a source that gives nothing is not asked for ever")
		}
	}
}

// TestHowMuchIsMissing: a source that knows can read that much in one go.
func TestHowMuchIsMissing(t *testing.T) {
	t.Parallel()
	raw := string(benchReply("onefield", 2, 1))
	value := strings.Index(raw, "$200\r\n")
	for cut, want := range map[int]int{
		0: 2, 1: 2, 2: 2, 3: 1, 4: 2, value: 2, value + 5: 1,
		value + 6: 202, value + 7: 201, len(raw) - 2: 2, len(raw) - 1: 1,
	} {
		errEnough := errors.New("enough")
		c := &cursor{buf: []byte(raw[:cut])}
		c.more = func(need int) error {
			require.Equal(t, want, need, "cut at %d", cut)
			return errEnough
		}
		_, err := c.read("s")
		require.ErrorIs(t, err, errEnough)
	}
}

// endless is a hostile server: it sends head, and tail for ever.
func endless(t *testing.T, head, tail string, limit int) *pieces {
	p := inPieces(t, nil, func(int) int { return 1 << 16 }, neverMoves)
	p.c.buf = []byte(head)
	sent := 0
	more := p.c.more
	p.c.more = func(need int) error {
		require.LessOrEqual(t, need, maxString+2)
		if sent += 1 << 16; sent > limit {
			return io.EOF
		}
		p.rest = []byte(strings.Repeat(tail, 1<<16/len(tail)+1))
		return more(min(need, 1<<16))
	}
	return p
}

//nolint:paralleltest // it measures what the process allocates
func TestHostileRepliesInPieces(t *testing.T) {
	entry := "*1\r\n*2\r\n$1\r\ns\r\n"
	for _, head := range []string{
		"*%d\r\n", "%%%d\r\n", "$%d\r\n", "!%d\r\n", "*1\r\n*%d\r\n", "*1\r\n*2\r\n%%%d\r\n", "*1\r\n*2\r\n$%d\r\n", "%%1\r\n|%d\r\n",
		entry + "*%d\r\n", entry + "*1\r\n*2\r\n$%d\r\n", entry + "*1\r\n*2\r\n$3\r\n1-1\r\n*%d\r\n",
		entry + "*1\r\n*2\r\n$3\r\n1-1\r\n*2\r\n$%d\r\n", entry + "*1000000\r\n*2\r\n$3\r\n1-1\r\n*%d\r\n",
	} {
		for _, n := range []int64{1 << 20, 1 << 30, 1<<30 - 2, 1 << 31, 1 << 40, math.MaxInt64 / 2, math.MaxInt64 - 1} {
			head := fmt.Sprintf(head, n)
			for _, tail := range []string{"x", "_\r\n", "*1\r\n", "$0\r\n\r\n", "*2\r\n$3\r\n1-1\r\n*0\r\n", "*2\r\n$3\r\n1-1\r\n*2\r\n$0\r\n\r\n$0\r\n\r\n"} {
				const limit = 1 << 18
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				_, err := endless(t, head, tail, limit).c.read("s")
				runtime.ReadMemStats(&after)
				require.Error(t, err, "%.80q and %q", head, tail)
				// What the test itself makes included: nothing of what was claimed.
				require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(32<<20), "%.80q and %q", head, tail)
			}
		}
	}
	for _, head := range []string{"+", "-", ":1", entry + "*1\r\n*2\r\n+"} {
		_, err := endless(t, head, "1", 1<<30).c.read("s")
		require.ErrorIs(t, err, errProtocol, "a line without an end: %q", head)
	}
}

func TestHostileRepliesInPiecesFail(t *testing.T) {
	t.Parallel()
	for _, raw := range hostile {
		_, wantErr := decodeRead([]byte(raw), "s")
		for _, size := range []func(int) int{oneByte, func(int) int { return math.MaxInt }} {
			batch, err := inPieces(t, []byte(raw), size, neverMoves).c.read("s")
			require.Equal(t, wantErr == nil, err == nil, "%.60q: %v", raw, err)
			require.Empty(t, batch, "%.60q", raw)
		}
	}
}

// TestManyEntriesInPieces: more than memory is made for in advance, of entries and
// of fields of one entry.
func TestManyEntriesInPieces(t *testing.T) {
	t.Parallel()
	const n = 2*maxAhead + 3
	p := inPieces(t, benchReply("onefield", 2, n), func(int) int { return 1 << 16 }, neverMoves)
	batch, err := p.c.read("s")
	require.NoError(t, err)
	require.Len(t, batch, n)
	for i := range batch {
		d := &batch[i]
		if (d.EntryID != ID{1_700_000_000_000, uint64(i)}) || len(d.Fields()) != 1 || string(d.Fields()[0].Name) != "data" {
			t.Fatalf("entry %d is %s: %q", i, d.EntryID, d.Fields())
		}
	}
	raw := fmt.Appendf(nil, "*1\r\n*2\r\n$1\r\ns\r\n*2\r\n*2\r\n$3\r\n1-1\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n*2\r\n$3\r\n1-2\r\n*%d\r\n", 2*n)
	for i := range 2 * n {
		raw = appendBulk(raw, fmt.Append(nil, i))
	}
	batch, err = inPieces(t, raw, func(int) int { return 1 << 16 }, movesEachTime).c.read("s")
	require.NoError(t, err)
	require.Len(t, batch, 2)
	require.Equal(t, fieldsOf("a", "b"), batch[0].Fields())
	require.Len(t, batch[1].Fields(), n)
	for i, f := range batch[1].Fields() {
		if string(f.Name) != strconv.Itoa(2*i) || string(f.Value) != strconv.Itoa(2*i+1) {
			t.Fatalf("field %d is %q: %q", i, f.Name, f.Value)
		}
	}
}
