package command

import (
	"context"
	"os/exec"
	"sync"
	"time"
)

// process is one run of a program and the group that it leads.
type process struct {
	cmd         *exec.Cmd
	killAfter   time.Duration
	started     bool
	interrupted bool // told to stop before it ended; read after run

	mu     sync.Mutex
	over   bool // the group's number may be somebody else's by now
	killer *time.Timer
}

// run starts the program and returns when it has ended, its group is gone and
// its pipes are closed. When ctx ends the group is told to stop.
func (p *process) run(ctx context.Context) error {
	defer tie(p.cmd)()
	if err := p.cmd.Start(); err != nil {
		return err
	}
	p.started = true
	// What interrupt does is harmless when it comes late, so nothing waits for it.
	defer context.AfterFunc(ctx, p.interrupt)()
	return p.wait()
}

// interrupt tells the group to stop, and kills it later.
func (p *process) interrupt() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over {
		return
	}
	p.interrupted = true
	terminate(p.cmd.Process)
	p.killer = time.AfterFunc(p.killAfter, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if !p.over {
			kill(p.cmd.Process)
		}
	})
}

// finish kills what is left of the group, and lets nobody signal it after that.
func (p *process) finish() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.over = true
	if p.killer != nil {
		p.killer.Stop()
	}
	kill(p.cmd.Process)
}
