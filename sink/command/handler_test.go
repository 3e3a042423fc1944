//go:build unix

package command_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/sink/command"
	"github.com/leat-io/leat/stream"
)

func TestExitCodeIsTheVerdict(t *testing.T) {
	t.Parallel()
	handle, _ := shell(t, `echo said by $LEAT_SUBJECT >&2; exit $LEAT_SUBJECT`)
	for code := range 256 {
		err := handle(t.Context(), delivery(stream.Event{ID: "1", Source: "/", Type: "t", Subject: fmt.Sprint(code)}))
		if code == 0 {
			require.NoError(t, err)
			continue
		}
		var exit *command.ExitError
		require.ErrorAs(t, err, &exit)
		require.Equal(t, code, exit.Code)
		require.Equal(t, code == 65, consumer.IsPermanent(err), "exit code %d", code)
		require.Equal(t, fmt.Sprintf("run sh: exit status %d: said by %d", code, code), err.Error())
	}
}

func TestSignalIsTriedAgain(t *testing.T) {
	t.Parallel()
	for _, sig := range []string{"KILL", "TERM", "SEGV"} {
		handle, _ := shell(t, "kill -"+sig+" $$")
		err := handle(t.Context(), delivery(stream.Event{}))
		var exit *command.ExitError
		require.ErrorAs(t, err, &exit)
		assert.Equal(t, -1, exit.Code)
		assert.Contains(t, exit.Status, "signal: ")
		assert.False(t, consumer.IsPermanent(err))
	}
}

func TestDataIsStandardInput(t *testing.T) {
	t.Parallel()
	large := bytes.Repeat([]byte("0123456789abcdef"), 10<<20/16)
	every := make([]byte, 1024)
	for i := range every {
		every[i] = byte(i)
	}
	for name, data := range map[string][]byte{"none": nil, "empty": {}, "every byte": every, "10 MiB": large} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := file(t, "got")
			handle, _ := shell(t, `cat > "$0"`, func(c *command.Config) { c.Command = append(c.Command, path) })
			require.NoError(t, handle(t.Context(), delivery(stream.Event{Data: data})))
			got, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.True(t, bytes.Equal(data, got), "%d bytes of %d", len(got), len(data))
		})
	}
}

func TestInputThatIsNotReadIsNoFailure(t *testing.T) {
	t.Parallel()
	large := bytes.Repeat([]byte("x"), 10<<20)
	for script, code := range map[string]int{"exit 0": 0, "exec <&-; exit 0": 0, "head -c 1 >/dev/null": 0, "exit 65": 65} {
		handle, _ := shell(t, script)
		err := handle(t.Context(), delivery(stream.Event{Data: large}))
		assert.Equal(t, code == 0, err == nil, "%s: %v", script, err)
		assert.Equal(t, code == 65, consumer.IsPermanent(err))
	}
}

func TestForeignEntry(t *testing.T) {
	t.Parallel()
	path := file(t, "got")
	handle, _ := shell(t, `{ echo "$LEAT_TYPE $LEAT_ID"; cat; } > "$0"`, func(c *command.Config) { c.Command = append(c.Command, path) })
	require.NoError(t, handle(t.Context(), stream.NewDelivery("jobs", stream.ID{Ms: 5, Seq: 6}, stream.Fields{
		{Name: []byte("k"), Value: []byte("v")},
	})))
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, stream.ForeignType+" 5-6\n"+`{"k":"v"}`, string(got))
}

