package stream

import (
	"context"
	"errors"
)

// perGroup is how many commands lookAtGroups sends for a group.
const perGroup = 6

func (o *observer) lookAtGroups(ctx context.Context) error {
	keys, err := KeysOf(o.stream)
	if err != nil {
		return err
	}
	var commands [][]any
	for i := range o.groups {
		g := &o.groups[i]
		dead := keys.Dead(g.Name)
		if own := o.DeadLetters[g.Name]; own != "" {
			dead = own
		}
		unread := 1
		if !g.lag {
			unread = o.CountTo
		}
		commands = append(commands,
			[]any{"XPENDING", o.stream, g.Name},
			[]any{"XINFO", "CONSUMERS", o.stream, g.Name},
			[]any{"XRANGE", o.stream, "(" + g.last.String(), "+", "COUNT", unread},
			[]any{"ZCARD", keys.Retry(g.Name)},
			[]any{"ZRANGEBYSCORE", keys.Retry(g.Name), "-inf", o.found.At.UnixMilli(), "LIMIT", 0, o.CountTo},
			[]any{"XINFO", "STREAM", dead})
	}
	replies, errs := o.conn.pipeline(ctx, o.stream, commands)
	for i := range o.groups {
		at := i * perGroup
		if err := o.groups[i].read(replies[at:at+perGroup], errs[at:at+perGroup], o.CountTo); err != nil {
			return err
		}
	}
	return nil
}

// read takes what was answered about a group. One that has gone meanwhile is left as
// it was.
func (g *observed) read(replies []*cursor, errs []error, countTo int) error {
	for i, err := range errs {
		switch {
		case Code(err) == "NOGROUP", Code(err) == "ERR" && i == 5: // there are no dead letters
			errs[i] = nil
			replies[i] = nil
		case err != nil:
			return err
		}
	}
	var err error
	if replies[0] != nil {
		err = g.readPending(replies[0])
	}
	if replies[1] != nil {
		err = errors.Join(err, g.readConsumers(replies[1]))
	}
	n, first, unreadErr := replies[2].firstID()
	if g.OldestUnread = first; !g.lag {
		g.Unread, g.Exact = int64(n), n < countTo
	}
	var zErr error
	g.Waiting, zErr = replies[3].int()
	due, _, dueErr := replies[4].array()
	g.Due = int64(due)
	if replies[5] != nil {
		err = errors.Join(err, replies[5].numbers(map[string]*int64{"length": &g.Dead}))
	}
	return errors.Join(err, unreadErr, zErr, dueErr)
}

// readPending reads XPENDING's summary: count, lowest and highest ID, and how many
// each consumer has.
func (g *observed) readPending(c *cursor) error {
	if err := c.open(4); err != nil {
		return err
	}
	n, err := c.int()
	if err != nil || n == 0 {
		g.Pending = 0
		return err
	}
	g.Pending = n
	if g.OldestPending, err = c.id(); err != nil {
		return err
	}
	if err = c.skip(); err != nil {
		return err
	}
	consumers, _, err := c.array()
	g.holds = make(map[string]int64, c.ahead(consumers, 8))
	for range consumers {
		if err = c.open(2); err != nil {
			return err
		}
		name, err := c.str()
		if err != nil {
			return err
		}
		if g.holds[name], err = c.int(); err != nil {
			return err
		}
	}
	return err
}

func (g *observed) readConsumers(c *cursor) error {
	n, _, err := c.array()
	g.idle = make(map[string]int64, c.ahead(n, 20))
	for range n {
		name, idle := "", int64(0)
		err = c.record(func(field string, value []byte, _ bool) {
			switch field {
			case "name":
				name = string(value)
			case "idle":
				idle = int64(atoi(value))
			}
		})
		if err != nil {
			return err
		}
		g.idle[name] = idle
	}
	return err
}

// lookAtConsumers finds what can be claimed: all that silent consumers hold, and of
// the others what has been idle for itself.
func (o *observer) lookAtConsumers(ctx context.Context) error {
	lease := o.Lease.Milliseconds()
	var commands [][]any
	var of []int
	for i := range o.groups {
		g := &o.groups[i]
		for name, idle := range g.idle {
			if name == Parked {
				continue
			}
			if idle >= lease {
				g.Idle++
				g.Claimable += g.holds[name]
				continue
			}
			if g.Alive++; g.holds[name] > 0 && len(commands) < maxObserved {
				commands = append(commands, []any{"XPENDING", o.stream, g.Name, "IDLE", lease, "-", "+", o.CountTo, name})
				of = append(of, i)
			}
		}
	}
	if len(commands) == 0 {
		return nil
	}
	replies, errs := o.conn.pipeline(ctx, o.stream, commands)
	for i, reply := range replies {
		if Classify(errs[i]) == ClassNoGroup {
			continue
		}
		if errs[i] != nil {
			return errs[i]
		}
		n, _, err := reply.array()
		if err != nil {
			return err
		}
		o.groups[of[i]].Claimable += int64(n)
	}
	return nil
}

// numbers walks over a map and keeps the numbers that are asked for, whatever the
// other values are.
func (c *cursor) numbers(wanted map[string]*int64) error {
	pairs, err := c.mapLen()
	if err != nil {
		return err
	}
	for range pairs {
		name, err := c.str()
		if err != nil {
			return err
		}
		to := wanted[name]
		if to == nil {
			err = c.skip()
		} else {
			*to, err = c.int()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// firstID reads entries: how many they are, and the ID of the first.
func (c *cursor) firstID() (n int, first ID, err error) {
	if n, _, err = c.array(); n == 0 || err != nil {
		return 0, ID{}, err
	}
	if err = c.open(2); err != nil {
		return 0, ID{}, err
	}
	first, err = c.id()
	return n, first, err
}
