package stream

import (
	"context"
	"time"
)

var rebaseScript = newScript("rebase", rebaseLua)

// rebasePage is how many pending entries one call looks at.
const rebasePage = 500

// Rebase makes the idle times of the group's pending entries count from now on, where
// they stand still because the server's clock went back (or another server, whose clock
// is behind, took over): XAUTOCLAIM would not find what a dead consumer has until that
// clock has caught up. Nothing changes hands, and no delivery is counted. Consumers call
// it when they begin, and when they see the clock go back. Entries whose payload was
// deleted meanwhile are settled, with a tombstone: their IDs are returned, with an error
// as well. at is the server's time when it was done, from which Reclaiming.NotAfter can be
// reckoned.
func (g *Group) Rebase(ctx context.Context, consumer string) (lost []ID, at time.Time, err error) {
	for from := "-"; ; {
		gone, last, now, err := g.rebaseFrom(ctx, consumer, from)
		lost = append(lost, gone...)
		if err != nil || last == "" {
			return lost, now, g.wrap("look at the idle times of", err)
		}
		from = "(" + last
	}
}

// rebaseFrom does it for the entries from an ID on; last is empty behind the end.
func (g *Group) rebaseFrom(ctx context.Context, consumer, from string) (lost []ID, last string, at time.Time, err error) {
	reply, err := g.run(ctx, rebaseScript, consumer, from, rebasePage)
	if err == nil {
		err = reply.open(3)
	}
	if err == nil {
		last, err = reply.str()
	}
	if err == nil {
		lost, err = reply.idArray()
	}
	if err != nil {
		return lost, "", at, err
	}
	now, err := reply.int()
	return lost, last, time.UnixMilli(now), err
}
