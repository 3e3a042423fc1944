package demo

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// process is one worker process.
type process struct {
	number int
	name   string // of the consumer in the group
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stderr opening

	expected atomic.Bool // its end is our doing
	up       chan struct{}
	ended    chan struct{} // closed when it has gone and its last record was read
	err      error         // of its end; read after ended
}

func (p *process) pid() int { return p.cmd.Process.Pid }

func (p *process) String() string { return fmt.Sprintf("worker %d (pid %d)", p.number, p.pid()) }

func (p *process) alive() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// forker starts processes from one thread that lives until close: the kernel sends
// the signal that ends the children when the thread that forked ends, not when the
// process does, and threads of the Go runtime come and go.
type forker struct {
	work chan func()
	done sync.WaitGroup
}

func newForker() *forker {
	f := &forker{work: make(chan func())}
	f.done.Go(func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		for do := range f.work {
			do()
		}
	})
	return f
}

// close ends the thread's duty. No child may be left.
func (f *forker) close() {
	close(f.work)
	f.done.Wait()
}

func (f *forker) start(cmd *exec.Cmd) error {
	tie(cmd)
	started := make(chan error)
	f.work <- func() { started <- cmd.Start() }
	return <-started
}

// startWorker starts a worker and gives it its orders. add gets its records.
func (f *forker) startWorker(command []string, number int, o orders, add func(record)) (*process, error) {
	p := &process{
		number: number, name: o.Name, cmd: exec.Command(command[0], command[1:]...), //nolint:noctx // it is killed by hand, and dies with us
		up: make(chan struct{}), ended: make(chan struct{}),
	}
	p.cmd.Stderr = &p.stderr
	failed := func(err error) (*process, error) { return nil, fmt.Errorf("start worker %d: %w", number, err) }
	line, err := json.Marshal(o)
	if err != nil {
		return failed(err)
	}
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		return failed(err)
	}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		return failed(err)
	}
	if err := f.start(p.cmd); err != nil {
		return failed(err)
	}
	go p.read(stdout, add)
	// If that fails the process has ended, and will be asked why.
	_, _ = p.stdin.Write(append(line, '\n'))
	return p, nil
}

// read reads the records to the end, and then waits for the process.
func (p *process) read(stdout io.Reader, add func(record)) {
	defer close(p.ended)
	err := p.readRecords(stdout, add)
	if err != nil {
		_ = p.cmd.Process.Kill() // what it does from now on could not be counted
	}
	p.err = errors.Join(err, p.cmd.Wait())
}

func (p *process) readRecords(stdout io.Reader, add func(record)) error {
	up := sync.OnceFunc(func() { close(p.up) })
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		r, err := parseRecord(lines.Text())
		if err != nil {
			return err
		}
		if r.kind == recordUp {
			up()
			continue
		}
		add(r)
	}
	return lines.Err()
}

// kill sends SIGKILL and waits until the process is gone and its last record read.
func (p *process) kill() {
	p.expected.Store(true)
	_ = p.cmd.Process.Kill() // gone already is as good
	<-p.ended
	_ = p.stdin.Close()
}

// stop lets the worker drain, and kills it when it does not within patience.
func (p *process) stop(patience time.Duration) {
	p.expected.Store(true)
	_ = p.stdin.Close()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-p.ended:
	case <-timer.C:
		p.kill()
	}
}

// signaled tells whether a signal ended the process, and not one of ours.
func (p *process) signaled() bool {
	var exit *exec.ExitError
	return !errors.Is(p.err, errRecord) && errors.As(p.err, &exit) && exit.ExitCode() == -1
}

// opening keeps the first and therefore telling part of what a worker says on
// standard error.
type opening struct {
	mu   sync.Mutex
	text []byte
}

const maxOpening = 2000

// Write takes all and keeps what there is room for.
func (t *opening) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, b[:min(len(b), maxOpening-len(t.text))]...)
	return len(b), nil
}

// line is what was kept, in one line.
func (t *opening) line() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(strings.Split(strings.TrimSpace(string(t.text)), "\n"), "; ")
}
