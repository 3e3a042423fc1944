package redistest

import (
	"fmt"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// leakTimeout is how long goroutines have to end after the last test. A go-redis pool that was closed while its server was down
// ends its dialling loop after a second at most.
const leakTimeout = 5 * time.Second

// Main is TestMain's whole body: it runs the tests, ends the shared servers, fails the run when goroutines are left over, and
// exits.
func Main(m *testing.M) {
	code := m.Run()
	stopShared()
	if code == 0 {
		if err := awaitNoLeaks(); err != nil {
			fmt.Fprintf(os.Stderr, "redistest: goroutines left over after the tests: %v\n", err)
			code = 1
		}
	}
	os.Exit(code)
}

// Leaks returns the options with which goleak overlooks this package's own goroutines and nothing else, for a test that checks
// itself with goleak.VerifyNone while shared servers run.
func Leaks() []goleak.Option {
	const pkg = "github.com/leat-io/leat/internal/redistest."
	return []goleak.Option{
		goleak.IgnoreAnyFunction(pkg + "serveStarts"),
		goleak.IgnoreAnyFunction(pkg + "(*process).reap"),
	}
}

func stopShared() {
	sharedPlain.stop()
	sharedTLS.stop()
	sharedSentinel.stop()
	sharedCluster.stop()
}

func awaitNoLeaks() error {
	deadline := time.Now().Add(leakTimeout)
	for {
		err := goleak.Find(Leaks()...)
		if err == nil || time.Now().After(deadline) {
			return err
		}
	}
}
