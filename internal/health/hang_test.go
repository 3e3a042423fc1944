package health_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/internal/health"
	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/internal/streamtest"
	"github.com/leat-io/leat/stream"
)

// childTask is where a worker process of these tests finds what it is told.
const childTask = "LEAT_HEALTH_CHILD"

type task struct {
	URL, Addr, Stream, Done string
	Hang                    string // the loop that hangs after a while; "" for none
}

// child is a worker process. It notes in the set Done what it has handled, and prints where it answers.
func child(text string) {
	var job task
	must(json.Unmarshal([]byte(text), &job))
	ctx := context.Background()
	conn, err := stream.Dial(ctx, job.URL)
	must(err)
	rdb := redis.NewClient(&redis.Options{Addr: job.Addr})
	cfg := consumer.Config{
		Group: "workers", Streams: []string{job.Stream}, Lease: time.Second, Block: 100 * time.Millisecond, Poll: 50 * time.Millisecond,
		Concurrency: 4,
	}
	dog := health.NewWatchdog(cfg, health.WithPatience(3*time.Second))
	beats := 0
	cfg.Hooks = consumer.JoinHooks(dog.Hooks(), consumer.Hooks{Beat: func(loop, _ string) {
		if loop != job.Hang { // a loop beats by one goroutine
			return
		}
		if beats++; beats > 5 {
			select {} // for ever
		}
	}})
	c, err := consumer.New(conn, func(ctx context.Context, d *stream.Delivery) error {
		return rdb.SAdd(ctx, job.Done, d.ID).Err()
	}, cfg)
	must(err)
	server, err := health.Listen(ctx, "127.0.0.1:0", dog.Check, c.Ready)
	must(err)
	fmt.Println(server.Addr()) //nolint:forbidigo // for the parent
	must(c.Run(ctx))
	os.Exit(0)
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// start starts a worker process, and returns its URL and what kills it.
func start(t *testing.T, job task) (url string, kill func()) {
	t.Helper()
	text, err := json.Marshal(job)
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childTask+"="+string(text))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	dead := false
	kill = func() {
		if !dead {
			dead = true
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	}
	t.Cleanup(kill)
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	return "http://" + line[:len(line)-1], kill
}

// TestLoopThatHangsTurnsLivezRed: whichever loop of a real worker process hangs, /livez says so within its period; who restarts the
// process then, as Kubernetes does, loses nothing.
func TestLoopThatHangsTurnsLivezRed(t *testing.T) {
	t.Parallel()
	for _, loop := range []string{"fetcher", "retrier", "reclaimer", "leaser", "acker"} {
		t.Run(loop, func(t *testing.T) {
			t.Parallel()
			server := redistest.Shared(t)
			l := streamtest.New(t, server.URL())
			job := task{URL: server.URL(), Addr: server.Addr(), Stream: l.Stream, Done: l.Stream + "-done", Hang: loop}
			l.Publish(100)
			url, kill := start(t, job)
			var status int
			var said string
			streamtest.Eventually(t, func() bool {
				status, said = get(t, http.MethodGet, url+"/livez")
				return status != http.StatusOK
			}, "/livez turns red")
			require.Contains(t, said, loop+" of stream "+l.Stream+" stands still for")
			l.Add(streamtest.Events(150)[100:]...)
			kill()

			job.Hang = ""
			url, _ = start(t, job)
			l.Settled()
			done, err := server.Client(t).SCard(l.Ctx, job.Done).Result()
			require.NoError(t, err)
			require.EqualValues(t, 150, done)
			status, said = get(t, http.MethodGet, url+"/livez")
			require.Equal(t, http.StatusOK, status, said)
		})
	}
}
