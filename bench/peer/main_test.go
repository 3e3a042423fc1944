package peer_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/leat-io/leat/internal/redistest"
)

// leakTimeout is well above what taskq's housekeeping sleeps after a queue is closed, and what asynq lets a timer run.
const leakTimeout = 15 * time.Second

// TestMain is redistest.Main, but for the two goroutines that redisqueue never ends; see its package.
func TestMain(m *testing.M) {
	code := m.Run()
	if code == 0 {
		if err := awaitNoLeaks(); err != nil {
			fmt.Fprintf(os.Stderr, "goroutines left over after the tests: %v\n", err)
			code = 1
		}
	}
	os.Exit(code)
}

func awaitNoLeaks() error {
	const pkg = "github.com/robinjoseph08/redisqueue/v2."
	overlook := append(redistest.Leaks(), goleak.IgnoreAnyFunction(pkg+"newSignalHandler.func1"), goleak.IgnoreAnyFunction(pkg+"(*Consumer).Run.func1"))
	deadline := time.Now().Add(leakTimeout)
	for {
		err := goleak.Find(overlook...)
		if err == nil || time.Now().After(deadline) {
			return err
		}
	}
}
