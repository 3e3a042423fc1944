package redistest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// Ports are taken from below the ranges that kernels use for outgoing connections (from 32768 on Linux, from 49152 on Darwin):
// a client's own end of a connection cannot take the port of a server that is just being restarted.
const (
	firstPort = 15000
	lastPort  = 32000
)

const loopback = "127.0.0.1"

// port is a TCP port reserved for one server, also while that server is down: a lock file keeps other test binaries of this
// user off it, and the kernel drops the lock when the binary dies.
type port struct {
	number int
	lock   *os.File
}

// reservePort reserves a port that nobody listens on.
func reservePort() (*port, error) {
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("leat-redis-ports-%d", os.Getuid()))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("redistest: reserve a port: %w", err)
	}
	const attempts = 1000
	for range attempts {
		number := firstPort + rand.IntN(lastPort-firstPort)
		lock, err := os.OpenFile(filepath.Join(dir, strconv.Itoa(number)), os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return nil, fmt.Errorf("redistest: reserve a port: %w", err)
		}
		p := &port{number: number, lock: lock}
		if syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil && p.free() {
			return p, nil
		}
		p.release()
	}
	return nil, errors.New("redistest: reserve a port: none is free")
}

func (p *port) free() bool {
	l, err := net.Listen("tcp", p.addr())
	if err != nil {
		return false
	}
	_ = l.Close()
	return true
}

func (p *port) addr() string { return net.JoinHostPort(loopback, strconv.Itoa(p.number)) }

// release gives the port back; nil is allowed. The lock file stays: removing it would let two binaries hold locks on two files
// of the same name.
func (p *port) release() {
	if p != nil {
		_ = p.lock.Close()
	}
}
