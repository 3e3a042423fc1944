package growth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"github.com/leat-io/leat/bench/measure"
	"github.com/leat-io/leat/bench/process"
	"github.com/leat-io/leat/bench/result"
)

// consumingProcess is one of the processes that consume together, as seen by the one that
// measures.
type consumingProcess struct {
	*process.Process
	input io.WriteCloser // a line begins the work, its end ends it
	said  progress
}

// news is what one of the processes has said, or why it says nothing more.
type news struct {
	from int
	said progress
	err  error
}

// processes measures how a backlog is worked off by several processes at once. They
// begin together, and their clocks are the same.
func processes(ctx context.Context, r measure.Request) (result.Sample, error) {
	s := result.Sample{Job: r.Job}
	all := make([]*consumingProcess, r.Job.Processes)
	heard := make(chan news)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer func() {
		for _, p := range all {
			if p != nil {
				_ = p.Kill()
				_ = p.Wait()
			}
		}
	}()
	for i := range all {
		var err error
		if all[i], err = startProcess(ctx, r, i, heard); err != nil {
			return s, err
		}
	}
	if err := listen(ctx, all, heard, func() bool { return every(all, func(p progress) bool { return p.Ready }) }); err != nil {
		return s, fmt.Errorf("wait until all processes are ready: %w", err)
	}
	server := measure.ServerCPU(r.ServerPID)
	for _, p := range all {
		if _, err := io.WriteString(p.input, "\n"); err != nil {
			return s, fmt.Errorf("tell a process to begin: %w", err)
		}
	}
	if err := listen(ctx, all, heard, func() bool { return handled(all) >= r.Job.N }); err != nil {
		return s, fmt.Errorf("%d of %d messages handled: %w", handled(all), r.Job.N, err)
	}
	server = measure.ServerCPU(r.ServerPID) - server
	for _, p := range all {
		_ = p.input.Close()
	}
	if err := listen(ctx, all, heard, func() bool { return every(all, func(p progress) bool { return p.Ended }) }); err != nil {
		return s, fmt.Errorf("wait until all processes have ended: %w", err)
	}
	if err := measure.Settled(ctx, r.Addr); err != nil {
		return s, err
	}
	return together(s, all, server)
}

// startProcess starts one of the processes, and passes on what it says.
func startProcess(ctx context.Context, r measure.Request, index int, heard chan<- news) (*consumingProcess, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	r.Step = measure.StepWork
	request, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	p, cmd := &consumingProcess{}, exec.CommandContext(ctx, self, measure.Command)
	cmd.Stderr = os.Stderr
	output, err := cmd.StdoutPipe()
	if err == nil {
		p.input, err = cmd.StdinPipe()
	}
	if err == nil {
		p.Process, err = process.Start(cmd)
	}
	if err != nil {
		return nil, fmt.Errorf("start process %d: %w", index, err)
	}
	go pass(ctx, output, index, heard)
	if _, err := p.input.Write(append(request, '\n')); err != nil {
		return p, fmt.Errorf("tell process %d what to do: %w", index, err)
	}
	return p, nil
}

// pass tells heard what a process says, to its end.
func pass(ctx context.Context, output io.Reader, index int, heard chan<- news) {
	lines := json.NewDecoder(output)
	for {
		n := news{from: index}
		n.err = lines.Decode(&n.said)
		select {
		case heard <- n:
		case <-ctx.Done():
			return
		}
		if n.err != nil || n.said.Ended {
			return
		}
	}
}

// listen waits until enough is true, which is asked after each news.
func listen(ctx context.Context, all []*consumingProcess, heard <-chan news, enough func() bool) error {
	for !enough() {
		select {
		case n := <-heard:
			switch {
			case n.err != nil:
				return fmt.Errorf("process %d: %w", n.from, n.err)
			case n.said.Error != "":
				return fmt.Errorf("process %d: %w", n.from, errors.New(n.said.Error))
			}
			all[n.from].said = n.said
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func every(all []*consumingProcess, holds func(progress) bool) bool {
	for _, p := range all {
		if !holds(p.said) {
			return false
		}
	}
	return true
}

func handled(all []*consumingProcess) (n int) {
	for _, p := range all {
		n += p.said.Handled
	}
	return n
}

// together puts into one sample what the processes needed, from when the first was
// told to begin to the last message.
func together(s result.Sample, all []*consumingProcess, server time.Duration) (result.Sample, error) {
	var from, to time.Time
	for _, p := range all {
		if p.said.Handled == 0 {
			continue // the others were faster
		}
		if from.IsZero() || p.said.From.Before(from) {
			from = p.said.From
		}
		if p.said.To.After(to) {
			to = p.said.To
		}
		part := float64(p.said.Handled) / float64(s.N)
		s.ClientMicro += p.said.Cost.ClientMicro * part
		s.Allocs += p.said.Cost.Allocs * part
		s.AllocBytes += p.said.Cost.AllocBytes * part
		s.PeakRSS = max(s.PeakRSS, p.said.Cost.PeakRSS)
	}
	s.Took = to.Sub(from)
	s.PerSecond = float64(s.N) / s.Took.Seconds()
	s.ServerMicro = float64(server) / float64(time.Microsecond) / float64(s.N)
	s.Duplicates = handled(all) - s.N
	return s, nil
}
