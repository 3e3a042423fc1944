package run

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/leat-io/leat/bench/contender"
	"github.com/leat-io/leat/bench/growth"
	"github.com/leat-io/leat/bench/measure"
	"github.com/leat-io/leat/bench/process"
	"github.com/leat-io/leat/bench/result"
)

// killAfter is how long after its timeout a process is killed: until then it may
// end by itself, and say what was the matter.
const killAfter = 20 * time.Second

// TableKinds are the rows of the table, in its order, and GrowthKinds the growth
// curves.
var (
	TableKinds  = []result.Kind{result.Publish, result.Consume, result.EndToEnd, result.Latency, result.Slow}
	GrowthKinds = []result.Kind{
		result.GrowBacklog, result.GrowPayload, result.GrowPending, result.GrowGroups,
		result.GrowStreams, result.GrowProcesses, result.GrowMemory,
	}
)

// Child does one step, as the process that [Run] starts for it: it reads a
// [measure.Request] from in and writes a [result.Sample] to out, which of a step
// that gives no figures has nothing but an Error.
func Child(ctx context.Context, contenders []Entry, in io.Reader, out io.Writer) error {
	lines := bufio.NewReader(in)
	line, err := lines.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("read the request: %w", err)
	}
	var r measure.Request
	if err := json.Unmarshal(line, &r); err != nil {
		return fmt.Errorf("read the request: %w", err)
	}
	at := slices.IndexFunc(contenders, func(e Entry) bool { return e.name() == r.Job.Contender })
	if at < 0 {
		return fmt.Errorf("no contender %q", r.Job.Contender)
	}
	c := contenders[at].Contender
	ctx, cancel := context.WithTimeout(ctx, r.Timeout)
	defer cancel()
	if r.Step == measure.StepWork {
		return growth.Work(ctx, r, c, lines, out)
	}
	s, err := step(ctx, r, c)
	if err != nil {
		s = result.Sample{Job: r.Job, Error: err.Error()}
	}
	return json.NewEncoder(out).Encode(s)
}

func step(ctx context.Context, r measure.Request, c contender.Contender) (result.Sample, error) {
	fill, do := growth.Fill, growth.Do
	if slices.Contains(TableKinds, r.Job.Kind) {
		fill, do = measure.Fill, measure.Do
	}
	switch r.Step {
	case measure.StepFill:
		return result.Sample{Job: r.Job}, fill(ctx, r, c)
	case measure.StepRefill:
		return result.Sample{Job: r.Job}, growth.Refill(ctx, r, c)
	case measure.StepMeasure:
		return do(ctx, r, c)
	default:
		return result.Sample{}, fmt.Errorf("no step %q", r.Step)
	}
}

// begins tells whether a job needs something to be there before it is measured.
func begins(j result.Job) bool {
	switch j.Kind {
	case result.Publish, result.EndToEnd, result.Latency:
		return false
	case result.GrowPayload:
		return j.What != growth.WhatPublish
	default:
		return true
	}
}

// measure makes one measurement on an empty server, or on one that has what it begins
// with. An error of the contender, or of its process, is in the sample.
func (r *runner) measure(ctx context.Context, j result.Job) result.Sample {
	s, err := r.steps(ctx, j)
	if err != nil {
		return result.Sample{Job: j, Error: err.Error()}
	}
	return s
}

func (r *runner) steps(ctx context.Context, j result.Job) (result.Sample, error) {
	on, first, err := r.serverOf(ctx, j)
	if err != nil {
		return result.Sample{}, err
	}
	request := measure.Request{Job: j, Addr: on.addr, ServerPID: on.pid(), Timeout: timeout(j), Quick: r.opts.Quick}
	if begins(j) {
		request.Step = measure.StepFill
		if !first {
			request.Step = measure.StepRefill
		}
		from := time.Now()
		s, err := child(ctx, request)
		if err == nil && s.Error != "" {
			err = errors.New(s.Error)
		}
		if err != nil {
			return s, errors.Join(fmt.Errorf("make what the measurement begins with: %w", err), r.dropKept(j))
		}
		if first && r.keeps(j) {
			r.filling = time.Since(from)
		}
	}
	request.Step = measure.StepMeasure
	s, err := child(ctx, request)
	if err != nil || s.Error != "" { // nobody knows what is left
		err = errors.Join(err, r.dropKept(j))
	}
	return s, err
}

// keeps tells whether the job has a server of its own: with one round there is nothing
// to be used again.
func (r *runner) keeps(j result.Job) bool { return growth.Keeps(j) && r.opts.Rounds > 1 }

// serverOf is the server for a measurement, and whether it is empty.
func (r *runner) serverOf(ctx context.Context, j result.Job) (on *server, empty bool, err error) {
	if !r.keeps(j) {
		return r.server, true, r.server.empty(ctx)
	}
	if on = r.kept[j]; on != nil {
		return on, false, nil
	}
	if on, err = startServer(ctx); err == nil {
		r.kept[j] = on
	}
	return on, true, err
}

// dropKept stops the job's own server, if it has one.
func (r *runner) dropKept(j result.Job) error {
	on := r.kept[j]
	if on == nil {
		return nil
	}
	delete(r.kept, j)
	return on.stop()
}

// timeout is how long each step of a job may take: far more than it should.
func timeout(j result.Job) time.Duration {
	const patience, slowest = 20 * time.Second, 50_000 // messages a second of the large jobs
	return patience + time.Duration(j.N*max(j.Groups, 1))*time.Second/slowest
}

// child runs a step in a process of its own.
func child(ctx context.Context, r measure.Request) (result.Sample, error) {
	var s result.Sample
	self, err := os.Executable()
	if err != nil {
		return s, fmt.Errorf("find this program: %w", err)
	}
	request, err := json.Marshal(r)
	if err != nil {
		return s, err
	}
	ctx, cancel := context.WithTimeout(ctx, r.Timeout+killAfter)
	defer cancel()
	cmd := exec.CommandContext(ctx, self, measure.Command)
	if r.Job.Kind == result.GrowPending && r.Step == measure.StepMeasure {
		cmd.Env = append(os.Environ(), "GOMAXPROCS="+strconv.Itoa(oneLess(runtime.NumCPU())))
	}
	var output bytes.Buffer
	said := &tail{}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(append(request, '\n')), &output, said
	p, err := process.Start(cmd)
	if err != nil {
		return s, err
	}
	if err := p.Wait(); err != nil {
		if ctx.Err() != nil {
			return s, fmt.Errorf("killed after %s (%w)%s", r.Timeout+killAfter, ctx.Err(), said)
		}
		return s, fmt.Errorf("its process ended: %w%s", err, said)
	}
	if err := json.Unmarshal(output.Bytes(), &s); err != nil {
		return s, fmt.Errorf("read the sample: %w%s", err, said)
	}
	return s, nil
}

// oneLess leaves a core to redis-server, which is busy all the time of a takeover. Where
// it has none a new entry waits for the operating system's scheduler, whose turns last 3
// ms, and nothing else would be measured.
func oneLess(cores int) int { return max(1, cores-1) }

// tail keeps the end of what a process writes: libraries may log without end.
type tail struct{ end []byte }

const tailBytes = 2 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.end = append(t.end, p...)
	if over := len(t.end) - tailBytes; over > 0 {
		t.end = append(t.end[:0], t.end[over:]...)
	}
	return len(p), nil
}

// String is the end as part of an error; empty when nothing was written.
func (t *tail) String() string {
	if said := strings.TrimSpace(string(t.end)); said != "" {
		return ": it said: " + said
	}
	return ""
}
