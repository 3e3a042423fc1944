package stream

import "context"

var rebaseScript = newScript("rebase", rebaseLua)

// rebasePage is how many pending entries one call looks at.
const rebasePage = 500

// Rebase makes the idle times of the group's pending entries count from now on, where
// they stand still because the server's clock went back (or another server, whose clock
// is behind, took over): XAUTOCLAIM would not find what a dead consumer has until that
// clock has caught up. Nothing changes hands, and no delivery is counted. Consumers call
// it when they begin, and when they see the clock go back. Entries whose payload was
// deleted meanwhile are settled, with a tombstone: their IDs are returned, with an error
// as well.
func (g *Group) Rebase(ctx context.Context, consumer string) (lost []ID, err error) {
	for from := "-"; ; {
		reply, err := g.run(ctx, rebaseScript, consumer, from, rebasePage)
		last := ""
		if err == nil {
			err = reply.open(2)
		}
		if err == nil {
			last, err = reply.str()
		}
		var gone []ID
		if err == nil {
			gone, err = reply.idArray()
		}
		lost = append(lost, gone...)
		if err != nil || last == "" {
			return lost, g.wrap("look at the idle times of", err)
		}
		from = "(" + last
	}
}
