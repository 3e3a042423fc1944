package network_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/test/faults/network"
)

// childVariable makes the test binary the child of TestSweepAfterSIGKILL.
const childVariable = "LEAT_NETWORK_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		childMain()
	}
	redistest.Main(m)
}

// childMain makes a segment with a host on which something runs, says what they are called, and waits to be killed.
func childMain() {
	ctx := context.Background()
	segment, err := network.NewSegment(ctx)
	if err != nil {
		fail(err)
	}
	host, err := segment.NewHost(ctx)
	if err != nil {
		fail(err)
	}
	sleeper := host.Command(ctx, "sleep", "1000")
	if err := sleeper.Start(); err != nil {
		fail(err)
	}
	bridge := strings.TrimSuffix(host.Name(), "-1")
	_, _ = fmt.Fprintln(os.Stdout, bridge, sleeper.Process.Pid)
	_, _ = os.Stdin.Read(make([]byte, 1))
	os.Exit(0)
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func atoi(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	require.NoError(t, err)
	return n
}
