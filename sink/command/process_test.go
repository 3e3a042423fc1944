//go:build unix

package command_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/sink/command"
	"github.com/leat-io/leat/stream"
)

// interrupted runs a script that writes the PID of its child into the file $0,
// ends its context with cause then, and returns the verdict and that PID.
func interrupted(t *testing.T, cause error, script string, options ...func(*command.Config)) (child int, took time.Duration, verdict error) {
	t.Helper()
	path := file(t, "pid")
	handle, _ := shell(t, script, append(options, func(c *command.Config) { c.Command = append(c.Command, path) })...)
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	done := make(chan error, 1)
	go func() { done <- handle(ctx, delivery(stream.Event{})) }()
	child = pidIn(t, path)
	require.True(t, alive(child))
	from := time.Now()
	cancel(cause)
	select {
	case verdict = <-done:
	case <-time.After(patience):
		require.Fail(t, "the handler hangs")
	}
	return child, time.Since(from), verdict
}

func TestGroupEndsWithTheContext(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]string{
		"one that waits":        `sleep 300 & echo $! > "$0"; wait`,
		"one that ends with 0":  `trap 'exit 0' TERM; sleep 300 & echo $! > "$0"; wait`,
		"one that ends with 65": `trap 'exit 65' TERM; sleep 300 & echo $! > "$0"; wait`,
		"grandchild":            `sh -c 'sleep 300 & echo $! > "$0"; wait' "$0"; true`,
	} {
		for _, cause := range []error{consumer.ErrLeaseLost, consumer.ErrTimeout, consumer.ErrShutdown} {
			t.Run(name+"/"+cause.Error(), func(t *testing.T) {
				t.Parallel()
				child, took, err := interrupted(t, cause, script, killAfter(time.Minute))
				require.ErrorIs(t, err, cause)
				assert.False(t, consumer.IsPermanent(err))
				assert.Less(t, took, patience, "SIGTERM was enough")
				requireGone(t, child)
			})
		}
	}
}

func TestWhatIgnoresSIGTERMIsKilled(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]string{
		"all":        `trap '' TERM; sleep 300 & echo $! > "$0"; wait`,
		"grandchild": `(trap '' TERM; exec sleep 300) & echo $! > "$0"; wait`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			child, took, err := interrupted(t, consumer.ErrTimeout, script, killAfter(200*time.Millisecond))
			require.ErrorIs(t, err, consumer.ErrTimeout)
			if name == "all" {
				assert.GreaterOrEqual(t, took, 200*time.Millisecond, "it had its time")
			}
			requireGone(t, child)
		})
	}
}

func TestProgramMayUseItsTimeAfterSIGTERM(t *testing.T) {
	t.Parallel()
	path := file(t, "clean")
	script := `trap 'echo done > ` + path + `; exit 1' TERM; sleep 300 & echo $! > "$0"; wait`
	_, _, err := interrupted(t, consumer.ErrShutdown, script, killAfter(time.Minute))
	require.ErrorIs(t, err, consumer.ErrShutdown)
	assert.FileExists(t, path)
}

func TestTimeoutByDeadline(t *testing.T) {
	t.Parallel()
	handle, _ := shell(t, `echo about to wait >&2; exec sleep 300`)
	ctx, cancel := context.WithTimeoutCause(t.Context(), 300*time.Millisecond, consumer.ErrTimeout)
	defer cancel()
	require.ErrorIs(t, handle(ctx, delivery(stream.Event{})), consumer.ErrTimeout)
}

// What a program leaves behind must not work on without a lease.
func TestWhatIsLeftOfTheGroupIsKilled(t *testing.T) {
	t.Parallel()
	path := file(t, "pid")
	handle, _ := shell(t, `sleep 300 & echo $! > "$0"; exit 0`, func(c *command.Config) { c.Command = append(c.Command, path) })
	from := time.Now()
	require.NoError(t, handle(t.Context(), delivery(stream.Event{})))
	assert.Less(t, time.Since(from), patience)
	requireGone(t, pidIn(t, path))
}

// The runtime moves goroutines between threads and ends threads; that must not
// end a program, although it is tied to a thread.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	handle, _ := shell(t, `sleep 0.2; cat >/dev/null`)
	errs := make(chan error)
	const n = 40
	for range n {
		go func() { errs <- handle(t.Context(), delivery(stream.Event{Data: []byte("x")})) }()
	}
	for range n {
		assert.NoError(t, <-errs)
	}
}
