package embedded

// MULTI, EXEC, DISCARD, WATCH and UNWATCH. Commands are kept as they came and
// run by EXEC in one step; nothing is rolled back, as in Redis.

func multi(c *call) any {
	if c.client.queueing {
		return failure("ERR MULTI calls can not be nested")
	}
	c.client.queueing = true
	return okReply
}

func execQueued(c *call) any {
	cn := c.client
	if !cn.queueing {
		return failure("ERR EXEC without MULTI")
	}
	queue, broken, changed := cn.queue, cn.broken, cn.changed
	cn.endTransaction()
	switch {
	case broken:
		return failure("EXECABORT Transaction discarded because of previous errors.")
	case changed:
		return nullArray{}
	}
	answers := make([]any, len(queue))
	for i := range queue {
		queue[i].inTx = true
		answers[i] = c.b.run(&queue[i])
	}
	return answers
}

func discard(c *call) any {
	if !c.client.queueing {
		return failure("ERR DISCARD without MULTI")
	}
	c.client.endTransaction()
	return okReply
}

func watch(c *call) any {
	cn := c.client
	if cn.queueing {
		return failure("ERR WATCH inside MULTI is not allowed")
	}
	if cn.watched == nil {
		cn.watched = map[string]bool{}
	}
	for _, key := range c.args {
		cn.watched[key] = true
	}
	return okReply
}

func unwatch(c *call) any {
	c.client.watched, c.client.changed = nil, false
	return okReply
}

func (cn *conn) endTransaction() {
	cn.queueing, cn.broken, cn.queue = false, false, nil
	cn.watched, cn.changed = nil, false
}
