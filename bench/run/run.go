package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/leat-io/leat/bench/contender"
	"github.com/leat-io/leat/bench/result"
)

// Entry is a contender and what it takes part in.
type Entry struct {
	Contender contender.Contender
	// Kinds of work; all when it is empty.
	Kinds []result.Kind
}

func (e Entry) name() string { return e.Contender.Info().Name }

func (e Entry) does(k result.Kind) bool { return len(e.Kinds) == 0 || slices.Contains(e.Kinds, k) }

// Options are what a run is made of.
type Options struct {
	Contenders []Entry
	// Rounds of the table, and of the points of growth curves that a goal is about; the
	// others have one.
	Rounds int
	// Kinds of work are the rows and curves to measure; all when it is empty.
	Kinds []result.Kind
	// Budget is how long the run may take. When there is not enough of it, windows
	// become shorter, then growth rounds are left out, and the notes of the run say so.
	Budget time.Duration
	// Quick makes a smoke run: everything is tried, with few messages, and the figures
	// mean nothing.
	Quick bool
	// Progress is told what is done, a line each.
	Progress io.Writer
}

// reserve is the part of the budget that is kept for what comes behind the
// measurements: the report with its charts.
const reserve = 15 * time.Second

// runner is a run under way.
type runner struct {
	opts    Options
	server  *server
	began   time.Time
	tuning  map[result.Job]*tuned // by place
	failed  map[result.Job]int    // by place: failures so far
	costs   map[result.Job]time.Duration
	samples []result.Sample
	notes   []string
	window  time.Duration // how long a measurement of the table is to last
	// kept are servers that have what a job begins with: see growth.Keeps.
	kept    map[result.Job]*server
	filling time.Duration // of the last measurement: what is not to be done again
}

// Run makes a run. It returns an error when it cannot go on, or ctx ends: what a
// contender does wrong is in the samples.
func Run(ctx context.Context, opts Options) (run result.Run, err error) {
	r := &runner{
		opts: opts, began: time.Now(), window: nominalWindow,
		tuning: map[result.Job]*tuned{}, failed: map[result.Job]int{}, costs: map[result.Job]time.Duration{},
		kept: map[result.Job]*server{},
	}
	run = result.Run{Began: r.began, Rounds: opts.Rounds, Machine: machine(), Commit: commit(ctx)}
	run.Contenders = describe(opts.Contenders, run.Commit)
	if r.server, err = startServer(ctx); err != nil {
		return run, err
	}
	defer func() {
		for _, s := range r.kept {
			err = errors.Join(err, s.stop())
		}
		err = errors.Join(err, r.server.stop())
	}()
	if run.Machine.Redis, err = r.server.version(ctx); err != nil {
		return run, err
	}
	r.say("redis-server %s on %s, %s budget", run.Machine.Redis, r.server.addr, opts.Budget)
	for _, part := range []func(context.Context) error{r.calibrate, r.table, r.growth} {
		if err := part(ctx); err != nil {
			return run, err
		}
	}
	run.Samples, run.Notes, run.Took = r.samples, r.notes, time.Since(r.began)
	return run, nil
}

// wanted tells whether the kind is to be measured.
func (r *runner) wanted(k result.Kind) bool {
	return len(r.opts.Kinds) == 0 || slices.Contains(r.opts.Kinds, k)
}

// left is how much of the budget is there for measurements.
func (r *runner) left() time.Duration {
	return r.opts.Budget - min(reserve, r.opts.Budget/10) - time.Since(r.began)
}

// say writes a line of progress, with the time that is left.
func (r *runner) say(format string, args ...any) {
	left := max(r.opts.Budget-time.Since(r.began), 0).Round(time.Second)
	fmt.Fprintf(r.opts.Progress, "%6s left  %s\n", left, fmt.Sprintf(format, args...))
}

// note is said, and becomes part of the report.
func (r *runner) note(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	r.say("note: %s", text)
	r.notes = append(r.notes, text)
}

// giveUpAfter is how often a contender may fail at a piece of work: each failure
// may take until a timeout.
const giveUpAfter = 2

// givenUp tells whether nothing more of that place is to be tried.
func (r *runner) givenUp(place result.Job) bool { return r.failed[place] >= giveUpAfter }

// do measures a job and learns from it what it costs. place is what the job is a
// measurement of.
func (r *runner) do(ctx context.Context, j, place result.Job, what string) (result.Sample, error) {
	from := time.Now()
	r.filling = 0
	s := r.measure(ctx, j)
	if ctx.Err() != nil {
		return s, fmt.Errorf("the run was stopped: %w", context.Cause(ctx))
	}
	r.costs[place] = time.Since(from) - r.filling
	if s.Error == "" {
		r.say("%s %s", what, figures(s))
		return s, nil
	}
	r.say("%s failed: %s", what, s.Error)
	if r.failed[place]++; r.givenUp(place) {
		r.note("%s: given up after %d failures; the last one: %s", name(place), giveUpAfter, s.Error)
	}
	return s, nil
}

// figures are a sample in a few words.
func figures(s result.Sample) string {
	text := fmt.Sprintf("%.0f/s (%d in %s)", s.PerSecond, s.N, s.Took.Round(time.Millisecond))
	if s.P99 > 0 {
		text += fmt.Sprintf(", p50 %s, p99 %s", s.P50.Round(time.Microsecond), s.P99.Round(time.Microsecond))
	}
	return text
}

// name is a job in a few words.
func name(j result.Job) string {
	text := fmt.Sprintf("%-10s %-21s", j.Kind, j.Contender)
	if j.What != "" {
		text += " " + j.What
	}
	for _, part := range []struct {
		label string
		n     int
	}{{"concurrency", j.Concurrency}, {"groups", j.Groups}, {"streams", j.Streams}, {"processes", j.Processes}} {
		if part.n > 0 {
			text += fmt.Sprintf(" %s %d", part.label, part.n)
		}
	}
	if !slices.Contains(TableKinds, j.Kind) {
		text += fmt.Sprintf(" n %d of %d B", j.N, j.Payload)
	}
	return text
}
