package process_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/bench/process"
)

// asParent makes this test binary a process that starts another one, says its ID
// and then does nothing more.
const asParent = "as-parent"

// patience bounds a test that hangs. It decides none that passes.
const patience = time.Minute

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == asParent {
		p, err := process.Start(exec.Command("sleep", "1000"))
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Fprintln(os.Stdout, p.PID())
		_ = p.Wait()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestAProcessDiesWithTheOneThatStartedIt(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	require.NoError(t, err)
	parent := exec.Command(self, asParent)
	output, err := parent.StdoutPipe()
	require.NoError(t, err)
	p, err := process.Start(parent)
	require.NoError(t, err)
	line, err := bufio.NewReader(output).ReadString('\n')
	require.NoError(t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(pid, 0))
	require.NoError(t, p.Kill(), "the child is in a group of its own, so this does not reach it")
	require.Error(t, p.Wait())
	require.Eventually(t, func() bool { return gone(pid) }, patience, time.Millisecond)
}

// gone tells whether there is no such process, or only its exit code is left, which
// nobody may have asked for yet.
func gone(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return true
	}
	_, behind, _ := strings.Cut(string(stat), ") ")
	return strings.HasPrefix(behind, "Z")
}

func TestTheContextsEndKillsTheProcess(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	p, err := process.Start(exec.CommandContext(ctx, "sleep", "1000"))
	require.NoError(t, err)
	cancel()
	require.Error(t, p.Wait())
	require.NoError(t, p.Kill(), "one that has gone is no error")
}

func TestAProgramThatIsNotThere(t *testing.T) {
	t.Parallel()
	_, err := process.Start(exec.Command("/no/such/program"))
	require.ErrorContains(t, err, "/no/such/program")
}
