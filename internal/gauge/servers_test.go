package gauge

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/embedded"
	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/stream"
)

func TestTLSWithCredentials(t *testing.T) {
	t.Parallel()
	server := redistest.SharedTLS(t)
	cfg := on(server.URL(), stream.WithCA(server.CAFile()), stream.WithClientCert(server.CertFile(), server.KeyFile()))
	cfg.Prefix = redistest.Prefix(t)
	r, err := measure(t, cfg)
	require.NoError(t, err)
	requireFigures(t, r)
	require.True(t, r.TLS)
	require.NotContains(t, asJSON(t, r), "shared-secret")
	left, err := server.Client(t).Keys(t.Context(), cfg.Prefix+"*").Result()
	require.NoError(t, err)
	require.Empty(t, left)
}

func asJSON(t *testing.T, r *Report) string {
	t.Helper()
	b, err := json.Marshal(r)
	require.NoError(t, err)
	return string(b)
}

func TestUnixSocketWithPasswordAndDatabase(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Unix(), redistest.Password("s3cret"))
	cfg := on(server.URL() + "?db=3")
	other := server.Client(t)
	databases := map[string]bool{}
	cfg.stage = func(string) {
		for line := range strings.Lines(other.Info(context.WithoutCancel(t.Context()), "keyspace").Val()) {
			if name, _, ok := strings.Cut(line, ":"); ok {
				databases[name] = true
			}
		}
	}
	r, err := measure(t, cfg)
	require.NoError(t, err)
	requireFigures(t, r)
	require.True(t, r.Loopback)
	require.Equal(t, map[string]bool{"db3": true}, databases, "both ways use the database of the URL")
	require.NotContains(t, other.Info(t.Context(), "keyspace").Val(), "db")
}

func TestSentinel(t *testing.T) {
	t.Parallel()
	sentinel := redistest.SharedSentinel(t)
	cfg := on(sentinel.URL())
	cfg.Prefix = redistest.Prefix(t)
	r, err := measure(t, cfg)
	require.NoError(t, err)
	requireFigures(t, r)
	require.Equal(t, 2, r.Server.Replicas)
	left, err := sentinel.Master().Client(t).Keys(t.Context(), cfg.Prefix+"*").Result()
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestCluster(t *testing.T) {
	t.Parallel()
	cluster := redistest.SharedCluster(t)
	cfg := on(cluster.URL())
	cfg.Prefix = redistest.Prefix(t)
	r, err := measure(t, cfg)
	require.NoError(t, err)
	requireFigures(t, r)
	require.Equal(t, "cluster", r.Server.Mode)
	find(t, r, "one-master")
	for _, node := range cluster.Nodes() {
		left, err := node.Client(t).Keys(t.Context(), cfg.Prefix+"*").Result()
		require.NoError(t, err)
		require.Empty(t, left)
	}
}

func TestEmbeddedBroker(t *testing.T) {
	t.Parallel()
	broker, err := embedded.Start(t.Context())
	require.NoError(t, err)
	defer broker.Close()
	r, err := measure(t, on(broker.URL()))
	require.NoError(t, err)
	requireFigures(t, r)
	require.True(t, r.Server.Embedded)
	find(t, r, "embedded")
	require.Empty(t, bound(r))
	client := redis.NewClient(&redis.Options{Addr: broker.Addr()})
	defer client.Close()
	require.Empty(t, keys(t, client))
}
