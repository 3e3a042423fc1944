package main

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/stream"
)

// understand takes a command line and an environment as far as leat does before it connects to anything, and returns what it
// says.
func understand(args []string, env map[string]string) (text string, err error) {
	var out strings.Builder
	a := &app{
		stdin: strings.NewReader(""), stdout: &out, stderr: &out, credentials: credentialsIn(args),
		env: func(name string) (string, bool) { v, ok := env[name]; return v, ok },
	}
	root := newRoot(a)
	checkOnly(root, a)
	root.SetArgs(args)
	if _, err = root.ExecuteC(); err != nil {
		a.complain("%v", err)
	}
	return out.String(), err
}

// checkOnly makes each command look at its flags and arguments, and do no more.
func checkOnly(cmd *cobra.Command, a *app) {
	for _, sub := range cmd.Commands() {
		checkOnly(sub, a)
	}
	if cmd.HasSubCommands() || cmd.Name() == "help" {
		return
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := a.redis.check(); err != nil {
			return err
		}
		if cmd.Name() == "worker" {
			return checkWorker(cmd)
		}
		_, rest, err := a.streamOf(args)
		if err == nil && cmd.Name() == "redrive" {
			_, err = parseIDs(rest)
		}
		return err
	}
}

// checkWorker looks at the flags of a worker as it does itself before it makes its handler.
func checkWorker(cmd *cobra.Command) error {
	var f workerFlags
	flags := &cobra.Command{}
	f.register(flags)
	var err error
	cmd.Flags().Visit(func(given *pflag.Flag) {
		if flags.Flags().Lookup(given.Name) != nil && given.Value.Type() != "stringArray" && err == nil {
			err = flags.Flags().Set(given.Name, given.Value.String())
		}
	})
	if err != nil {
		return err
	}
	if _, err = f.config(); err != nil {
		return err
	}
	_, err = headers(f.webhookHeaders, "")
	return err
}

// FuzzCommandLine: no arguments and no environment make leat panic; what it says of them is lines that no terminal obeys, and
// never has the password of a URL in them.
func FuzzCommandLine(f *testing.F) {
	const secret, hidden = "cAnArY-7f3", "eNvIrOnMeNt-9c1" // of an argument, of a variable
	for _, seed := range []string{
		"worker\x00--stream\x00s\x00--group\x00g\x00--command\x00true", "worker\x00--lease\x00-1s", "worker\x00--lease\x009999999h", "worker\x00--concurrency\x0099999999999999999999",
		"worker\x00--start\x00-\x00--backoff-min\x00NaNs", "publish\x00s\x00--rate\x00nan", "publish\x00s\x00--rate\x00-inf", "publish\x00s\x00--extension\x00=", "publish\x00-", "groups",
		"pending\x00s\x00--count\x00-9223372036854775808", "dead\x00list\x00{}", "dead\x00show\x00s\x0018446744073709551616-0", "dead\x00redrive\x00s\x001-1\x001\x00-1", "--", "-", "---", "--=x", "-=",
		"help\x00x", "completion\x00bash", "completion\x00x", "--output\x00json", "bench\x00--duration\x001e9s", "demo\x00--events\x000x7fffffff", "--redis", "-h", "version\x00\x1b[2J",
		"redis://user:" + secret + "@h", "groups\x00s\x00redis://user:" + secret + " x\"@h", "--redis=redis://u:" + secret + "@h\x00x", "--x=redis://u:" + secret + "@h", "-redis://u:" + secret + "@h",
		"worker\x00--lease\x00redis://:" + secret + "@@", "pending\x00s\x00--count=redis://a b:" + secret + "@\x1b",
	} {
		f.Add(seed, "LEAT_LEASE", "1s")
		f.Add(seed, "LEAT_REDIS", "redis://user:"+hidden+"@h")
	}
	f.Add("worker", "REDIS_PORT", "tcp://10.0.0.1:6379")
	f.Add("groups\x00s", "REDIS_HOSTNAME", "u:p@h")
	f.Add("worker", "LEAT_WEBHOOK_HEADER", "a: b\n\nc")
	f.Fuzz(func(t *testing.T, line, name, value string) {
		args := strings.Split(line, "\x00")
		text, _ := understand(args, map[string]string{name: value})
		require.True(t, utf8.ValidString(text))
		for _, r := range text {
			require.True(t, r == '\n' || r == '\t' || strconv.IsPrint(r), "%q of %q", text, args) // cobra's scripts for shells have tabs
		}
		for _, arg := range args {
			if i := strings.Index(arg, "://"); i >= 0 && strings.Contains(arg[i:], secret) && strings.Contains(arg[i+strings.Index(arg[i:], secret):], "@") {
				require.NotContains(t, strings.ReplaceAll(text, "--redis", ""), secret, "%q", args)
			}
		}
		if name == "LEAT_REDIS" && !strings.Contains(line, hidden) {
			require.NotContains(t, text, hidden)
		}
	})
}

// FuzzStart: what --start takes is one of its four forms.
func FuzzStart(f *testing.F) {
	for _, seed := range []string{"oldest", "newest", "0", "1-1", "18446744073709551615-18446744073709551615", "2026-05-04T00:00:00Z", "2026-05-04T00:00:00+23:59", "0000-01-01T00:00:00Z", "-1", "1-", "$", "\xff", " 1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		start, err := parseStart(text)
		if err != nil {
			require.Equal(t, stream.Start{}, start)
			return
		}
		again, err := parseStart(start.String())
		require.NoError(t, err, "%q is %s", text, start)
		require.Equal(t, start.String(), again.String())
	})
}

// FuzzHeaders: a line is a header or an error that does not quote it.
func FuzzHeaders(f *testing.F) {
	f.Add("Name: value")
	f.Add(": x")
	f.Add("a:b:c\r\nd: e")
	f.Add("\x00")
	f.Fuzz(func(t *testing.T, line string) {
		const secret = "cAnArY-7f3"
		h, err := headers([]string{line + secret}, "")
		if err != nil {
			require.NotContains(t, err.Error(), secret)
			return
		}
		require.Len(t, h, 1)
	})
}

// FuzzShown: what is shown of any bytes, no terminal obeys; in JSON they are what they were.
func FuzzShown(f *testing.F) {
	f.Add([]byte(orders), 5)
	f.Add([]byte("\"\\\t"), 0)
	f.Add([]byte("\U0010ffff\u00ad\u00a0"), 1)
	f.Fuzz(func(t *testing.T, b []byte, limit int) {
		for _, text := range []string{safe(string(b), max(limit, 0)), visible(string(b)), oneLine(string(b))} {
			require.True(t, utf8.ValidString(text))
			for _, r := range text {
				require.True(t, strconv.IsPrint(r), "%q", text)
			}
		}
		var out strings.Builder
		require.NoError(t, printJSON(&out, bytesJSON(b)))
		line, ended := strings.CutSuffix(out.String(), "\n")
		require.True(t, ended)
		for _, r := range line {
			require.True(t, strconv.IsPrint(r), "%q", line)
		}
		if utf8.Valid(b) {
			var back string
			require.NoError(t, json.Unmarshal([]byte(line), &back))
			require.Equal(t, string(b), back)
		}
	})
}
