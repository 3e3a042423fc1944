package growth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/leat-io/leat/bench/contender"
	"github.com/leat-io/leat/bench/measure"
	"github.com/leat-io/leat/bench/result"
)

// progress is what a process of result.GrowProcesses says, a line of JSON each time.
type progress struct {
	Ready   bool `json:"ready"`   // it waits for the line that begins the work
	Ended   bool `json:"ended"`   // it has stopped, and this is final
	Handled int  `json:"handled"` // messages
	// From is when the work was begun, To when the last message was handled, to the
	// millisecond.
	From  time.Time     `json:"from"`
	To    time.Time     `json:"to"`
	Cost  result.Sample `json:"cost"` // a message of this process
	Error string        `json:"error,omitempty"`
}

// progressInterval is how often a process says how far it is.
const progressInterval = time.Millisecond

// Work is one of the processes: it says that it is ready, begins at a line of in,
// consumes until in ends, and writes its progress to out.
func Work(ctx context.Context, r measure.Request, c contender.Contender, in io.Reader, out io.Writer) error {
	say := json.NewEncoder(out)
	if err := say.Encode(progress{Ready: true}); err != nil {
		return fmt.Errorf("say that this process is ready: %w", err)
	}
	if _, err := io.ReadFull(in, make([]byte, 1)); err != nil {
		return fmt.Errorf("wait for the line that begins the work: %w", err)
	}
	told := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, in)
		close(told)
	}()
	t := measure.NewTally(r.ServerPID, math.MaxInt, 0)
	t.Open()
	workers := measure.StartWorkers(ctx, measure.ConsumerOf(c, r.Setup(), contender.Work{Handle: t.Handle}))
	watched := make(chan error, 1)
	ended := make(chan struct{})
	go func() { watched <- watch(t, say, ended) }()
	err := errors.Join(workers.Until(ctx, told), workers.Stop())
	close(ended)
	err = errors.Join(err, <-watched)
	final := progressOf(t)
	final.Ended = true
	if final.Handled > 0 {
		t.Cost(&final.Cost, final.Handled)
	}
	if err != nil {
		final.Error = err.Error()
	}
	return say.Encode(final)
}

// watch says how far the work is when it went on, until ended. What was used up is
// read as often: nobody can know here which message is the last one.
func watch(t *measure.Tally, say *json.Encoder, ended <-chan struct{}) error {
	tick := time.NewTicker(progressInterval)
	defer tick.Stop()
	for seen := 0; ; {
		if n := t.Count(); n != seen {
			seen = n
			t.Close()
			if err := say.Encode(progressOf(t)); err != nil {
				return fmt.Errorf("say how far the work is: %w", err)
			}
		}
		select {
		case <-tick.C:
		case <-ended:
			return nil
		}
	}
}

func progressOf(t *measure.Tally) progress {
	p := progress{Ready: true, Handled: t.Count()}
	if p.Handled > 0 {
		p.From, p.To = t.Span()
	}
	return p
}
