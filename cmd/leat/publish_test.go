package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
)

// entries are the fields of a stream's entries, as any client sees them.
func entries(t *testing.T, rdb *redis.Client, stream string) (all []map[string]any) {
	t.Helper()
	messages, err := rdb.XRange(t.Context(), stream, "-", "+").Result()
	require.NoError(t, err)
	for _, m := range messages {
		all = append(all, m.Values)
	}
	return all
}

func TestPublishOneEvent(t *testing.T) {
	t.Parallel()
	server := redistest.Shared(t)
	rdb := server.Client(t)
	name := redistest.Prefix(t) + "orders"
	out := done(t, "publish", name, "--redis", server.URL(), "--type", "order.placed", "--subject", "17", "--source", "/shop",
		"--id", "e-1", "--data", `{"order": 17}`, "--extension", "partitionkey=a=b", "--extension", "x=1")
	messages, err := rdb.XRange(t.Context(), name, "-", "+").Result()
	require.NoError(t, err)
	require.Len(t, messages, 1)
	require.Equal(t, messages[0].ID+"\n", out, "it prints the entry's ID")
	fields := messages[0].Values
	delete(fields, "time")
	require.Equal(t, map[string]any{
		"specversion": "1.0", "id": "e-1", "source": "/shop", "type": "order.placed", "subject": "17", "partitionkey": "a=b", "x": "1",
		"datacontenttype": "application/json", "data": `{"order": 17}`,
	}, fields)
}

func TestPublishDefaults(t *testing.T) {
	t.Parallel()
	server := redistest.Shared(t)
	rdb := server.Client(t)
	name := redistest.Prefix(t) + "orders"
	c := call{env: []string{"STREAM=" + name, "PRODUCER=my producer", "LEAT_REDIS=" + server.URL()}}
	r := c.leat(t, "publish", "--data", "not JSON", "--output", "json")
	require.Equal(t, 0, r.code, r.stderr)
	var printed struct {
		Stream  string `json:"stream"`
		EntryID string `json:"entry_id"`
		ID      string `json:"id"`
	}
	require.NoError(t, json.Unmarshal([]byte(r.stdout), &printed))
	fields := entries(t, rdb, name)[0]
	require.Equal(t, name, printed.Stream)
	require.Equal(t, fields["id"], printed.ID)
	require.NotEmpty(t, printed.EntryID)
	require.Equal(t, "io.leat.event", fields["type"])
	require.Equal(t, "my producer", fields["producer"], "a flat field that other consumers read")
	require.Equal(t, "my%20producer", fields["source"], "a source is a URI reference")
	require.Equal(t, "text/plain; charset=utf-8", fields["datacontenttype"])

	require.Equal(t, 0, c.leat(t, "publish").code)
	fields = entries(t, rdb, name)[1]
	require.NotContains(t, fields, "data")
	require.NotContains(t, fields, "datacontenttype")
}

func TestPublishInsideOfAHandlerIsAnEventOfItsOwn(t *testing.T) {
	t.Parallel()
	server := redistest.Shared(t)
	rdb := server.Client(t)
	name := redistest.Prefix(t) + "results"
	r := call{env: []string{
		"LEAT_ENTRY_ID=1-1", "LEAT_ID=handled", "LEAT_TYPE=handled", "LEAT_SUBJECT=handled", "LEAT_SOURCE=handled", "LEAT_STREAM=handled",
	}}.leat(t, "publish", name, "--redis", server.URL(), "--data", "1")
	require.Equal(t, 0, r.code, r.stderr)
	for field, value := range entries(t, rdb, name)[0] {
		require.NotEqual(t, "handled", value, field)
	}
}

const mixedLines = "\xef\xbb\xbf" + `{"n":1}` + "\r\n\n" +
	`{"specversion":"1.0","id":"ce","source":"/s","type":"own","data":"text","datacontenttype":"text/plain"}` + "\n" +
	"[1]\n" + `{"n":2}` + "\n" + `{"n":` + "\n" + `{"n":3}`

func TestPublishLinesStopsAtABadOne(t *testing.T) {
	t.Parallel()
	server := redistest.Shared(t)
	rdb := server.Client(t)
	name := redistest.Prefix(t) + "orders"
	r := leat(t, "publish", name, "--redis", server.URL(), "--file", file(t, "f.ndjson", mixedLines), "--type", "t")
	require.Equal(t, 1, r.code)
	require.Equal(t, "stored 2\n", r.stdout)
	require.Equal(t, "leat: line 4: not a JSON object\nleat: stopped at the bad line 4; 2 events before it are stored\n", r.stderr)
	all := entries(t, rdb, name)
	require.Len(t, all, 2)
	require.Equal(t, `{"n":1}`, all[0]["data"])
	require.Equal(t, "t", all[0]["type"])
	require.Equal(t, "text", all[1]["data"])
	require.Equal(t, "own", all[1]["type"])
	require.Equal(t, "ce", all[1]["id"])
}

