package nemesis

import (
	"context"
	"errors"
	"os/exec"

	"github.com/leat-io/leat/test/faults/crew"
)

// KillWorker kills a worker (SIGKILL) and starts another one in its place.
var KillWorker = Fault{Name: "kill", Do: func(_ context.Context, a *Arena) error {
	p := a.victim()
	if p == nil {
		return nil
	}
	if err := a.Crew.Kill(p); err != nil {
		return err
	}
	return replace(a.Crew.AddWorker())
}}

// StopWorker makes a worker stand still (SIGSTOP), most times for longer than its lease, and lets it go on.
var StopWorker = Fault{Name: "stop", Do: func(ctx context.Context, a *Arena) error {
	p := a.victim()
	if p == nil {
		return nil
	}
	if err := a.Crew.Stop(p); err != nil {
		return err
	}
	wait(ctx, a.leases(0.3, 2.5))
	return a.Crew.Continue(p)
}}

// TermWorker tells a worker to end (SIGTERM), starts another one, and waits until it has.
var TermWorker = Fault{Name: "term", Do: func(_ context.Context, a *Arena) error {
	p := a.victim()
	if p == nil {
		return nil
	}
	if err := replace(a.Crew.AddWorker()); err != nil {
		return err
	}
	err := a.Crew.Term(p, a.Patience)
	var exit *exec.ExitError
	if a.LaxExit && errors.As(err, &exit) {
		return nil
	}
	return err
}}

// Farewell makes a worker stand still (SIGSTOP) for longer than its lease and tells it to end meanwhile: what it hands back when it
// goes on is others' by then.
var Farewell = Fault{Name: "farewell", Do: func(ctx context.Context, a *Arena) error {
	p := a.victim()
	if p == nil {
		return nil
	}
	if err := replace(a.Crew.AddWorker()); err != nil {
		return err
	}
	if err := a.Crew.Stop(p); err != nil {
		return err
	}
	wait(ctx, a.leases(1.2, 2.5))
	ended := make(chan error, 1)
	go func() { ended <- a.Crew.Term(p, a.Patience) }()
	wait(ctx, a.leases(0, 0.2)) // the signal waits for it, or it for the signal
	return errors.Join(a.Crew.Continue(p), <-ended)
}}

// KillProducer kills a producer and starts another one in its place.
var KillProducer = Fault{Name: "kill-producer", Do: func(_ context.Context, a *Arena) error {
	producers := a.Crew.Producers()
	if len(producers) == 0 {
		return nil
	}
	if err := a.Crew.Kill(producers[a.Pick(len(producers))]); err != nil {
		return err
	}
	return replace(a.Crew.AddProducer())
}}

// replace is the error of a start, if it is one: a run that is ending replaces nobody.
func replace(_ *crew.Process, err error) error {
	if crew.IsEnding(err) {
		return nil
	}
	return err
}
