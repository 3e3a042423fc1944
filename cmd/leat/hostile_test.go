package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/stream"
)

// orders to a terminal, and what else Unicode has that is not seen.
const orders = "\x1b[2J\x1b]0;x\x07\u009b31m\r\b\x7f\u202e\u2066\u200b\u2028\xff\xc0\x80\U000e0041\x00"

// harmless is text that no terminal obeys: printable, and ends of lines.
func harmless(t *testing.T, text, what string) {
	t.Helper()
	require.True(t, utf8.ValidString(text), "%s: not UTF-8: %q", what, text)
	for _, r := range text {
		require.True(t, r == '\n' || strconv.IsPrint(r), "%s: %q in %q", what, r, text)
	}
}

// TestNothingShownIsObeyed: whatever is in Redis under whatever names, what leat prints of it does nothing to a terminal, in
// JSON neither, and is printed to the end.
func TestNothingShownIsObeyed(t *testing.T) {
	t.Parallel()
	server := redistest.Shared(t)
	rdb, ctx := server.Client(t), t.Context()
	name := redistest.Prefix(t) + strings.ReplaceAll(orders, "\x00", "") // an argument ends at a NUL
	group := "g" + strings.ReplaceAll(orders, "\x00", "")
	keys, err := stream.KeysOf(name)
	require.NoError(t, err)
	entry := rdb.XAdd(ctx, &redis.XAddArgs{Stream: name, Values: []string{orders, orders}}).Val()
	require.NoError(t, rdb.XGroupCreate(ctx, name, group, "0").Err())
	require.NoError(t, rdb.XGroupCreate(ctx, name, "other"+orders, "0").Err())
	require.NoError(t, rdb.XReadGroup(ctx, &redis.XReadGroupArgs{Group: group, Consumer: "c" + orders, Streams: []string{name, ">"}}).Err())
	for i, score := range []string{"1e300", "-1e300", "+inf", "-inf", "253402300800000"} {
		id := rdb.XAdd(ctx, &redis.XAddArgs{Stream: name, Values: []string{"i", fmt.Sprint(i)}}).Val()
		require.NoError(t, rdb.XReadGroup(ctx, &redis.XReadGroupArgs{Group: group, Consumer: "c", Streams: []string{name, ">"}}).Err())
		require.NoError(t, rdb.Do(ctx, "ZADD", keys.Retry(group), score, id).Err())
	}
	var letters []string
	for _, at := range []string{"1", "never", "9223372036854775807", "-9223372036854775808", "253402300800000"} {
		letters = append(letters, rdb.XAdd(ctx, &redis.XAddArgs{Stream: keys.Dead(group), Values: []string{
			"leat-stream", name, "leat-group", group, "leat-entry", entry, "leat-reason", orders, "leat-error", orders, "leat-attempts", orders,
			"leat-deliveries", "-1", "leat-consumer", orders, "leat-time", at, "leat-fields", "2", orders, orders, "a\tb", "\n",
		}}).Val())
	}
	lines := [][]string{
		{"groups", name},
		{"pending", name, "--group", group},
		{"pending", name, "--group", group, "--count", "2"},
		{"dead", "list", name, "--group", group},
		{"dead", "list", name, "--group", group, "--count", "1"},
	}
	for _, id := range letters {
		lines = append(lines, []string{"dead", "show", name, id, "--group", group})
	}
	for _, args := range lines {
		for _, output := range []string{"text", "json"} {
			r := leat(t, append(args, "--redis", server.URL(), "--output", output)...)
			require.Equal(t, 0, r.code, "%q: %s", args, r.stderr)
			harmless(t, r.stdout, "stdout of "+output)
			harmless(t, r.stderr, "stderr")
			require.Contains(t, r.stdout, entry[:9])
			if output == "json" {
				require.True(t, json.Valid([]byte(r.stdout)))
			}
		}
	}
	// What is refused quotes what is there, and what was asked for.
	require.NoError(t, rdb.Set(ctx, name+"x", "no stream", 0).Err())
	for _, args := range [][]string{
		{"groups", name + "x"},
		{"groups", name + "y"},
		{"pending", name, "--group", group + "y"},
		{"dead", "list", name, "--group", group + "y"},
		{"dead", "show", name, "1-1", "--group", group},
		{"dead", "redrive", name, "1-1", "--group", group},
		{"publish", name + "x", "--data", "1"},
		{group},
		{"groups", name, group},
		{"--" + group},
		{"pending", name, "--group", group, "--count", group},
		{"dead", "show", name, group, "--group", group},
		{"help", group},
		{"publish", name, "--extension", group},
		{"worker", "--stream", name, "--group", group, "--command", group},
		{"worker", "--stream", name, "--group", group, "--webhook", group},
		{"worker", "--start", group},
		{"demo", group},
		{"bench", group},
	} {
		r := leat(t, append(args, "--redis", server.URL())...)
		require.NotEqual(t, 0, r.code, "%q", args)
		harmless(t, r.stdout, "stdout")
		harmless(t, r.stderr, "stderr")
	}
}

func TestVisible(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"plain é \"quoted\" \\": "plain é \"quoted\" \\",
		"\x1b[2J\u009b\x7f":     `\x1b[2J\u009b\x7f`,
		"\u202e\xff\U000e0041":  `\u202e\xff\U000e0041`,
		"\uFFFD":                "\uFFFD",
		"a\tb":                  `a\tb`,
	} {
		require.Equal(t, want, visible(in))
	}
	require.Equal(t, `{"a":"\u009b\u007f\udb40\udc41é"}`, string(escapeJSON([]byte("{\"a\":\"\u009b\u007f\U000e0041é\"}"))))
	var b strings.Builder
	_, err := fmt.Fprint(plainWriter{&b}, "one\x1b\ntwo\n\nthree")
	require.NoError(t, err)
	require.Equal(t, "one\\x1b\ntwo\n\nthree", b.String())
	require.Nil(t, dated(time.UnixMilli(1<<62)))
	require.NotNil(t, dated(time.UnixMilli(0)))
}
