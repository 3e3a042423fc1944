package demo

import (
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var upLine = regexp.MustCompile(`workers are up: pid ([0-9, ]+)`)

// pidsIn are the workers' process IDs that a demo has shown.
func pidsIn(t *testing.T, text string) (pids []int) {
	t.Helper()
	m := upLine.FindStringSubmatch(text)
	require.NotNil(t, m, "no process IDs in %q", text)
	for one := range strings.SplitSeq(m[1], ", ") {
		pid, err := strconv.Atoi(strings.TrimSpace(one))
		require.NoError(t, err)
		pids = append(pids, pid)
	}
	return pids
}

// assertGone waits until no process has the ID.
func assertGone(t *testing.T, pid int) {
	t.Helper()
	assert.Eventually(t, func() bool { return syscall.Kill(pid, 0) == syscall.ESRCH }, 5*time.Second, 10*time.Millisecond,
		"process %d is still there", pid)
}

func killPID(t *testing.T, pid int) { assert.NoError(t, syscall.Kill(pid, syscall.SIGKILL)) }
