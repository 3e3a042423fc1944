package embedded

// MULTI, EXEC, DISCARD, WATCH and UNWATCH. Commands are kept as they came and
// run by EXEC in one step; nothing is rolled back, as in Redis.

// A queued command waits for EXEC; own is nil for one of miniredis.
type queued struct {
	call        call
	own         *command
	needsMemory bool
}

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
		queue[i].call.inTx = true
		answers[i] = c.b.run(&queue[i].call, queue[i].own)
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
		c.b.watchers++
	}
	for _, key := range c.args {
		cn.watched[key] = true
	}
	return okReply
}

func unwatch(c *call) any {
	c.client.forgetWatched()
	return okReply
}

func (cn *conn) endTransaction() {
	cn.queueing, cn.broken, cn.queue = false, false, nil
	cn.forgetWatched()
}

func (cn *conn) forgetWatched() {
	if cn.watched != nil {
		cn.b.watchers--
	}
	cn.watched, cn.changed = nil, false
}

// breakTransaction answers for a command that could not be queued, or for an
// EXEC that is refused.
func (cn *conn) breakTransaction(name string, fail any) any {
	if name != "exec" {
		cn.broken = true
		return fail
	}
	cn.endTransaction()
	text, _ := fail.(failure)
	return failure("EXECABORT Transaction discarded because of: " + string(text))
}
