package actor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/leat-io/leat/bench/faults/library"
	"github.com/leat-io/leat/internal/history"
	"github.com/leat-io/leat/test/faults/child"
)

func (a *actor) work(ctx context.Context, j library.Job) error {
	if j.AtMostOnce && !a.library.Info().Once {
		return fmt.Errorf("%s cannot settle before it handles", a.library.Info().Name)
	}
	return a.library.Work(ctx, j)
}

// handle is the handler of all libraries. What it notes is on file before it goes on.
func (a *actor) handle(ctx context.Context, data []byte) error {
	id, ok := library.Decode(data)
	if !ok {
		return errors.New("no message of this run")
	}
	if err := a.tell(history.Start, history.Invoke, id); err != nil {
		return err
	}
	busy := time.NewTimer(a.Worker.Busy)
	defer busy.Stop()
	select {
	case <-busy.C:
	case <-ctx.Done():
		return errors.Join(context.Cause(ctx), a.tell(history.Finish, history.Unknown, id))
	}
	if child.TraitsOf(id).Hopeless {
		return errors.Join(fmt.Errorf("%s fails, always", id), a.tell(history.Finish, history.Fail, id))
	}
	return a.tell(history.Finish, history.OK, id)
}

func (a *actor) tell(op history.Op, outcome history.Outcome, id string) error {
	return a.record.Write(history.Record{At: history.Now(), Process: a.Name, Op: op, Outcome: outcome, ID: id})
}
