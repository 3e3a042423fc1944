package embedded

import (
	"slices"
	"strings"
)

// A claim is a parsed XCLAIM.
type claim struct {
	minIdle   int64
	delivered int64 // what the delivery time becomes
	retries   int64 // what the counter becomes, -1 to leave that to justID
	force     bool
	justID    bool
	lastID    entryID
	ids       []entryID
}

// xclaim: XCLAIM key group consumer min-idle id... [IDLE ms] [TIME ms]
// [RETRYCOUNT n] [FORCE] [JUSTID] [LASTID id]
func xclaim(c *call) any {
	s, g, fail := c.b.group(c.args[0], c.args[1])
	switch {
	case fail != nil:
		return fail
	case g == nil:
		return noKeyOrGroup(c.args[0], c.args[1])
	}
	now := c.b.nowMillis()
	cl, fail := parseClaim(c.args[3:], now)
	if fail != nil {
		return fail
	}
	if cl.lastID.compare(g.last) > 0 {
		g.last = cl.lastID
	}
	list := []any{}
	var m *member
	for _, id := range cl.ids {
		e := s.get(id)
		if e == nil {
			g.settle(id) // its payload is gone: Redis 7.0 drops it here
			continue
		}
		p := g.find(id)
		switch {
		case p == nil && !cl.force:
			continue
		case p == nil:
			p = &pending{id: id, deliveries: 1}
			g.pending = slices.Insert(g.pending, g.from(id), p)
		case cl.minIdle > 0 && now-p.delivered < cl.minIdle:
			continue
		}
		if m == nil {
			m = g.member(c.args[2], now)
		}
		p.moveTo(m)
		p.delivered = cl.delivered
		if cl.retries >= 0 {
			p.deliveries = cl.retries
		} else if !cl.justID {
			p.deliveries++
		}
		list = append(list, claimedReply(e, cl.justID))
	}
	return list
}

func claimedReply(e *entry, justID bool) any {
	if justID {
		return e.id.String()
	}
	return entryReply(e)
}

// parseClaim reads what follows the consumer. IDs end where one is no ID.
func parseClaim(args []string, now int64) (*claim, any) {
	cl := &claim{retries: -1, delivered: now}
	n, ok := parseInt(args[0])
	if !ok {
		return nil, failure("ERR Invalid min-idle-time argument for XCLAIM")
	}
	cl.minIdle, args = max(n, 0), args[1:]
	for len(args) > 0 {
		id, ok := parseID(args[0], 0)
		if !ok {
			break
		}
		cl.ids, args = append(cl.ids, id), args[1:]
	}
	for ; len(args) > 0; args = args[1:] {
		switch option := strings.ToLower(args[0]); {
		case option == "force":
			cl.force = true
		case option == "justid":
			cl.justID = true
		case len(args) > 1 && slices.Contains([]string{"idle", "time", "retrycount", "lastid"}, option):
			if fail := cl.set(option, args[1], now); fail != nil {
				return nil, fail
			}
			args = args[1:]
		default:
			return nil, failing("ERR Unrecognized XCLAIM option '", args[0], "'")
		}
	}
	if cl.delivered < 0 || cl.delivered > now {
		cl.delivered = now
	}
	return cl, nil
}

func (cl *claim) set(option, value string, now int64) any {
	if option == "lastid" {
		id, ok := parseID(value, 0)
		if !ok {
			return badID
		}
		cl.lastID = id
		return nil
	}
	n, ok := parseInt(value)
	if !ok {
		return failing("ERR Invalid ", strings.ToUpper(option), " option argument for XCLAIM")
	}
	switch option {
	case "idle":
		cl.delivered = now - n
	case "time":
		cl.delivered = n
	case "retrycount":
		cl.retries = n
	}
	return nil
}
