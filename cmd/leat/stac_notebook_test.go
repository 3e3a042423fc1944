package main

import (
	"context"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

// notebook is what consumers of the entries knew before there was leat: three flat fields.
type notebook struct{ Subject, Producer, Href string }

func published(t *testing.T, s *scene) (want []notebook) {
	t.Helper()
	server := newStacServer(t, 3)
	r := call{env: []string{"PRODUCER=notebook"}}.leat(t, s.stac(server, "poll", "--once", "--since", "all")...)
	require.Equal(t, 0, r.code, r.stderr)
	for _, id := range []string{"item-000", "item-001", "item-002"} {
		href := server.URL + "/collections/c/items/" + id
		want = append(want, notebook{href, "notebook", href})
	}
	return want
}

// TestRedisPyReadsTheEntries: with redis-py, as its users wrote it.
func TestRedisPyReadsTheEntries(t *testing.T) {
	t.Parallel()
	python, err := exec.LookPath("python3")
	if err == nil {
		err = exec.Command(python, "-c", "import redis").Run()
	}
	if err != nil {
		t.Skip("NOT TESTED: there is no python3 with redis-py (pip install redis; PYTHONPATH is heeded). TestAnyClientReadsTheEntries reads the same by the protocol")
	}
	s := newScene(t)
	want := published(t, s)
	host, port, err := net.SplitHostPort(s.server.Addr())
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), python, "testdata/notebook.py", host, port, s.stream)
	cmd.Env = os.Environ()
	out, err := cmd.Output()
	require.NoError(t, err, "%s", out)
	var got []notebook
	for line := range strings.Lines(string(out)) {
		var one notebook
		require.NoError(t, json.Unmarshal([]byte(line), &one))
		got = append(got, one)
	}
	require.Equal(t, want, got)
}

// TestAnyClientReadsTheEntries: XREADGROUP alone, and the fields by their names.
func TestAnyClientReadsTheEntries(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	want := published(t, s)
	require.NoError(t, s.rdb.XGroupCreate(context.Background(), s.stream, "notebook", "0").Err())
	streams, err := s.rdb.XReadGroup(context.Background(), &redis.XReadGroupArgs{Group: "notebook", Consumer: "one", Streams: []string{s.stream, ">"}}).Result()
	require.NoError(t, err)
	var got []notebook
	for _, m := range streams[0].Messages {
		field := func(name string) string {
			value, ok := m.Values[name].(string)
			require.True(t, ok, "the entry has no flat field %s", name)
			return value
		}
		got = append(got, notebook{field("subject"), field("producer"), field("href")})
	}
	require.Equal(t, want, got)
}
