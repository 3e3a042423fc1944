package stream

import (
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
)

func TestWrap(t *testing.T) {
	t.Parallel()
	sentinel := redistest.SharedSentinel(t)
	var sentinels, nodes []string
	for _, s := range sentinel.Sentinels() {
		sentinels = append(sentinels, s.Addr())
	}
	for _, s := range redistest.SharedCluster(t).Nodes() {
		nodes = append(nodes, s.Addr())
	}
	tlsServer := redistest.SharedTLS(t)
	options, err := redis.ParseURL(tlsServer.URL())
	require.NoError(t, err)
	options.TLSConfig = tlsServer.TLSConfig()
	clients := map[string]redis.UniversalClient{
		"single":   redis.NewClient(&redis.Options{Addr: redistest.Shared(t).Addr()}),
		"failover": redis.NewFailoverClient(&redis.FailoverOptions{MasterName: sentinel.Name(), SentinelAddrs: sentinels}),
		"cluster":  redis.NewClusterClient(&redis.ClusterOptions{Addrs: nodes}),
		"tls":      redis.NewClient(options),
	}
	for name, client := range clients {
		t.Cleanup(func() { _ = client.Close() })
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := testContext(t)
			require.NoError(t, client.Ping(ctx).Err())
			conn := Wrap(client)
			flow(t, conn, redistest.Prefix(t)+"orders")
			require.NoError(t, conn.Close())
			require.NoError(t, client.Ping(ctx).Err(), "the user's client is never closed")
			require.NotContains(t, conn.String(), "secret")
		})
	}
}

func TestWrapDoesNotRetry(t *testing.T) {
	t.Parallel()
	client := redis.NewClient(&redis.Options{Addr: redistest.Shared(t).Addr(), MaxRetries: 7})
	defer func() { _ = client.Close() }()
	conn := Wrap(client)
	defer func() { _ = conn.Close() }()
	node, err := conn.node(t.Context(), conn.commands, "x")
	require.NoError(t, err)
	require.LessOrEqual(t, node.Options().MaxRetries, 0)
	require.Equal(t, 7, client.Options().MaxRetries, "the user's options are left as they are")
}

func TestWrapOfAnythingElse(t *testing.T) {
	t.Parallel()
	ring := redis.NewRing(&redis.RingOptions{Addrs: map[string]string{"a": redistest.Shared(t).Addr()}})
	defer func() { _ = ring.Close() }()
	for _, client := range []redis.UniversalClient{ring, nil} {
		conn := Wrap(client)
		ctx := testContext(t)
		require.ErrorContains(t, conn.Ping(ctx), "want a *redis.Client")
		require.Equal(t, ClassRejected, Classify(conn.Ping(ctx)), "nothing was sent, and nothing ever will be")
		require.Positive(t, conn.Timeout())
		require.Empty(t, conn.String())
		_, errs := conn.Add(ctx, "s", []Event{{}})
		require.Error(t, errs[0])
		_, err := conn.Supports(ctx, "PING")
		require.Error(t, err)
		g, err := conn.Group("s", "g", DeadLetter{Stream: "d"})
		require.NoError(t, err)
		_, err = g.Reader("me", false).Read(ctx, 1, 0)
		require.Error(t, err)
		require.NoError(t, conn.Close())
	}
}
