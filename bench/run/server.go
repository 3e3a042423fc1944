package run

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/leat-io/leat/bench/process"
)

const (
	loopback     = "127.0.0.1"
	startTimeout = 20 * time.Second
	// startTries is how often a server is started: another program may take the
	// free port before it does.
	startTries = 3
	// slowCommand is how long FLUSHALL may take: it frees millions of entries.
	slowCommand = time.Minute
)

// server is a redis-server of the run's own, without persistence.
type server struct {
	addr   string
	proc   *process.Process
	dir    string
	rdb    *redis.Client
	exited chan struct{}
}

// startServer starts a redis-server on a free port of the loopback interface. It
// keeps nothing, and dies with this process.
func startServer(ctx context.Context) (*server, error) {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, fmt.Errorf("redis-server is needed, install it (make deps does): %w", err)
	}
	var errs []error
	for range startTries {
		s, err := tryServer(ctx, path)
		if err == nil {
			return s, nil
		}
		errs = append(errs, err)
		if ctx.Err() != nil {
			break
		}
	}
	return nil, errors.Join(errs...)
}

func tryServer(ctx context.Context, path string) (*server, error) {
	port, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "leat-bench-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for redis-server: %w", err)
	}
	log := filepath.Join(dir, "log")
	s := &server{addr: net.JoinHostPort(loopback, port), dir: dir, exited: make(chan struct{})}
	//nolint:noctx // it lives until stop, whatever context ends before
	cmd := exec.Command(path, "--port", port, "--bind", loopback, "--save", "", "--appendonly", "no",
		"--dir", dir, "--logfile", log, "--loglevel", "warning", "--daemonize", "no")
	if s.proc, err = process.Start(cmd); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	go func() {
		_ = s.proc.Wait() // it is killed at the end; if it ends before, its log says why
		close(s.exited)
	}()
	s.rdb = redis.NewClient(&redis.Options{Addr: s.addr, ReadTimeout: slowCommand, MaxRetries: -1})
	if err := s.await(ctx); err != nil {
		said, _ := os.ReadFile(log)
		return nil, errors.Join(fmt.Errorf("start redis-server on port %s: %w: %s", port, err, strings.TrimSpace(string(said))), s.stop())
	}
	return s, nil
}

// freePort is one that nobody listens on at this moment.
func freePort(ctx context.Context) (string, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", net.JoinHostPort(loopback, "0"))
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, errors.Join(err, l.Close())
}

// await waits until the server answers, and it is this one that does.
func (s *server) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		info, err := s.rdb.InfoMap(ctx, "server").Result()
		if err == nil {
			if pid := info["Server"]["process_id"]; pid != strconv.Itoa(s.pid()) {
				return fmt.Errorf("process %s listens on the port", pid)
			}
			return nil
		}
		select {
		case <-tick.C:
		case <-s.exited:
			return errors.New("it has ended")
		case <-ctx.Done():
			return fmt.Errorf("it does not answer: %w", err)
		}
	}
}

func (s *server) pid() int { return s.proc.PID() }

// version is what the server says it is.
func (s *server) version(ctx context.Context) (string, error) {
	info, err := s.rdb.InfoMap(ctx, "server").Result()
	if err != nil {
		return "", fmt.Errorf("INFO server: %w", err)
	}
	return info["Server"]["redis_version"], nil
}

// empty removes everything, so that no measurement finds what another has left.
func (s *server) empty(ctx context.Context) error {
	if err := s.rdb.FlushAll(ctx).Err(); err != nil { //nolint:forbidigo // the server is this run's own
		return fmt.Errorf("FLUSHALL: %w", err)
	}
	// The allocator gives back what a large backlog took; not every server can.
	if err := s.rdb.Do(ctx, "MEMORY", "PURGE").Err(); err != nil && ctx.Err() != nil {
		return fmt.Errorf("MEMORY PURGE: %w", err)
	}
	return nil
}

// stop kills the server and removes its folder.
func (s *server) stop() error {
	err := s.rdb.Close()
	select {
	case <-s.exited:
	default:
		err = errors.Join(err, s.proc.Kill())
		<-s.exited
	}
	return errors.Join(err, os.RemoveAll(s.dir))
}
