package demo

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// startWorker starts one more worker. One that ends by itself, and by no signal,
// ends the demo by fail.
func (r *run) startWorker(fail context.CancelCauseFunc) (*process, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ending {
		return nil, errEnding
	}
	number := len(r.processes) + 1
	o := r.orders
	o.Name = fmt.Sprintf("worker-%d", number)
	p, err := r.forker.startWorker(r.cfg.Worker, number, o, r.tally.add)
	if err != nil {
		return nil, err
	}
	r.processes = append(r.processes, p)
	go r.watch(p, fail)
	return p, nil
}

var errEnding = errors.New("the demo is ending")

// watch sees to a worker that ends without our doing: a visitor may kill one too.
func (r *run) watch(p *process, fail context.CancelCauseFunc) {
	<-p.ended
	if p.expected.Load() {
		return
	}
	if !p.signaled() {
		fail(fmt.Errorf("%s ended by itself: %w: %s", p, p.end(), p.stderr.line()))
		return
	}
	r.screen.say(yellow, "%s ended, not by our doing: %v", p, p.err)
	if len(r.alive()) == 0 {
		r.replace(fail)
	}
}

// end is why the process ended.
func (p *process) end() error {
	if p.err == nil {
		return errors.New("exit status 0")
	}
	return p.err
}

// replace starts a worker where none is left.
func (r *run) replace(fail context.CancelCauseFunc) {
	p, err := r.startWorker(fail)
	switch {
	case errors.Is(err, errEnding):
	case err != nil:
		fail(err)
	default:
		r.screen.say(plain, "nobody was left, so %s is started", p)
	}
}

// upTime is how long workers may take to connect.
const upTime = 30 * time.Second

// awaitUp waits until all workers are connected.
func (r *run) awaitUp(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, upTime, fmt.Errorf("workers are not up after %s", upTime))
	defer cancel()
	var pids []string
	for _, p := range r.alive() {
		select {
		case <-p.up:
			pids = append(pids, fmt.Sprint(p.pid()))
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	r.screen.say(plain, "workers are up: pid %s", strings.Join(pids, ", "))
	return nil
}

// alive are the processes that have not ended.
func (r *run) alive() []*process {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []*process
	for _, p := range r.processes {
		if p.alive() {
			out = append(out, p)
		}
	}
	return out
}

// end marks that no worker is started any more, and returns all.
func (r *run) end() []*process {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ending = true
	return r.processes
}

// killAll ends all workers at once.
func (r *run) killAll() {
	for _, p := range r.end() {
		p.expected.Store(true)
		_ = p.cmd.Process.Kill() // gone already is as good
	}
	for _, p := range r.end() {
		p.kill()
	}
}

// stopAll lets all workers drain. After it, all their records are in.
func (r *run) stopAll() {
	for _, p := range r.end() {
		p.expected.Store(true)
		_ = p.stdin.Close()
	}
	for _, p := range r.end() {
		p.stop(drainTime + 3*time.Second)
	}
}
