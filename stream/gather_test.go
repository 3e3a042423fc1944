package stream

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestAPipelineThatIsCutOffEndsAtOnce: the end of a connection is waited for by nobody.
func TestAPipelineThatIsCutOffEndsAtOnce(t *testing.T) {
	t.Parallel()
	const n = 1_000
	p := startPuppet(t, func(c *puppetConn) {
		for range n {
			c.next()
		}
		c.say(strings.Repeat("$15\r\n1700000000000-0\r\n", 10))
	})
	_, errs := p.conn(t, WithTimeout(time.Minute)).Add(testContext(t), "s", simple(n))
	require.Equal(t, make([]error, 10), errs[:10])
	for _, err := range errs[10:] {
		require.ErrorIs(t, err, ErrUnknownOutcome)
	}
}

// TestRepliesInPiecesAreReadInOneBuffer: pieces are cut anywhere, and what is read of
// them is not kept.
func TestRepliesInPiecesAreReadInOneBuffer(t *testing.T) {
	t.Parallel()
	const n = 5_000
	var all strings.Builder
	for i := range n {
		id := ID{Ms: 1_700_000_000_000, Seq: uint64(i)}.String()
		all.Write(appendArg(nil, id))
	}
	p := startPuppet(t, func(c *puppetConn) {
		for i := 1; c.next() != nil; i++ {
			if i%n != 0 {
				continue
			}
			for text := all.String(); text != ""; {
				piece := min(len(text), 999)
				c.say(text[:piece])
				text = text[piece:]
			}
		}
	})
	conn := p.conn(t)
	for range 3 {
		ids, errs := conn.Add(testContext(t), "s", simple(n))
		require.Equal(t, make([]error, n), errs)
		for i, id := range ids {
			require.Equal(t, uint64(i), id.Seq)
		}
	}
	conn.wires.mu.Lock()
	defer conn.wires.mu.Unlock()
	for _, pool := range conn.wires.pools {
		require.Len(t, pool.idle, 1, "the connection is good for the next one")
	}
}
