package stacserver

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/stac"
	"github.com/leat-io/leat/test/faults/network"
)

// world is one collection of a server, one stream, and the ways to both.
type world struct {
	t          *testing.T
	server     *pgstac
	program    string
	collection string
	dated      bool
	stream     string
	rdb        *redis.Client
	web, redis *network.Proxy
	random     *rand.Rand
	live       []item // what the server has
	added      int
}

func newWorld(t *testing.T, s *pgstac, program string, tox *network.Toxiproxy, collection string, dated bool) *world {
	t.Helper()
	shared := redistest.Shared(t)
	w := &world{
		t: t, server: s, program: program, collection: collection, dated: dated, stream: redistest.Prefix(t) + "items",
		rdb: shared.Client(t), random: rand.New(rand.NewPCG(1, uint64(len(collection)))),
	}
	w.web, w.redis = w.proxy(tox, s.addr), w.proxy(tox, shared.Addr())
	w.live = archive(collection, *size, dated)
	began := time.Now()
	s.collect(collection, w.live)
	t.Logf("loaded %d items in %s", len(w.live), time.Since(began).Round(time.Millisecond))
	return w
}

func (w *world) proxy(tox *network.Toxiproxy, upstream string) *network.Proxy {
	w.t.Helper()
	p, err := tox.Proxy(w.t.Context(), upstream)
	require.NoError(w.t, err)
	w.t.Cleanup(func() { _ = p.Close(context.Background()) })
	return p
}

// arguments are those that all commands about the source share.
func (w *world) arguments(command string, more ...string) []string {
	return append([]string{
		"stac", command, "--api", "http://" + w.web.Addr(), "--allow-network", "127.0.0.0/8", "--collection", w.collection, "--stream", w.stream,
		"--redis", "redis://" + w.redis.Addr(), "--timeout", "30s", "--limit", "230",
	}, more...)
}

// poll starts a poller.
func (w *world) poll(strategy string) *poller {
	w.t.Helper()
	return start(w.t, w.program, w.arguments("poll", "--strategy", strategy, "--since", "all", "--interval", "1s", "--reconcile", "2s", "--lease", "2s",
		"--overlap", "2h", "--max-deleted", "1", "--producer", "test")...)
}

func (w *world) length() int64 {
	w.t.Helper()
	n, err := w.rdb.XLen(w.t.Context(), w.stream).Result()
	require.NoError(w.t, err)
	return n
}

// disturb adds items that were taken long ago, changes and deletes others, one by one, through the API. wait is until that is done.
func (w *world) disturb(round int) (wait func()) {
	const each = 8
	var changes []func() error
	for k := range each {
		old := item{
			collection: w.collection, id: fmt.Sprintf("%s-old-%d-%d", w.collection, round, k),
			taken: time.Now().AddDate(-1-round%5, 0, -k).UTC().Truncate(time.Second),
		}
		if w.dated {
			old.updated = time.Now().UTC()
			if k == 0 { // published years after it was made: only a sweep can see it
				old.updated = old.taken.Add(time.Hour)
			}
		}
		w.added++
		changes = append(changes, w.change(http.MethodPost, old.path(), old.json()))

		n := w.random.IntN(len(w.live))
		changed := &w.live[n]
		changed.state++
		if w.dated {
			changed.updated = time.Now().UTC()
		}
		if k%4 == 3 { // a correction of the time moves it to another page
			changed.taken = changed.taken.AddDate(0, 0, -400)
		}
		changes = append(changes, w.change(http.MethodPut, changed.path()+"/"+changed.id, changed.json()))

		n = w.random.IntN(len(w.live))
		changes = append(changes, w.change(http.MethodDelete, w.live[n].path()+"/"+w.live[n].id, nil))
		w.live[n] = w.live[len(w.live)-1]
		w.live = append(w.live[:len(w.live)-1], old)
	}
	var done sync.WaitGroup
	errs := make(chan error, len(changes))
	done.Go(func() {
		for _, change := range changes {
			if err := change(); err != nil {
				errs <- err
			}
		}
	})
	return func() {
		w.t.Helper()
		done.Wait()
		close(errs)
		for err := range errs {
			require.NoError(w.t, err)
		}
	}
}

func (w *world) change(method, path string, body any) func() error {
	return func() error {
		if status, answer := w.server.call(w.t.Context(), method, path, body); status < 200 || status >= 300 {
			return fmt.Errorf("%s %s: status %d: %s", method, path, status, answer)
		}
		return nil
	}
}

// served are the items and versions that the server has, read past the proxy.
func (w *world) served() map[string]string {
	w.t.Helper()
	c, err := stac.NewClient(stac.ClientConfig{URL: "http://" + w.server.addr, AllowNetworks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	require.NoError(w.t, err)
	defer c.Close()
	all := map[string]string{}
	for page, err := range c.Sweep(w.t.Context(), stac.Query{Collections: []string{w.collection}, Limit: 997}) {
		require.NoError(w.t, err)
		for i := range page.Items {
			all[page.Items[i].Collection+"/"+page.Items[i].ID] = page.Items[i].Version()
		}
	}
	return all
}

// secondOpinion is what pystac-client finds: the items with their updated.
const secondOpinion = `
import json, sys
from pystac_client import Client
found = Client.open(sys.argv[1]).search(collections=[sys.argv[2]], limit=997)
print(json.dumps({d["id"]: d["properties"].get("updated", "") for d in found.items_as_dicts()}))
`

func (w *world) secondOpinion() map[string]string {
	w.t.Helper()
	var found map[string]string
	text := run(w.t, nil, nil, filepath.Join(w.server.in.python, "python"), "-c", secondOpinion, "http://"+w.server.addr, w.collection)
	require.NoError(w.t, json.Unmarshal(text, &found))
	return found
}

// agrees compares what this project's client reads with what pystac-client does.
func (w *world) agrees(served map[string]string) {
	w.t.Helper()
	other := w.secondOpinion()
	require.Len(w.t, other, len(served))
	for name, version := range served {
		updated, ok := other[strings.TrimPrefix(name, w.collection+"/")]
		require.True(w.t, ok, "pystac-client does not find %s", name)
		if w.dated {
			mine, err := time.Parse(time.RFC3339, version)
			require.NoError(w.t, err)
			theirs, err := time.Parse(time.RFC3339, updated)
			require.NoError(w.t, err)
			require.True(w.t, mine.Equal(theirs), "%s: %s, %s", name, version, updated)
		}
	}
}