func TestAttributesThatNoEnvironmentTakes(t *testing.T) {
	t.Parallel()
	path := file(t, "ran")
	handle, _ := shell(t, `touch "$0"`, func(c *command.Config) { c.Command = append(c.Command, path) })
	nul := delivery(stream.Event{ID: "1", Source: "/", Type: "t", Subject: "a\x00b"})
	err := handle(t.Context(), nul)
	require.ErrorContains(t, err, "LEAT_SUBJECT")
	assert.True(t, consumer.IsPermanent(err))

	ext := map[string]string{"big": strings.Repeat("x", 16<<20)}
	err = handle(t.Context(), delivery(stream.Event{ID: "1", Source: "/", Type: "t", Extensions: ext}))
	require.ErrorIs(t, err, syscall.E2BIG)
	assert.ErrorContains(t, err, "LEAT_EXT_BIG")
	assert.Less(t, len(err.Error()), 500)
	assert.True(t, consumer.IsPermanent(err))
	assert.NoFileExists(t, path)

	require.NoError(t, handle(t.Context(), delivery(stream.Event{})), "the handler goes on")
	assert.FileExists(t, path)
}

func TestProgramThatIsGoneIsTriedAgain(t *testing.T) {
	t.Parallel()
	path := file(t, "program")
	write := func() { require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\nexit 0\n"), 0o755)) }
	write()
	handle, err := command.New(command.Config{Command: []string{path}})
	require.NoError(t, err)
	require.NoError(t, os.Remove(path))
	err = handle(t.Context(), delivery(stream.Event{}))
	require.ErrorIs(t, err, fs.ErrNotExist)
	assert.False(t, consumer.IsPermanent(err))
	write()
	assert.Eventually(t, func() bool { // another test's fork may have the file open for writing: ETXTBSY
		return handle(t.Context(), delivery(stream.Event{})) == nil
	}, patience, patience/1000)
}

func TestContextThatHasEndedStartsNothing(t *testing.T) {
	t.Parallel()
	path := file(t, "ran")
	handle, _ := shell(t, `touch "$0"`, func(c *command.Config) { c.Command = append(c.Command, path) })
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(consumer.ErrLeaseLost)
	require.ErrorIs(t, handle(ctx, delivery(stream.Event{})), consumer.ErrLeaseLost)
	assert.NoFileExists(t, path)
}

func TestDirectory(t *testing.T) {
	t.Parallel()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	handle, logs := shell(t, "pwd -P", func(c *command.Config) { c.Dir = dir })
	require.NoError(t, handle(t.Context(), delivery(stream.Event{})))
	require.Equal(t, 1, logs.Len())
	assert.Equal(t, dir, logs.All()[0].Message)
}

func TestConfigIsChecked(t *testing.T) {
	t.Parallel()
	plain := file(t, "plain")
	require.NoError(t, os.WriteFile(plain, []byte("no program"), 0o644))
	for name, c := range map[string]struct {
		cfg  command.Config
		want string
	}{
		"none":           {command.Config{}, "Command: is empty"},
		"empty":          {command.Config{Command: []string{""}}, "Command: is empty"},
		"not found":      {command.Config{Command: []string{"no-such-program-here"}}, "no-such-program-here"},
		"not there":      {command.Config{Command: []string{"/nowhere/program"}}, "/nowhere/program"},
		"not executable": {command.Config{Command: []string{plain}}, "permission denied"},
		"NUL":            {command.Config{Command: []string{"sh", "a\x00"}}, "argument 1 has a NUL byte"},
		"env":            {command.Config{Command: []string{"sh"}, Env: []string{"canary"}}, "Env: entry 0"},
		"event's env":    {command.Config{Command: []string{"sh"}, Env: []string{"LEAT_ID=canary"}}, "LEAT_ID"},
		"dir":            {command.Config{Command: []string{"sh"}, Dir: "/nowhere"}, "Dir: "},
		"dir is a file":  {command.Config{Command: []string{"sh"}, Dir: plain}, "is not a directory"},
		"kill after":     {command.Config{Command: []string{"sh"}, KillAfter: -1}, "KillAfter"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := command.New(c.cfg)
			require.ErrorContains(t, err, c.want)
			assert.NotContains(t, err.Error(), "canary")
		})
	}
	_, err := command.New(command.Config{Dir: "/nowhere", KillAfter: -1})
	var all interface{ Unwrap() []error }
	require.ErrorAs(t, err, &all)
	assert.Len(t, all.Unwrap(), 3, "all that is wrong at once")
}
