package stream

import (
	"context"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
)

// claimsXNACK answers COMMAND INFO as a server does that has XNACK.
type claimsXNACK struct{ dialHook }

func (claimsXNACK) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if raw, ok := cmd.(*redis.RawCmd); ok && cmd.Name() == "command" {
			raw.SetVal([]byte("*1\r\n*1\r\n$5\r\nxnack\r\n"))
			return nil
		}
		return next(ctx, cmd)
	}
}

// A server that is said to have XNACK and then refuses it: entries are handed back
// by XCLAIM all the same, uncounted. (No server at hand has XNACK; what it does
// there is known from its documentation only.)
func TestReleaseWhereXNACKIsRefused(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	batch := l.given("me", 2)
	conn := dial(t, redistest.Shared(t).URL(), WithHook(claimsXNACK{}))
	has, err := conn.Supports(l.ctx, "XNACK")
	require.NoError(t, err)
	require.True(t, has)
	g, err := conn.Group(l.key, l.g.Name(), DeadLetter{})
	require.NoError(t, err)
	ok, err := g.Release(l.ctx, "me", heldOf(batch))
	require.NoError(t, err)
	require.Equal(t, []bool{true, true}, ok)
	got := l.takeDue("other", 2)
	require.Equal(t, 1, got[0].Deliveries)
	require.Equal(t, 1, got[1].Deliveries)
}
