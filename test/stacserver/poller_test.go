package stacserver

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/stac/poll"
)

// build makes the binary that users have.
func build(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "leat")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", program, "github.com/leat-io/leat/cmd/leat")
	output, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", output)
	return program
}

// poller is a process of leat stac poll.
type poller struct {
	log  said
	cmd  *exec.Cmd
	done bool
}

// start starts leat.
func start(t *testing.T, program string, args ...string) *poller {
	t.Helper()
	p := &poller{cmd: exec.CommandContext(context.Background(), program, args...)}
	p.cmd.Stdout, p.cmd.Stderr, p.cmd.Env = &p.log, &p.log, os.Environ()
	require.NoError(t, p.cmd.Start())
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("the poller said:\n%s", p.log.tail())
		}
	})
	return p
}

// kill ends it with SIGKILL.
func (p *poller) kill() {
	if !p.done {
		p.done = true
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
	}
}

// told is what the stream says.
type told struct {
	items   map[string]string // collection/id to version, as who reads all of it knows them
	created map[string]int    // how often an item was told of as new
	changes map[string]int    // events by type
	ids     map[string]int    // events by source and ID
	twice   int               // events that were there before, all else being equal
}

// read reads the stream from its beginning.
func read(t *testing.T, rdb *redis.Client, stream string) told {
	t.Helper()
	all := told{items: map[string]string{}, created: map[string]int{}, changes: map[string]int{}, ids: map[string]int{}}
	const batch = 5000
	for from := "-"; ; {
		messages, err := rdb.XRangeN(t.Context(), stream, from, "+", batch).Result()
		require.NoError(t, err)
		for _, m := range messages {
			all.add(m.Values)
			from = "(" + m.ID
		}
		if len(messages) < batch {
			return all
		}
	}
}

func (a *told) add(fields map[string]any) {
	get := func(name string) string { text, _ := fields[name].(string); return text }
	name := get("staccollection") + "/" + get("stacitem")
	a.changes[get("type")]++
	key := get("source") + " " + get("id")
	if a.ids[key]++; a.ids[key] > 1 {
		a.twice++
		return // who reads the stream knows this ID
	}
	switch get("type") {
	case poll.Deleted:
		delete(a.items, name)
		return
	case poll.Created:
		a.created[name]++
	}
	a.items[name] = get("stacitemversion")
}
