package stream

import (
	"context"
	"time"
)

// GroupInfo is what XINFO GROUPS and the group's own keys say of it.
type GroupInfo struct {
	// Name is the group's.
	Name string `json:"name"`
	// Consumers are names that the group knows, Parked among them.
	Consumers int `json:"consumers"`
	// Pending are entries delivered and not settled, those that wait for their
	// next try included.
	Pending int `json:"pending"`
	// LastDelivered is the ID up to which entries have been delivered.
	LastDelivered ID `json:"last_delivered"`
	// Lag are entries not delivered yet; -1 when Redis does not know, which is
	// so after an entry that was not delivered has been deleted.
	Lag int `json:"lag"`
	// Waiting are the entries in the retry set, Dead the dead letters in the
	// group's own dead-letter stream.
	Waiting int `json:"waiting"`
	Dead    int `json:"dead"`
}

// Groups lists the groups of a stream.
func (c *Conn) Groups(ctx context.Context, stream string) ([]GroupInfo, error) {
	if _, err := KeysOf(stream); err != nil {
		return nil, err
	}
	reply, err := c.do(ctx, stream, "XINFO", "GROUPS", stream)
	if err != nil {
		return nil, wrapStream("list groups of", stream, err)
	}
	n, _, err := reply.array()
	infos := make([]GroupInfo, 0, n)
	for range n {
		info := GroupInfo{Lag: -1}
		if err = reply.record(info.set); err != nil {
			return nil, wrapStream("list groups of", stream, err)
		}
		infos = append(infos, info)
	}
	for i := range infos {
		g, err := c.Group(stream, infos[i].Name, DeadLetter{})
		if err == nil {
			err = g.count(ctx, &infos[i])
		}
		if err != nil {
			return nil, err
		}
	}
	return infos, wrapStream("list groups of", stream, err)
}

func (i *GroupInfo) set(name string, value []byte, ok bool) {
	switch name {
	case "name":
		i.Name = string(value)
	case "consumers":
		i.Consumers = atoi(value)
	case "pending":
		i.Pending = atoi(value)
	case "last-delivered-id":
		i.LastDelivered, _ = parseID(value)
	case "lag":
		if ok {
			i.Lag = atoi(value)
		}
	}
}

// Time is the clock of the server that has the stream (TIME).
func (g *Group) Time(ctx context.Context) (time.Time, error) {
	reply, err := g.conn.do(ctx, g.keys.Stream, "TIME")
	if err != nil {
		return time.Time{}, g.wrap("ask for the time of the server of", err)
	}
	now, err := reply.ints()
	if err == nil && len(now) != 2 {
		err = reply.fail("no time")
	}
	if err != nil {
		return time.Time{}, g.wrap("ask for the time of the server of", err)
	}
	return time.Unix(now[0], now[1]*1000), nil
}

// Info is what is known of the group. Its error is of [ClassNoGroup] when the
// stream or the group is not there.
func (g *Group) Info(ctx context.Context) (GroupInfo, error) {
	info, err := g.info(ctx)
	if err == nil {
		err = g.count(ctx, &info)
	}
	return info, err
}

// info is Info without what is beside the stream.
func (g *Group) info(ctx context.Context) (GroupInfo, error) {
	reply, err := g.conn.do(ctx, g.keys.Stream, "XINFO", "GROUPS", g.keys.Stream)
	if err != nil {
		if Code(err) == "ERR" { // "no such key"
			err = noGroup(g)
		}
		return GroupInfo{}, g.wrap("inspect", err)
	}
	n, _, err := reply.array()
	for range n {
		info := GroupInfo{Lag: -1}
		if err = reply.record(info.set); err != nil {
			return GroupInfo{}, g.wrap("inspect", err)
		}
		if info.Name == g.name {
			return info, nil
		}
	}
	if err == nil {
		err = noGroup(g)
	}
	return GroupInfo{}, g.wrap("inspect", err)
}

func noGroup(g *Group) error {
	return ServerError("NOGROUP no consumer group " + g.name + " of stream " + g.keys.Stream)
}

// count adds what is beside the stream.
func (g *Group) count(ctx context.Context, info *GroupInfo) error {
	replies, errs := g.conn.pipeline(ctx, g.keys.Stream, [][]any{{"ZCARD", g.retryKey}, {"XLEN", g.deadKey}})
	for i, to := range []*int{&info.Waiting, &info.Dead} {
		if errs[i] != nil {
			return g.wrap("inspect", errs[i])
		}
		n, err := replies[i].int()
		if err != nil {
			return g.wrap("inspect", err)
		}
		*to = int(n)
	}
	return nil
}

// PendingQuery says which pending entries are wanted.
type PendingQuery struct {
	// Consumer limits them to one consumer's; empty for all.
	Consumer string
	// From is the first ID that counts.
	From ID
	// Count is the number wanted at the most; 100 when 0.
	Count int
}

// PendingEntry is one row of XPENDING.
type PendingEntry struct {
	ID       ID     `json:"id"`
	Consumer string `json:"consumer"`
	// Idle is the time since it was delivered, or its lease extended.
	Idle       time.Duration `json:"idle"`
	Deliveries int           `json:"deliveries"`
}

// Pending lists pending entries in the order of their IDs (XPENDING).
func (g *Group) Pending(ctx context.Context, q PendingQuery) ([]PendingEntry, error) {
	if q.Count == 0 {
		q.Count = 100
	}
	args := []any{"XPENDING", g.keys.Stream, g.name, q.From.String(), "+", q.Count}
	if q.Consumer != "" {
		args = append(args, q.Consumer)
	}
	reply, err := g.conn.do(ctx, g.keys.Stream, args...)
	if err != nil {
		return nil, g.wrap("list pending entries of", err)
	}
	n, _, err := reply.array()
	rows := make([]PendingEntry, 0, n)
	for range n {
		var row PendingEntry
		if row, err = reply.pendingRow(); err != nil {
			return nil, g.wrap("list pending entries of", err)
		}
		rows = append(rows, row)
	}
	return rows, g.wrap("list pending entries of", err)
}

func (c *cursor) pendingRow() (row PendingEntry, err error) {
	if err = c.open(4); err != nil {
		return row, err
	}
	if row.ID, err = c.id(); err != nil {
		return row, err
	}
	if row.Consumer, err = c.str(); err != nil {
		return row, err
	}
	idle, err := c.int()
	if err != nil {
		return row, err
	}
	row.Idle = time.Duration(idle) * time.Millisecond
	deliveries, err := c.int()
	row.Deliveries = int(deliveries)
	return row, err
}

// DueTimes are the times from which parked entries may be taken, of those that
// are parked with one.
func (g *Group) DueTimes(ctx context.Context, ids []ID) (map[ID]time.Time, error) {
	commands := make([][]any, len(ids))
	for i, id := range ids {
		commands[i] = []any{"ZSCORE", g.retryKey, id.String()}
	}
	due := make(map[ID]time.Time)
	replies, errs := g.conn.pipeline(ctx, g.keys.Stream, commands)
	for i, reply := range replies {
		if errs[i] != nil {
			return nil, g.wrap("read retry times of", errs[i])
		}
		if len(reply.buf) > 0 && (reply.buf[0] == '_' || string(reply.buf) == "$-1\r\n") {
			continue
		}
		score, err := reply.float()
		if err != nil {
			return nil, g.wrap("read retry times of", err)
		}
		due[ids[i]] = time.UnixMilli(int64(score))
	}
	return due, nil
}
