package growth

import (
	"context"
	"fmt"

	"github.com/leat-io/leat/bench/contender"
	"github.com/leat-io/leat/bench/measure"
	"github.com/leat-io/leat/bench/result"
)

// groupsOf are the groups that read the job's stream.
func groupsOf(r measure.Request) []contender.Setup {
	var all []contender.Setup
	for i := range r.Job.Groups {
		s := r.Setup()
		s.Group = fmt.Sprintf("%s-%d", s.Group, i)
		all = append(all, s)
	}
	return all
}

func fillGroups(ctx context.Context, r measure.Request, c contender.Contender) error {
	setups := groupsOf(r)
	for _, s := range setups[1:] {
		if err := c.Prepare(ctx, s); err != nil {
			return fmt.Errorf("prepare group %s: %w", s.Group, err)
		}
	}
	return fillBacklogs(ctx, r, c, setups[0])
}

// groups measures how several groups, a consumer each, work one stream off at once.
func groups(ctx context.Context, r measure.Request, c contender.Contender) (result.Sample, error) {
	t := measure.NewTally(r.ServerPID, r.Job.N*r.Job.Groups, 0)
	var consumers []measure.Consumer
	for _, s := range groupsOf(r) {
		consumers = append(consumers, measure.ConsumerOf(c, s, contender.Work{Handle: t.Handle}))
	}
	return drain(ctx, r, c, t, consumers...)
}
