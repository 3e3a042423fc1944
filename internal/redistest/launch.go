package redistest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// startTimeout bounds a start, loading the data included. Machines that run tests are busy ones.
	startTimeout = 60 * time.Second
	// startAttempts bounds how often another program may be quicker to take the port.
	startAttempts = 5
	// pollInterval is the pause between two looks at a server that is not ready.
	pollInterval = 5 * time.Millisecond
)

// errAddressInUse is a start that failed because something else listens on the port.
var errAddressInUse = errors.New("address already in use")

// newInstance makes the folder and what has to be in it; launch starts the server.
func newInstance(opts ...Option) (*instance, error) {
	in := &instance{}
	for _, o := range opts {
		o(&in.set)
	}
	var err error
	if in.binary, err = findServer(in.set.binary); err != nil {
		return nil, err
	}
	// Not t.TempDir: a unix socket's path is at most 104 bytes long, and test names are not.
	if in.dir, err = os.MkdirTemp("", "leat-redis-"); err != nil {
		return nil, fmt.Errorf("redistest: make a folder: %w", err)
	}
	if in.set.tls {
		if in.certs, err = makeCertificates(filepath.Join(in.dir, "tls")); err != nil {
			in.discard()
			return nil, err
		}
	}
	in.setCredentials()
	return in, nil
}

func (in *instance) setCredentials() {
	if in.set.password != "" {
		in.client.password = in.set.password
		in.admin = in.client
	}
	if len(in.set.users) > 0 {
		in.client = credentials{in.set.users[0].name, in.set.users[0].password}
		in.admin = credentials{"redistest-admin", rand.Text()}
	}
}

// launch starts the server and waits until it is ready. On its first start it may choose another port when somebody was
// quicker; later it has to have the one that clients know.
func (in *instance) launch() error {
	in.mu.Lock()
	defer in.mu.Unlock()
	first := in.process == nil
	var err error
	for range startAttempts {
		if first {
			if err := in.prepare(); err != nil {
				return err
			}
		}
		if err = in.launchOnce(); !errors.Is(err, errAddressInUse) {
			return err
		}
	}
	return err
}

// prepare reserves ports and writes the configuration for them.
func (in *instance) prepare() error {
	var err error
	if !in.set.unix {
		in.port.release()
		if in.port, err = reservePort(); err != nil {
			return err
		}
	}
	if in.set.cluster {
		in.busPort.release()
		if in.busPort, err = reservePort(); err != nil {
			return err
		}
	}
	return in.writeConfig()
}

func (in *instance) launchOnce() error {
	logged := in.logSize()
	args := []string{in.configPath()}
	if in.mode != "" {
		args = append(args, in.mode)
	}
	p, err := startProcess(in.logPath(), in.binary, args...)
	if err != nil {
		return fmt.Errorf("redistest: start %s: %w", in.binary, err)
	}
	in.process = p
	err = in.awaitReady(p)
	if err == nil {
		return nil
	}
	_ = p.end(syscall.SIGKILL, stopTimeout)
	tail := in.logTail(logged)
	if strings.Contains(tail, "Address already in use") {
		return fmt.Errorf("redistest: start %s at %s: %w", in.binary, in.Addr(), errAddressInUse)
	}
	return fmt.Errorf("redistest: start %s at %s: %w; the end of its log:\n%s", in.binary, in.Addr(), err, tail)
}

// awaitReady waits until p, and no other server, answers PING, which it refuses while it loads its data.
func (in *instance) awaitReady(p *process) error {
	return in.withClient(startTimeout, func(ctx context.Context, c *redis.Client) error {
		var last error
		for {
			if last = in.isReady(ctx, c, p.pid()); last == nil {
				return nil
			}
			select {
			case <-p.gone:
				return fmt.Errorf("the process ended: %w", p.err)
			case <-ctx.Done():
				return fmt.Errorf("not ready after %v: %w", startTimeout, last)
			case <-time.After(pollInterval):
			}
		}
	})
}

func (in *instance) isReady(ctx context.Context, c *redis.Client, pid int) error {
	// go-redis logs every dial that fails, so it is asked only when somebody listens.
	conn, err := new(net.Dialer).DialContext(ctx, c.Options().Network, in.Addr())
	if err != nil {
		return err
	}
	_ = conn.Close()
	if err := c.Ping(ctx).Err(); err != nil {
		return err
	}
	info, err := c.Info(ctx, "server").Result()
	if err != nil {
		return err
	}
	if !strings.Contains(info, fmt.Sprintf("process_id:%d\r\n", pid)) {
		return errors.New("another server answers on this address")
	}
	return nil
}

// discard ends the server and removes what it leaves.
func (in *instance) discard() {
	in.mu.Lock()
	defer in.mu.Unlock()
	_ = in.process.end(syscall.SIGKILL, stopTimeout)
	in.port.release()
	in.busPort.release()
	_ = os.RemoveAll(in.dir)
}
