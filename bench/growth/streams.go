package growth

import (
	"context"
	"fmt"

	"github.com/leat-io/leat/bench/contender"
	"github.com/leat-io/leat/bench/measure"
	"github.com/leat-io/leat/bench/result"
)

// streamsOf are the streams over which the job's backlog is spread.
func streamsOf(r measure.Request) []contender.Setup {
	var all []contender.Setup
	for i := range r.Job.Streams {
		s := r.Setup()
		s.Queue = fmt.Sprintf("%s-%d", s.Queue, i)
		all = append(all, s)
	}
	return all
}

// streams measures how a backlog that is spread over streams is worked off by one
// process: by one consumer where that can read several streams, else by as many
// consumers as there are streams.
func streams(ctx context.Context, r measure.Request, c contender.Contender) (result.Sample, error) {
	t := measure.NewTally(r.ServerPID, r.Job.N, 0)
	var consumers []measure.Consumer
	if r.Job.Contender == Ours {
		w := worker{addr: r.Addr, group: r.Setup().Group, handle: t.Handle}
		for _, s := range streamsOf(r) {
			w.streams = append(w.streams, s.Queue)
		}
		consumers = append(consumers, w.run)
	} else {
		for _, s := range streamsOf(r) {
			consumers = append(consumers, measure.ConsumerOf(c, s, contender.Work{Handle: t.Handle}))
		}
	}
	return drain(ctx, r, c, t, consumers...)
}
