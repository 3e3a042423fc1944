package stacserver

import (
	"maps"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/stac/poll"
	"github.com/leat-io/leat/test/faults/network"
)

// TestPgSTAC polls by each strategy that the server allows, and by the one that it does not need.
func TestPgSTAC(t *testing.T) { //nolint:paralleltest // one server after the other is enough for a machine
	in := installed(t)
	tox, err := network.StartToxiproxy(t.Context())
	require.NoError(t, err)
	t.Cleanup(tox.Close)
	program := build(t)
	s := startPgSTAC(t, in)
	for _, c := range []struct {
		name, collection, strategy, chosen string
		dated                              bool
	}{
		{"updated", "dated", "auto", "updated", true},
		{"rescan", "plain", "auto", "rescan", false},
		{"reconcile", "swept", "reconcile", "reconcile", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, s, program, tox, c.collection, c.dated)
			for round := range *kills {
				w.round(c.strategy, round)
			}
			w.settle(c.strategy, c.chosen)
		})
	}
}

// round starts a poller, changes what it polls, cuts its ways, and kills it.
func (w *world) round(strategy string, round int) {
	w.t.Helper()
	began, before := time.Now(), w.length()
	p := w.poll(strategy)
	wait := w.disturb(round)
	// As long as much is missing the kill comes somewhere in it, later in the middle of the changes.
	far := before + 1 + int64(w.random.IntN(max(4, min(*size/10, (*size-int(before))/2))))
	eventually(w.t, func() bool { return w.length() >= far }, "round %d: %d events are published", round, far)
	switch round % 4 {
	case 1:
		w.cut(w.web, false, p, "stac request is tried again")
	case 2:
		w.cut(w.redis, true, p, "is not polled by this replica any more")
	case 3:
		w.cut(w.web, true, p, "stac request is tried again")
	}
	for range w.random.IntN(20) {
		_ = w.length()
		<-time.After(50 * time.Millisecond) // killed anywhere, not where a condition says
	}
	p.kill()
	wait()
	w.t.Logf("round %d: %d events, then %d, after %s; next links that were forgotten: %d",
		round, before, w.length(), time.Since(began).Round(time.Millisecond), p.log.count("the server does not go on"))
}

// cut takes a way away, or makes it silent, until the poller has noticed.
func (w *world) cut(way *network.Proxy, silent bool, p *poller, noticed string) {
	w.t.Helper()
	before := p.log.count(noticed)
	if silent {
		require.NoError(w.t, way.Add(w.t.Context(), network.BlackHole(network.Both)))
	} else {
		require.NoError(w.t, way.Down(w.t.Context()))
	}
	eventually(w.t, func() bool { return p.log.count(noticed) > before }, "the poller notices")
	require.NoError(w.t, way.Heal(w.t.Context()))
}

// settle lets a poller come to an end, and compares.
func (w *world) settle(strategy, chosen string) {
	w.t.Helper()
	began := time.Now()
	served := w.served()
	w.agrees(served)
	require.Len(w.t, served, len(w.live), "the test's own account")
	p := w.poll(strategy)
	var last told
	length := int64(-1)
	eventually(w.t, func() bool {
		if now := w.length(); now != length {
			length, last = now, read(w.t, w.rdb, w.stream)
		}
		return maps.Equal(served, last.items)
	}, "the stream has what the server has")
	p.kill()
	require.Zero(w.t, last.twice, "events that are there twice")
	for name, n := range last.created {
		require.Equal(w.t, 1, n, name)
	}
	require.Positive(w.t, last.changes[poll.Deleted])
	require.Positive(w.t, last.changes[poll.Replaced])
	w.t.Logf("%d items, %d added late; events: %d created, %d replaced, %d deleted, none twice; settled in %s",
		len(served), w.added, last.changes[poll.Created], last.changes[poll.Replaced], last.changes[poll.Deleted], time.Since(began).Round(time.Millisecond))

	state, err := w.rdb.HGetAll(w.t.Context(), w.key("state")).Result()
	require.NoError(w.t, err)
	require.Contains(w.t, state["state"], `"strategy":"`+chosen+`"`)
	// leat itself says so, too, of each day that the archive has.
	check := exec.CommandContext(w.t.Context(), w.program, w.arguments("check", "--days", "20", "--entries")...)
	output, err := check.CombinedOutput()
	require.NoError(w.t, err, "%s", output)
}

// key is one of those of the source.
func (w *world) key(kind string) string {
	w.t.Helper()
	keys, err := w.rdb.Keys(w.t.Context(), "leat:{"+w.stream+"}:stac:"+kind+":*").Result()
	require.NoError(w.t, err)
	require.Len(w.t, keys, 1)
	return keys[0]
}
