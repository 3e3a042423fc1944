package bare

import (
	"context"
	"net"
	"testing"

	"github.com/stretchr/testify/require"
)

// Work that came to its end although its context did leaves a connection that the
// next work can use.
func TestWorkThatEndsAfterItsContext(t *testing.T) {
	t.Parallel()
	client, server := net.Pipe()
	c := New(client)
	defer c.Close()
	ctx, cancel := context.WithCancel(t.Context())
	end, err := c.begin(ctx, 0)
	require.NoError(t, err)
	cancel()
	require.NoError(t, end(nil))

	answered := make(chan error, 1)
	go func() {
		_, err := server.Write([]byte(":7\r\n"))
		answered <- err
	}()
	n := 0
	require.NoError(t, c.next(func(b []byte) (int, error) { return integer(b, &n) }))
	require.Equal(t, 7, n)
	require.NoError(t, <-answered)
	require.NoError(t, server.Close())
	require.ErrorContains(t, c.fill(), "EOF")
}
