package crew

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/leat-io/leat/internal/history"
	"github.com/leat-io/leat/test/faults/child"
)

// Process is one child.
type Process struct {
	Task child.Task

	cmd    *exec.Cmd
	stderr opening
	ended  chan struct{}
	err    error // of its end; read after ended

	mu       sync.Mutex
	expected bool // its end is our doing
}

// spawn starts a child that does task, which is in its environment.
func spawn(f *forker, cmd *exec.Cmd, task child.Task) (*Process, error) {
	told, err := task.Environment()
	if err != nil {
		return nil, err
	}
	p := &Process{Task: task, cmd: cmd, ended: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), told)
	p.cmd.Stderr = &p.stderr
	if err := f.start(p.cmd); err != nil {
		return nil, fmt.Errorf("start %s: %w", task.Name, err)
	}
	go p.wait()
	return p, nil
}

// wait waits for the end of the process.
func (p *Process) wait() {
	p.err = p.cmd.Wait()
	close(p.ended)
}

// Name is the process' name.
func (p *Process) Name() string { return p.Task.Name }

// Ended is closed when the process has gone.
func (p *Process) Ended() <-chan struct{} { return p.ended }

// Alive tells whether the process has not gone, standing still or not.
func (p *Process) Alive() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// Worked tells whether the process has written down more than that it began.
func (p *Process) Worked() bool {
	const beginning = 200 // bytes
	info, err := os.Stat(p.Task.History)
	return err == nil && info.Size() > beginning
}

// begun waits until the process has begun: before that it does not know what SIGTERM asks of it.
func (p *Process) begun(patience time.Duration) {
	for end := time.Now().Add(patience); time.Now().Before(end); {
		if info, err := os.Stat(p.Task.History); err == nil && info.Size() > 0 {
			return
		}
		select {
		case <-p.ended:
			return
		case <-time.After(time.Millisecond):
		}
	}
}

// signal sends a signal to a process, which may have gone by itself.
func (p *Process) signal(sig syscall.Signal) error {
	if err := p.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("send %v to %s: %w", sig, p.Name(), err)
	}
	return nil
}

func (p *Process) expect() {
	p.mu.Lock()
	p.expected = true
	p.mu.Unlock()
}

func (p *Process) wasExpected() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.expected
}

// diedByItself tells whether a signal ended the process that it sent itself: it has noted that before, and other handlers of it may
// have noted something since.
func (p *Process) diedByItself() bool {
	records, err := history.Read(p.Task.History)
	return err == nil && slices.ContainsFunc(records, func(r history.Record) bool { return r.Op == history.Crash && r.Process == p.Name() })
}

// await waits for the end of the process, and kills it after patience.
func (p *Process) await(patience time.Duration) error {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-p.ended:
	case <-timer.C:
		_ = p.signal(syscall.SIGKILL)
		<-p.ended
		return fmt.Errorf("%s did not end within %s of being told to%s", p.Name(), patience, p.said())
	}
	if p.err != nil {
		return fmt.Errorf("%s ended with %w%s", p.Name(), p.err, p.said())
	}
	return nil
}

// said is what the process wrote to its standard error, for messages.
func (p *Process) said() string {
	if text := p.stderr.line(); text != "" {
		return ": " + text
	}
	return ""
}

// opening keeps the first and therefore telling part of what a child says on standard error.
type opening struct {
	mu   sync.Mutex
	text []byte
}

const maxOpening = 4000

// Write takes all and keeps what there is room for.
func (t *opening) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, b[:min(len(b), maxOpening-len(t.text))]...)
	return len(b), nil
}

func (t *opening) line() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(strings.Split(strings.TrimSpace(string(t.text)), "\n"), "; ")
}
