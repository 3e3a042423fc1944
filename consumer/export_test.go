package consumer

// RoomLeft is how many places nobody has, and RoomSize how many there are: at rest
// they are the same.
func (c *Consumer) RoomLeft() int {
	c.room.mu.Lock()
	defer c.room.mu.Unlock()
	c.room.count()
	return c.room.free
}

// RoomSize is how many places there are.
func (c *Consumer) RoomSize() int {
	c.room.mu.Lock()
	defer c.room.mu.Unlock()
	return c.room.size
}

// Held is how many entries the ledgers know.
func (c *Consumer) Held() (n int) {
	for _, s := range c.sources {
		n += s.ledger.count(func(*item) bool { return true })
	}
	return n
}
