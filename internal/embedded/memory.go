package embedded

const outOfMemory = failure("OOM command not allowed when used memory > 'maxmemory'.")

// SetMemoryFull makes the broker answer as Redis 7.0 does above maxmemory with
// the policy noeviction: commands that may need memory are refused, and so is
// whatever a client would queue behind MULTI. A script is refused its first
// such command; one that has written already may go on.
func (b *Broker) SetMemoryFull(full bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.full = full
}

// needsMemory says whether Redis flags the command denyoom.
func needsMemory(name string, own *command) bool {
	if own != nil {
		return own.flags&denyOOM != 0
	}
	return guestNeedsMemory[name]
}

// callNeedsMemory counts what a script declares as well.
func (b *Broker) callNeedsMemory(c *call, own *command) bool {
	if code := b.scripts.find(c); code != nil && code.needsMemory() {
		return true
	}
	return needsMemory(c.name, own)
}

// refuseForMemory is for commands of clients; scripts have a rule of their own.
func (b *Broker) refuseForMemory(c *call, own *command) any {
	if !b.full {
		return nil
	}
	cn := c.client
	refuse := b.callNeedsMemory(c, own)
	switch {
	case c.name == "exec":
		for _, q := range cn.queue {
			refuse = refuse || q.needsMemory
		}
	case cn.queueing && c.name != "discard" && c.name != "quit":
		refuse = true
	}
	if refuse {
		return outOfMemory
	}
	return nil
}
