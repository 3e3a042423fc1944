package bare

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

const (
	// DefaultCount is how many entries a read asks for by default.
	DefaultCount = 1000
	// DefaultBlock is how long a read waits for entries by default, and so how long
	// Consume takes to notice that it shall end while there are none.
	DefaultBlock = 100 * time.Millisecond
	// drainTime is how long after the end of its context Consume waits for replies
	// that are due. A server that answers at all takes less.
	drainTime = 10 * time.Second
)

// Consuming is what Consume works off.
type Consuming struct {
	Key      string
	Group    string // exists: XGROUP CREATE makes it
	Consumer string
	// Count is how many entries are read and acknowledged at once; 0: DefaultCount.
	Count int
	// Block is how long a read waits when there are no entries; 0: DefaultBlock.
	Block time.Duration
	// Handle is called with each entry, which is valid until it returns.
	Handle func(e *Entry)
}

// Consume works the entries of a stream off until ctx ends: reads them by
// XREADGROUP, handles one after the other, and acknowledges each batch by one XACK
// once all of it is handled. Under load two reads are under way at a time; when
// there is little to do one waits for the next entry, which is handled as soon as
// it comes and acknowledged in the write that asks for more.
//
// When ctx ends it handles and acknowledges what was read, and returns nil. It
// returns how many entries were handled and how many of them Redis counted as
// acknowledged.
func (c *Conn) Consume(ctx context.Context, w Consuming) (handled, acked int, err error) {
	r := reader{c: c, commands: newCommands(w), handle: w.Handle}
	end, err := c.begin(ctx, drainTime)
	if err == nil {
		err = end(r.run(ctx))
	}
	if err != nil {
		err = fmt.Errorf("consume %s as %s of group %s: %w", w.Key, w.Consumer, w.Group, err)
	}
	return r.handled, r.acked, err
}

// commands are what a Consume sends, encoded once.
type commands struct {
	count       int
	wait, fetch []byte // XREADGROUP with BLOCK, and without
	ackHead     []byte // XACK from its name to the group's
}

// ackArgs is how many arguments of XACK come before its first ID.
const ackArgs = 3

func newCommands(w Consuming) commands {
	cmds := commands{count: w.Count}
	if cmds.count <= 0 {
		cmds.count = DefaultCount
	}
	block := w.Block
	if block <= 0 {
		block = DefaultBlock
	}
	count := strconv.Itoa(cmds.count)
	ms := strconv.FormatInt(max(1, block.Milliseconds()), 10) // BLOCK 0 would be for ever
	cmds.wait = AppendCommand(nil, "XREADGROUP", "GROUP", w.Group, w.Consumer, "COUNT", count, "BLOCK", ms, "STREAMS", w.Key, ">")
	cmds.fetch = AppendCommand(nil, "XREADGROUP", "GROUP", w.Group, w.Consumer, "COUNT", count, "STREAMS", w.Key, ">")
	cmds.ackHead = AppendArg(AppendArg(AppendArg(nil, "XACK"), w.Key), w.Group)
	return cmds
}
