package gauge

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
)

// A user who may use leat's keys and no more can measure, and is told what could not
// be seen.
func TestUserWhoMayNotAsk(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.ACLUser("app", "s3cret", "~leat-bench:* ~leat:* +@all -@dangerous"))
	r, err := measure(t, on(server.URL()))
	require.NoError(t, err)
	requireFigures(t, r)
	require.Nil(t, r.Server)
	require.Len(t, r.Unseen, 1)
	require.Contains(t, r.Unseen[0], "NOPERM")
	require.Contains(t, r.Unseen[0], "load, memory and role")
	for _, rate := range r.Rates {
		require.Nil(t, rate.Leat.Server)
		require.Positive(t, *rate.Leat.Client)
	}
	require.NotContains(t, asJSON(t, r), "s3cret")
	require.Empty(t, keys(t, server.Client(t)))
}

// A user without the right to the keys gets one error that says so.
func TestUserWhoMayNotWrite(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.ACLUser("app", "s3cret", "~orders* +@all"))
	_, err := measure(t, on(server.URL()))
	require.ErrorContains(t, err, "NOPERM")
	require.ErrorContains(t, err, server.Addr())
}

// A user who may not ask for the settings, nor delete by UNLINK, is no obstacle.
func TestUserWithoutConfigAndUnlink(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.ACLUser("app", "s3cret", "~* +@all -config -unlink -memory -pexpire"))
	r, err := measure(t, on(server.URL()))
	require.NoError(t, err)
	requireFigures(t, r)
	require.Empty(t, r.Server.Fsync)
	require.False(t, r.Server.SaveKnown)
	require.Contains(t, r.Unseen[0], "appendfsync")
	require.Nil(t, r.EntryBytes)
	require.Empty(t, keys(t, server.Client(t)))
}

func TestReplicaIsNotWrittenTo(t *testing.T) {
	t.Parallel()
	master := redistest.Start(t)
	host, port, err := net.SplitHostPort(master.Addr())
	require.NoError(t, err)
	for name, opts := range map[string][]redistest.Option{
		"seen":   nil,
		"unseen": {redistest.ACLUser("app", "s3cret", "~* +@all -info")},
	} {
		replica := redistest.Start(t, append(opts, redistest.Config("replicaof", host+" "+port))...)
		cfg := on(replica.URL())
		var stages []string
		cfg.stage = func(name string) { stages = append(stages, name) }
		_, err := measure(t, cfg)
		require.ErrorContains(t, err, "it is a replica", name)
		require.ErrorContains(t, err, replica.Addr(), name)
		if name == "seen" {
			require.Empty(t, stages)
		}
		require.Empty(t, keys(t, replica.Client(t)), name)
	}
}
