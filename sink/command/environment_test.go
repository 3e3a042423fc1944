//go:build unix

package command_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/sink/command"
	"github.com/leat-io/leat/stream"
)

// environment is what a program sees. Not parallel: it is about the process'
// own environment.
func environment(t *testing.T, d *stream.Delivery, options ...func(*command.Config)) map[string]string {
	t.Helper()
	path := file(t, "env")
	options = append(options, func(c *command.Config) { c.Command = append(c.Command, path) })
	handle, _ := shell(t, `env -0 > "$0"`, options...)
	require.NoError(t, handle(t.Context(), d))
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	env := map[string]string{}
	for v := range strings.SplitSeq(strings.TrimSuffix(string(content), "\x00"), "\x00") {
		name, value, _ := strings.Cut(v, "=")
		env[name] = value
	}
	return env
}

func TestAttributesAreInTheEnvironment(t *testing.T) {
	t.Setenv("LEAT_SUBJECT", "stale")
	d := delivery(stream.Event{
		ID: "a b", Source: "/src?x=y", Type: "t.u", Time: time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC),
		DataContentType: "text/plain; a=b", DataSchema: "https://example.com/s",
		Extensions: map[string]string{"traceparent": "00-1", "k1": "line\nbreak $(x) \xff ü"},
	})
	d.Attempt = 4
	got := environment(t, d)
	for name := range got {
		if !strings.HasPrefix(name, "LEAT_") {
			delete(got, name)
		}
	}
	assert.Equal(t, map[string]string{
		"LEAT_ID": "a b", "LEAT_SOURCE": "/src?x=y", "LEAT_TYPE": "t.u", "LEAT_TIME": "2026-01-02T03:04:05.000006Z",
		"LEAT_DATACONTENTTYPE": "text/plain; a=b", "LEAT_DATASCHEMA": "https://example.com/s",
		"LEAT_EXT_TRACEPARENT": "00-1", "LEAT_EXT_K1": "line\nbreak $(x) \xff ü",
		"LEAT_STREAM": "orders", "LEAT_ENTRY_ID": "1700000000000-7", "LEAT_ATTEMPT": "4",
	}, got, "no LEAT_SUBJECT: the event has none")
}

func TestSecretsOfTheWorkerStayThere(t *testing.T) {
	for _, name := range []string{
		"LEAT_REDIS", "LEAT_REDIS_PASSWORD_FILE", "LEAT_WEBHOOK", "REDIS_PASSWORD", "REDIS_PASS", "redis_auth", "REDISCLI_AUTH", "REDIS_URL",
		"CACHE_REDIS_DSN", "VALKEY_PASSWORD", "VALKEYCLI_AUTH", "REDIS_TOKEN",
	} {
		t.Setenv(name, "canary")
	}
	t.Setenv("BROKER", "rediss://user:canary@host/0")
	t.Setenv("QUEUE", "redis+sentinel://:canary@a,b/m")
	t.Setenv("REDIS_HOSTNAME", "h")
	t.Setenv("REDIS_PORT", "6379")
	t.Setenv("OPEN", "redis://host/0")
	t.Setenv("MINE", "m")

	got := environment(t, delivery(stream.Event{}))
	for name, value := range got {
		assert.NotContains(t, value, "canary", name)
	}
	for name, want := range map[string]string{"REDIS_HOSTNAME": "h", "REDIS_PORT": "6379", "OPEN": "redis://host/0", "MINE": "m"} {
		assert.Equal(t, want, got[name])
	}
	assert.NotEmpty(t, got["PATH"])

	got = environment(t, delivery(stream.Event{}), func(c *command.Config) {
		c.KeepEnv = []string{"REDIS_URL", "LEAT_REDIS"}
		c.Env = []string{"MINE=other", "REDIS_PASSWORD=given"}
	})
	assert.Equal(t, "canary", got["REDIS_URL"])
	assert.Equal(t, "canary", got["LEAT_REDIS"])
	assert.Equal(t, "other", got["MINE"])
	assert.Equal(t, "given", got["REDIS_PASSWORD"])
	assert.NotContains(t, got, "REDISCLI_AUTH")
}
