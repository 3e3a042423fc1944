package embedded

import (
	"math"
	"strings"
)

// mostClaimed is a COUNT for whose IDs, 16 bytes each, no machine has addresses.
const mostClaimed = 1 << 43

// xautoclaim: XAUTOCLAIM key group consumer min-idle start [COUNT n] [JUSTID].
// The answer is [next ID to scan or 0-0, what was claimed, what was deleted].
func xautoclaim(c *call) any {
	minIdle, ok := parseInt(c.args[3])
	if !ok {
		return failure("ERR Invalid min-idle-time argument for XAUTOCLAIM")
	}
	start, open, ok := parseBound(c.args[4], 0)
	if !ok {
		return badID
	}
	if open {
		if start, ok = start.next(); !ok {
			return failure("ERR invalid start ID for the interval")
		}
	}
	count, justID := int64(100), false
	for args := c.args[5:]; len(args) > 0; args = args[1:] {
		switch {
		case strings.EqualFold(args[0], "count") && len(args) > 1:
			n, ok := parseInt(args[1])
			if !ok || n < 1 || n > math.MaxInt64/16 {
				return failure("ERR COUNT must be > 0")
			}
			count, args = n, args[1:]
		case strings.EqualFold(args[0], "justid"):
			justID = true
		default:
			return badSyntax
		}
	}
	s, g, fail := c.b.group(c.args[0], c.args[1])
	switch {
	case fail != nil:
		return fail
	case g == nil:
		return noKeyOrGroup(c.args[0], c.args[1])
	case count > mostClaimed:
		return failure("ERR Insufficient memory, failed allocating transient memory, COUNT too high.")
	}
	return s.autoClaim(g, c.args[2], max(minIdle, 0), start, count, justID, c.b.nowMillis())
}

// autoClaim looks at ten times count entries at the most, and stops when it
// has claimed or found deleted as many as count (Redis 7.0).
func (s *stream) autoClaim(g *group, consumer string, minIdle int64, start entryID, count int64, justID bool, now int64) any {
	claimed, deleted := []any{}, []any{}
	var m *member
	i := g.from(start)
	for attempts := count * 10; attempts > 0 && count > 0 && i < len(g.pending); attempts-- {
		p := g.pending[i]
		e := s.get(p.id)
		switch {
		case e == nil:
			deleted = append(deleted, p.id.String())
			g.settle(p.id) // the next one is at i now
			count--
			continue
		case minIdle > 0 && now-p.delivered < minIdle:
			i++
			continue
		}
		if m == nil {
			m = g.member(consumer, now)
		}
		p.moveTo(m)
		p.delivered = now
		if !justID {
			p.deliveries++
		}
		claimed = append(claimed, claimedReply(e, justID))
		count--
		i++
	}
	next := entryID{}
	if i < len(g.pending) {
		next = g.pending[i].id
	}
	return []any{next.String(), claimed, deleted}
}
