//go:build unix

package command_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/sink/command"
	"github.com/leat-io/leat/stream"
)

// patience is the deadline of what must happen at once.
const patience = 20 * time.Second

func TestMain(m *testing.M) {
	if script := os.Getenv("COMMAND_TEST_WORKER"); script != "" {
		work(script)
	}
	goleak.VerifyTestMain(m)
}

// work is a worker process for a test to kill.
func work(script string) {
	handle, err := command.New(command.Config{Command: []string{"sh", "-c", script}})
	if err == nil {
		err = handle(context.Background(), stream.NewDelivery("s", stream.ID{Ms: 1}, nil))
	}
	if err != nil {
		panic(err)
	}
	os.Exit(0)
}

// shell is a handler that runs a script, and what it logs.
func shell(t *testing.T, script string, options ...func(*command.Config)) (consumer.Handler, *observer.ObservedLogs) {
	t.Helper()
	core, logs := observer.New(zap.DebugLevel)
	cfg := command.Config{Command: []string{"sh", "-c", script}, Logger: zap.New(core)}
	for _, o := range options {
		o(&cfg)
	}
	handle, err := command.New(cfg)
	require.NoError(t, err)
	return handle, logs
}

func killAfter(d time.Duration) func(*command.Config) {
	return func(c *command.Config) { c.KillAfter = d }
}

// delivery is an event as a consumer would hand it over.
func delivery(e stream.Event) *stream.Delivery {
	if e.ID == "" {
		e.ID, e.Source, e.Type = "id-1", "/test", "test.happened"
	}
	var fields stream.Fields
	args := e.AppendArgs(nil)
	for i := 0; i < len(args); i += 2 {
		fields = append(fields, stream.Field{Name: asBytes(args[i]), Value: asBytes(args[i+1])})
	}
	return stream.NewDelivery("orders", stream.ID{Ms: 1700000000000, Seq: 7}, fields)
}

func asBytes(v any) []byte {
	if b, ok := v.([]byte); ok {
		return b
	}
	return fmt.Append(nil, v)
}

// alive tells whether a process runs. One that is dead and not reaped, maybe by
// an init that never does, does not.
func alive(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err == nil {
		// "pid (name) state ...": the name may hold anything.
		rest := stat[bytes.LastIndexByte(stat, ')')+1:]
		return !strings.HasPrefix(string(rest), " Z") && !strings.HasPrefix(string(rest), " X")
	}
	return syscall.Kill(pid, 0) == nil
}

func requireGone(t *testing.T, pid int) {
	t.Helper()
	require.Eventually(t, func() bool { return !alive(pid) }, patience, 5*time.Millisecond, "process %d still runs", pid)
}

// pidIn waits for a number in a file.
func pidIn(t *testing.T, path string) (pid int) {
	t.Helper()
	require.Eventually(t, func() bool {
		content, err := os.ReadFile(path)
		if err == nil && bytes.HasSuffix(content, []byte("\n")) {
			pid, err = strconv.Atoi(strings.TrimSpace(string(content)))
			return err == nil
		}
		return false
	}, patience, 5*time.Millisecond)
	return pid
}

func file(t *testing.T, name string) string {
	t.Helper()
	return filepath.Join(t.TempDir(), name)
}
