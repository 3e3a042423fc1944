package growth

import (
	"context"
	"fmt"

	"github.com/leat-io/leat/bench/contender"
	"github.com/leat-io/leat/bench/measure"
	"github.com/leat-io/leat/bench/result"
)

// Fill makes what the job's measurement begins with.
func Fill(ctx context.Context, r measure.Request, c contender.Contender) error {
	switch r.Job.Kind {
	case result.GrowPayload:
		if r.Job.What == WhatPublish {
			return nil
		}
	case result.GrowGroups:
		return fillGroups(ctx, r, c)
	case result.GrowStreams:
		return fillBacklogs(ctx, r, c, streamsOf(r)...)
	case result.GrowProcesses:
		return measure.Backlog(ctx, c, r.Setup(), r.Job.N, r.Job.Payload)
	case result.GrowPending:
		return fillPending(ctx, r, c)
	case result.GrowMemory:
		return fillRetry(ctx, r, c)
	case result.GrowBacklog:
		return fillLengths(ctx, r, c)
	}
	return fillBacklogs(ctx, r, c, r.Setup())
}

// Refill makes what the measurement begins with of what one before has left, for jobs
// that [Keeps] says yes to.
func Refill(ctx context.Context, r measure.Request, c contender.Contender) error {
	switch r.Job.Kind {
	case result.GrowBacklog:
		return rewind(ctx, r)
	case result.GrowPending:
		return refillPending(ctx, r, c)
	case result.GrowMemory:
		return publishFresh(ctx, r, c)
	default:
		return fmt.Errorf("nothing of %s is used again", r.Job.Kind)
	}
}

// Do measures one point of a curve.
func Do(ctx context.Context, r measure.Request, c contender.Contender) (result.Sample, error) {
	switch r.Job.Kind {
	case result.GrowBacklog:
		return lengths(ctx, r, c)
	case result.GrowPayload:
		if r.Job.What == WhatPublish {
			return measure.Publish(ctx, r, c)
		}
		return backlog(ctx, r, c)
	case result.GrowGroups:
		return groups(ctx, r, c)
	case result.GrowStreams:
		return streams(ctx, r, c)
	case result.GrowProcesses:
		return processes(ctx, r)
	case result.GrowPending:
		return pending(ctx, r, c)
	case result.GrowMemory:
		return retrySet(ctx, r, c)
	default:
		return result.Sample{Job: r.Job}, fmt.Errorf("no growth curve: %s", r.Job.Kind)
	}
}
