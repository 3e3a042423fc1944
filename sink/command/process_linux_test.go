package command_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/sink/command"
	"github.com/leat-io/leat/stream"
)

// A process in a session of its own is out of reach, and may hold the pipes.
func TestPipesThatStayOpenDoNotHoldTheHandler(t *testing.T) {
	t.Parallel()
	path := file(t, "pid")
	handle, _ := shell(t, `setsid sh -c 'echo $$ > "$0"; exec sleep 300' "$0" & while ! test -s "$0"; do :; done; exit 0`,
		func(c *command.Config) { c.Command = append(c.Command, path) })
	from := time.Now()
	require.NoError(t, handle(t.Context(), delivery(stream.Event{Data: bytes.Repeat([]byte("x"), 1<<20)})))
	assert.Less(t, time.Since(from), patience)
	stays := pidIn(t, path)
	assert.True(t, alive(stays), "it asked to stay")
	p, err := os.FindProcess(stays)
	require.NoError(t, err)
	require.NoError(t, p.Kill())
}

func TestNoZombies(t *testing.T) { //nolint:paralleltest // it counts the children of this process
	for _, script := range []string{"exit 0", "exit 3", "kill -KILL $$", "sleep 300 & exit 0", "/nowhere/program"} {
		handle, _ := shell(t, script)
		_ = handle(t.Context(), delivery(stream.Event{}))
	}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	require.NoError(t, err)
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // it ended
		}
		f := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
		assert.False(t, f[0] == "Z" && f[1] == strconv.Itoa(os.Getpid()), "zombie: %s", stat)
	}
}

func TestProgramDiesWithTheWorker(t *testing.T) {
	t.Parallel()
	path := file(t, "pid")
	worker := exec.Command(os.Args[0])
	worker.Env = append(os.Environ(), `COMMAND_TEST_WORKER=echo $$ > `+path+`; exec sleep 300`)
	require.NoError(t, worker.Start())
	program := pidIn(t, path)
	assert.True(t, alive(program))
	require.NoError(t, worker.Process.Kill())
	require.Error(t, worker.Wait())
	requireGone(t, program)
}