func TestPublishLinesSkipsBadOnes(t *testing.T) {
	t.Parallel()
	server := redistest.Shared(t)
	rdb := server.Client(t)
	name := redistest.Prefix(t) + "orders"
	r := call{stdin: strings.NewReader(mixedLines)}.leat(t, "publish", name, "-", "--redis", server.URL(), "--on-error", "skip")
	require.Equal(t, 0, r.code, r.stderr)
	require.Equal(t, "stored 4\n", r.stdout)
	require.Contains(t, r.stderr, "line 4: not a JSON object\n")
	require.Contains(t, r.stderr, "line 6: not a JSON object: unexpected end")
	require.Contains(t, r.stderr, "skipped 2 bad lines\n")
	require.Len(t, entries(t, rdb, name), 4)

	c := call{stdin: strings.NewReader(mixedLines), env: []string{"STREAM=" + name, "LEAT_ON_ERROR=skip", "LEAT_OUTPUT=json"}}
	r = c.leat(t, "publish", "-", "--redis", server.URL())
	require.Equal(t, 0, r.code, r.stderr)
	require.JSONEq(t, `{"stored":4,"bad":2,"not_stored":[],"unknown":[]}`, onlyKeys(t, r.stdout, "stored", "bad", "not_stored", "unknown"))
}

func TestPublishHugeLines(t *testing.T) {
	t.Parallel()
	server := redistest.Shared(t)
	rdb := server.Client(t)
	name := redistest.Prefix(t) + "orders"
	huge := fmt.Sprintf("{\"large\":%q}", strings.Repeat("x", 10<<20))
	path := file(t, "huge.ndjson", "{}\n"+huge+"\n{}")
	require.Equal(t, "stored 3\n", done(t, "publish", name, "--redis", server.URL(), "--file", path))
	require.Len(t, entries(t, rdb, name)[1]["data"], len(huge))
	require.NoError(t, rdb.Del(t.Context(), name).Err())

	r := leat(t, "publish", name, "--redis", server.URL(), "--file", path, "--max-event-bytes", "1000000", "--on-error", "skip")
	require.Equal(t, 0, r.code, r.stderr)
	require.Equal(t, "stored 2\n", r.stdout)
	require.Contains(t, r.stderr, "line 2: line is too long")
}

func TestPublishSaysWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/nonexistent/file", t.TempDir()} {
		r := leat(t, "publish", "s", "--redis", "redis://127.0.0.1:1", "--file", path)
		require.Equal(t, 1, r.code)
		require.Contains(t, r.stderr, "open "+path)
	}
}

func TestPublishWhatRedisRefuses(t *testing.T) {
	t.Parallel()
	server := redistest.Shared(t)
	name := redistest.Prefix(t) + "string"
	require.NoError(t, server.Client(t).Set(t.Context(), name, "x", 0).Err())
	r := leat(t, "publish", name, "--redis", server.URL(), "--data", "1")
	require.Equal(t, 1, r.code)
	require.Empty(t, r.stdout)
	require.Contains(t, r.stderr, "WRONGTYPE")
	r = leat(t, "publish", name, "--redis", server.URL(), "--file", file(t, "f", "{}\n{}\n"), "--on-error", "skip")
	require.Equal(t, 1, r.code)
	require.Equal(t, "stored 0\n", r.stdout)
	require.Contains(t, r.stderr, "events are not stored: lines 1")
}

func TestPublishReportsUnknownOutcomes(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	rdb := server.Client(t)
	in, feed, err := os.Pipe()
	require.NoError(t, err)
	defer feed.Close()
	p := call{stdin: in}.start(t, "publish", "orders", "-", "--redis", server.URL())
	require.NoError(t, in.Close())
	_, err = feed.WriteString("{}\n{}\n")
	require.NoError(t, err)
	until(t, "two entries", func() bool { return rdb.XLen(t.Context(), "orders").Val() == 2 })
	server.Pause()
	_, err = feed.WriteString("{}\n")
	require.NoError(t, err)
	require.Equal(t, 1, p.wait())
	server.Resume()
	require.Equal(t, "stored 2\n", p.stdout.String())
	require.Contains(t, p.stderr.String(), "of 1 events it is not known whether they are stored: lines 3")
	require.Contains(t, p.stderr.String(), "outcome unknown")
}

// TestPublishToReplicas: what only the master has is reported with its ID, and is in the stream.
func TestPublishToReplicas(t *testing.T) {
	t.Parallel()
	server := redistest.Shared(t)
	rdb := server.Client(t)
	name := redistest.Prefix(t) + "orders"
	c := call{env: []string{"LEAT_REDIS=" + server.URL(), "LEAT_REPLICAS=1"}}
	r := c.leat(t, "publish", name, "--data", "1", "--durability-timeout", "1ms")
	require.Equal(t, 1, r.code)
	require.Empty(t, r.stdout)
	require.Contains(t, r.stderr, "0 of 1 replicas have it after 1ms")
	messages, err := rdb.XRange(t.Context(), name, "-", "+").Result()
	require.NoError(t, err)
	require.Len(t, messages, 1)
	require.Contains(t, r.stderr, messages[0].ID)

	r = call{stdin: strings.NewReader("{}\n"), env: c.env}.leat(t, "publish", name, "-", "--output", "json")
	require.Equal(t, 1, r.code)
	require.Contains(t, r.stdout, `"stored":0`)
	require.Contains(t, r.stderr, "stored on the master")
	require.EqualValues(t, 2, rdb.XLen(t.Context(), name).Val())

	r = call{env: c.env}.leat(t, "publish", name, "--replicas", "-1")
	require.Equal(t, 2, r.code)
	require.Contains(t, r.stderr, "replicas -1")

	sentinel := redistest.SharedSentinel(t)
	done(t, "publish", name, "--redis", sentinel.URL(), "--replicas", "2", "--durability-timeout", "30s")
}
