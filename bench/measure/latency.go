package measure

import (
	"context"
	"fmt"

	"github.com/leat-io/leat/bench/contender"
	"github.com/leat-io/leat/bench/result"
)

// flowWarmUp is how many events of a flow are not counted.
const flowWarmUp = 100

// latency measures a flow of r.Job.N events, from the time each was due to be sent
// to its handler's call.
func latency(ctx context.Context, r Request, c contender.Contender) (result.Sample, error) {
	s := result.Sample{Job: r.Job}
	if err := c.Prepare(ctx, r.Setup()); err != nil {
		return s, fmt.Errorf("prepare: %w", err)
	}
	flow, window := NewFlow(flowWarmUp, r.Job.N, r.Job.Payload), Window{ServerPID: r.ServerPID}
	work := contender.Work{Concurrency: r.Job.Concurrency, Handle: func(data []byte) { flow.Handle(data) }}
	workers := StartWorkers(ctx, ConsumerOf(c, r.Setup(), work))
	err := publishing(ctx, c, r.Setup(), func(p contender.Publisher) error {
		if err := flow.Publish(ctx, p, nil, window.Open); err != nil {
			return err
		}
		return workers.Until(ctx, flow.All)
	})
	window.Close()
	if stopErr := workers.Stop(); err == nil {
		err = stopErr
	}
	if err != nil {
		return s, fmt.Errorf("%d events handled: %w", flow.handled.Load(), err)
	}
	window.Cost(&s, r.Job.N)
	flow.Quantiles(&s)
	return s, Settled(ctx, r.Addr)
}
