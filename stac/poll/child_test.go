package poll_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/stac"
	"github.com/leat-io/leat/stac/poll"
	"github.com/leat-io/leat/stream"
)

// childJob is the variable with which the test binary is a poller.
const childJob = "LEAT_TEST_POLLER"

// job is what a child polls.
type job struct {
	Redis, Server, Stream string
	Strategy              poll.Strategy
	Batch                 int
	ParentPID             int
}

// child polls until it is killed.
func child(text string) int {
	var j job
	if err := json.Unmarshal([]byte(text), &j); err != nil {
		return 2
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() { // an orphan ends by itself
		for os.Getppid() == j.ParentPID {
			<-time.After(time.Second)
		}
		cancel()
	}()
	conn, err := stream.Dial(ctx, j.Redis)
	if err == nil {
		var p *poll.Poller
		p, err = poll.New(conn, poll.Config{
			Stream: j.Stream, Producer: "tester", Lease: 500 * time.Millisecond, Batch: j.Batch,
			Sources: []poll.Source{{
				Client: local(j.Server), Query: stac.Query{Limit: 25}, Start: poll.Since(time.Time{}), Strategy: j.Strategy,
				Interval: 20 * time.Millisecond, Reconcile: 20 * time.Millisecond, Overlap: time.Hour, MaxDeleted: 1,
			}},
		})
		if err == nil {
			err = p.Run(ctx)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "child:", err)
		return 1
	}
	return 0
}

// spawn starts a poller as a process of its own; the function kills it.
func (l *lab) spawn(strategy poll.Strategy) (kill func()) {
	l.t.Helper()
	return l.spawnAt(l.server.URL, strategy)
}

func (l *lab) spawnAt(url string, strategy poll.Strategy) (kill func()) {
	l.t.Helper()
	text, err := json.Marshal(job{Redis: l.redis, Server: url, Stream: l.stream, Strategy: strategy, Batch: 7, ParentPID: os.Getpid()})
	require.NoError(l.t, err)
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), childJob+"="+string(text))
	cmd.Stderr = os.Stderr
	require.NoError(l.t, cmd.Start())
	killed := false
	kill = func() {
		if !killed {
			killed = true
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	}
	l.t.Cleanup(kill)
	return kill
}
