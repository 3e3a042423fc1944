package stream

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// replyOf is a reply of XREADGROUP with n events, each with these fields as well.
func replyOf(n int, more ...string) string {
	fields := append([]string{"specversion", "1.0", "id", "7", "source", "s", "type", "t"}, more...)
	var b strings.Builder
	fmt.Fprintf(&b, "*1\r\n*2\r\n$6\r\norders\r\n*%d\r\n", n)
	for i := range n {
		fmt.Fprintf(&b, "*2\r\n$3\r\n1-%d\r\n*%d\r\n", i+1, len(fields))
		for _, f := range fields {
			fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(f), f)
		}
	}
	return b.String()
}

// A reply that breaks off leaves deliveries behind that nobody has seen. The next
// batch of the same memory must have nothing of them.
func TestMemoryAfterAReplyThatBrokeOff(t *testing.T) {
	t.Parallel()
	var m Memory
	read := func(reply string) (Batch, error) {
		c := cursor{buf: []byte(reply), memory: &m}
		return c.read("orders")
	}
	_, err := read(replyOf(2))
	require.NoError(t, err)
	whole := replyOf(5, "subject", "of another batch", "extension", "of another batch")
	_, err = read(whole[:len(whole)-3])
	require.ErrorIs(t, err, errProtocol)
	batch, err := read(replyOf(5))
	require.NoError(t, err)
	for _, d := range batch {
		require.Empty(t, d.Subject)
		require.Empty(t, d.Extensions)
	}
}
