package stream

import (
	"context"
	"fmt"
)

// Add appends events to a stream, one XADD each in one pipeline, in order. An ID
// or an error comes back for each. It sends once: an error of [ClassUnknown]
// wraps [ErrUnknownOutcome], such an event may be in the stream or not.
//
// Each event must be valid: see [Event.Validate].
func (c *Conn) Add(ctx context.Context, stream string, events []Event) ([]ID, []error) {
	ids, errs := make([]ID, len(events)), make([]error, len(events))
	if _, err := KeysOf(stream); err != nil {
		for i := range errs {
			errs[i] = err
		}
		return ids, errs
	}
	commands := make([][]any, len(events))
	for i := range events {
		commands[i] = events[i].AppendArgs(append(make([]any, 0, 24), "XADD", stream, "*"))
	}
	replies, errs := c.pipeline(ctx, stream, commands)
	for i, reply := range replies {
		if errs[i] == nil {
			ids[i], errs[i] = reply.id()
		}
		if errs[i] != nil {
			errs[i] = fmt.Errorf("add to stream %s: %w", stream, errs[i])
		}
	}
	return ids, errs
}
