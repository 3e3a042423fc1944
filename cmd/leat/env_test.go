package main

import (
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
)

// bound are the flags of a command after the command line and the environment.
func bound(t *testing.T, env map[string]string, args ...string) (*cobra.Command, error) {
	t.Helper()
	a := &app{env: func(name string) (string, bool) { v, ok := env[name]; return v, ok }}
	cmd, rest, err := newRoot(a).Find(args)
	require.NoError(t, err)
	require.NoError(t, cmd.ParseFlags(rest))
	return cmd, a.bindEnvironment(cmd)
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	type env = map[string]string
	for name, c := range map[string]struct {
		env  env
		args []string
		flag string
		want string
	}{
		"default":                  {nil, []string{"worker"}, "lease", "30s"},
		"variable":                 {env{"LEAT_LEASE": "7s"}, []string{"worker"}, "lease", "7s"},
		"flag wins":                {env{"LEAT_LEASE": "7s"}, []string{"worker", "--lease", "8s"}, "lease", "8s"},
		"empty is not set":         {env{"LEAT_LEASE": ""}, []string{"worker"}, "lease", "30s"},
		"dashes":                   {env{"LEAT_MAX_ATTEMPTS": "3"}, []string{"worker"}, "max-attempts", "3"},
		"many":                     {env{"LEAT_STREAM": "a, b,,c"}, []string{"worker"}, "stream", "[a,b,c]"},
		"flag replaces many":       {env{"LEAT_STREAM": "a,b"}, []string{"worker", "--stream", "x,y"}, "stream", `["x,y"]`},
		"STREAM":                   {env{"STREAM": "old"}, []string{"worker"}, "stream", "[old]"},
		"LEAT_STREAM before it":    {env{"STREAM": "old", "LEAT_STREAM": "new"}, []string{"worker"}, "stream", "[new]"},
		"flag before both":         {env{"STREAM": "old", "LEAT_STREAM": "new"}, []string{"worker", "--stream", "s"}, "stream", "[s]"},
		"PRODUCER":                 {env{"PRODUCER": "p"}, []string{"publish"}, "producer", "p"},
		"LEAT_PRODUCER before it":  {env{"PRODUCER": "p", "LEAT_PRODUCER": "q"}, []string{"publish"}, "producer", "q"},
		"headers by lines":         {env{"LEAT_WEBHOOK_HEADER": "A: 1, 2\nB: 3"}, []string{"worker"}, "webhook-header", `["A: 1, 2",B: 3]`},
		"REDIS_HOSTNAME":           {env{"REDIS_HOSTNAME": "db"}, []string{"groups"}, "redis", "redis://db:6379"},
		"REDIS_PORT":               {env{"REDIS_PORT": "7000"}, []string{"groups"}, "redis", "redis://127.0.0.1:7000"},
		"both":                     {env{"REDIS_HOSTNAME": "db", "REDIS_PORT": "7000"}, []string{"groups"}, "redis", "redis://db:7000"},
		"IPv6":                     {env{"REDIS_HOSTNAME": "::1", "REDIS_PORT": "7000"}, []string{"groups"}, "redis", "redis://[::1]:7000"},
		"Kubernetes' own":          {env{"REDIS_HOSTNAME": "db", "REDIS_PORT": "tcp://10.0.0.1:6379"}, []string{"groups"}, "redis", "redis://db:6379"},
		"Kubernetes' own alone":    {env{"REDIS_PORT": "tcp://10.0.0.1:6379"}, []string{"groups"}, "redis", "redis://127.0.0.1:6379"},
		"LEAT_REDIS before them":   {env{"REDIS_HOSTNAME": "db", "LEAT_REDIS": "redis://x:1"}, []string{"groups"}, "redis", "redis://x:1"},
		"--redis before all":       {env{"REDIS_HOSTNAME": "db", "LEAT_REDIS": "redis://x:1"}, []string{"groups", "--redis", "redis://y"}, "redis", "redis://y"},
		"sink of the command line": {env{"LEAT_WEBHOOK": "http://x"}, []string{"worker", "--command", "sh"}, "webhook", ""},
		"sink of the environment":  {env{"LEAT_WEBHOOK": "http://x"}, []string{"worker"}, "webhook", "http://x"},
		"inside of a handler":      {env{"LEAT_ENTRY_ID": "1-1", "LEAT_ID": "e", "LEAT_TYPE": "t"}, []string{"publish"}, "id", ""},
		"its other flags":          {env{"LEAT_ENTRY_ID": "1-1", "LEAT_OUTPUT": "json"}, []string{"publish"}, "output", "json"},
		"outside of one":           {env{"LEAT_ID": "e"}, []string{"publish"}, "id", "e"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd, err := bound(t, c.env, c.args...)
			require.NoError(t, err)
			require.Equal(t, c.want, cmd.Flags().Lookup(c.flag).Value.String())
		})
	}
}

func TestEnvironmentThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]string{
		"LEAT_LEASE": "soon", "LEAT_CONCURRENCY": "many", "LEAT_WEBHOOK_MODE": "fancy",
		"REDIS_PORT": "none", "REDIS_HOSTNAME": "redis://db",
	} {
		_, err := bound(t, map[string]string{name: value}, "worker")
		var usage *usageError
		require.ErrorAs(t, err, &usage, name)
		require.ErrorContains(t, err, name)
	}
}

func TestEnvironmentReachesTheCommand(t *testing.T) {
	t.Parallel()
	r := call{env: []string{"REDIS_HOSTNAME=127.0.0.1", "REDIS_PORT=1", "STREAM=s"}}.leat(t, "groups")
	require.Equal(t, 1, r.code)
	require.Contains(t, r.stderr, "connect to redis://127.0.0.1:1")
	r = call{env: []string{"LEAT_COUNT=x", "STREAM=s"}}.leat(t, "pending", "--group", "g")
	require.Equal(t, 2, r.code)
	require.Contains(t, r.stderr, "LEAT_COUNT")
	r = call{env: []string{"LEAT_WEBHOOK=http://x", "LEAT_COMMAND=sh"}}.leat(t, "worker", "--stream", "s", "--group", "g")
	require.Equal(t, 2, r.code)
	require.Contains(t, r.stderr, "exclude each other")
}
