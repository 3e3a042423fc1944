package library_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/leat-io/leat/internal/redistest"
)

// leakTimeout is well above what a library sleeps before it sees that it is to end.
const leakTimeout = 15 * time.Second

// TestMain is redistest.Main, but for the two goroutines that redisqueue leaves behind: they wait for signals until the process ends.
func TestMain(m *testing.M) {
	code := m.Run()
	if code == 0 {
		if err := leaks(); err != nil {
			fmt.Fprintln(os.Stderr, "goroutines left over after the tests:", err)
			code = 1
		}
	}
	os.Exit(code)
}

func leaks() (err error) {
	const pkg = "github.com/robinjoseph08/redisqueue/v2."
	overlook := append(redistest.Leaks(), goleak.IgnoreAnyFunction(pkg+"newSignalHandler.func1"), goleak.IgnoreAnyFunction(pkg+"(*Consumer).Run.func1"))
	for end := time.Now().Add(leakTimeout); time.Now().Before(end); {
		if err = goleak.Find(overlook...); err == nil {
			return nil
		}
	}
	return err
}
