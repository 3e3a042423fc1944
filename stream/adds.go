package stream

import (
	"context"
	"fmt"
	"maps"
	"slices"
)

// Adds are events as the XADD commands that add them to a stream, one pipeline's
// worth, encoded once and sent as they are. Reset makes the zero value ready. It is
// for one goroutine at a time.
type Adds struct {
	stream string
	prefix []byte // what all commands have behind their number of arguments
	buf    []byte
	ends   []int // where each command ends in buf
	clock  clockText
}

// Reset forgets all commands, and keeps the memory for others to a stream.
func (a *Adds) Reset(stream string) {
	if a.stream != stream || a.prefix == nil {
		a.stream = stream
		a.prefix = appendArg(a.prefix[:0], "XADD")
		a.prefix = appendArg(a.prefix, stream)
		a.prefix = appendArg(a.prefix, "*")
		a.prefix = appendArg(a.prefix, "specversion")
		a.prefix = appendArg(a.prefix, SpecVersion)
	}
	a.buf, a.ends = a.buf[:0], a.ends[:0]
}

// Len is the number of commands.
func (a *Adds) Len() int { return len(a.ends) }

// Bytes is what they take over the wire.
func (a *Adds) Bytes() int { return len(a.buf) }

// Cap is the memory that is held for commands, in bytes.
func (a *Adds) Cap() int { return cap(a.buf) }

// Grow makes room for further commands of so many bytes.
func (a *Adds) Grow(n int) { a.buf = slices.Grow(a.buf, n) }

// Append encodes the XADD of an event, which must be valid: see [Event.Validate].
// Nothing of it is kept. Fields are those of [Event.AppendArgs].
func (a *Adds) Append(e *Event) {
	a.buf = appendCommand(a.buf, 3+2*e.fields())
	a.buf = append(a.buf, a.prefix...)
	a.field("$2\r\nid\r\n", e.ID)
	a.field("$6\r\nsource\r\n", e.Source)
	a.field("$4\r\ntype\r\n", e.Type)
	a.optional("$7\r\nsubject\r\n", e.Subject)
	if !e.Time.IsZero() {
		a.buf = append(a.buf, "$4\r\ntime\r\n"...)
		a.buf = appendArg(a.buf, a.clock.text(e.Time))
	}
	a.optional("$15\r\ndatacontenttype\r\n", e.DataContentType)
	a.optional("$10\r\ndataschema\r\n", e.DataSchema)
	if len(e.Extensions) > 0 {
		for _, name := range slices.Sorted(maps.Keys(e.Extensions)) {
			a.buf = appendArg(a.buf, name)
			a.buf = appendArg(a.buf, e.Extensions[name])
		}
	}
	if e.Data != nil {
		a.buf = append(a.buf, "$4\r\ndata\r\n"...)
		a.buf = appendArg(a.buf, e.Data)
	}
	a.ends = append(a.ends, len(a.buf))
}

// field appends a field. Its name comes encoded: it is always one of a few.
func (a *Adds) field(name, value string) {
	a.buf = append(a.buf, name...)
	a.buf = appendArg(a.buf, value)
}

func (a *Adds) optional(name, value string) {
	if value != "" {
		a.field(name, value)
	}
}

// fields is how many fields the event's entry has.
func (e *Event) fields() int {
	n := 4 + len(e.Extensions) // specversion, id, source, type
	for _, has := range [...]bool{e.Subject != "", !e.Time.IsZero(), e.DataContentType != "", e.DataSchema != "", e.Data != nil} {
		if has {
			n++
		}
	}
	return n
}

// AppendFrom copies command i of b, which is about the same stream, to be sent
// again.
func (a *Adds) AppendFrom(b *Adds, i int) {
	from := 0
	if i > 0 {
		from = b.ends[i-1]
	}
	command := b.buf[from:b.ends[i]]
	if cap(a.buf)-len(a.buf) < len(command) { // append would grow by a quarter, and leave each step to the garbage collector
		a.Grow(max(len(command), cap(a.buf)))
	}
	a.buf = append(a.buf, command...)
	a.ends = append(a.ends, len(a.buf))
}

// Add appends events to a stream, one XADD each in one pipeline, in order. An ID
// or an error comes back for each. It sends once: an error of [ClassUnknown]
// wraps [ErrUnknownOutcome], such an event may be in the stream or not.
//
// Each event must be valid: see [Event.Validate].
func (c *Conn) Add(ctx context.Context, stream string, events []Event) ([]ID, []error) {
	ids, errs := make([]ID, len(events)), make([]error, len(events))
	var a Adds
	a.Reset(stream)
	for i := range events {
		a.Append(&events[i])
	}
	c.AddAll(ctx, &a, ids, errs)
	return ids, errs
}

// AddAll sends what [Adds] has, like [Conn.Add], and fills ids and errs, which have
// a place for each command.
func (c *Conn) AddAll(ctx context.Context, a *Adds, ids []ID, errs []error) {
	c.AddDurably(ctx, a, Durability{}, ids, errs)
}

// AddDurably is [Conn.AddAll] that also waits until the entries are as durable as
// asked for: one WAIT or WAITAOF, behind the last command and over the same
// connection. The server may take d.Timeout for it beyond the Conn's timeout. Entries
// that do not get that far have their ID, and an error with a [NotDurableError].
func (c *Conn) AddDurably(ctx context.Context, a *Adds, d Durability, ids []ID, errs []error) {
	n := a.Len()
	if n == 0 {
		return
	}
	_, err := KeysOf(a.stream)
	if err == nil {
		err = d.possible(ctx, c)
	}
	if err != nil {
		for i := range errs {
			errs[i] = err
		}
		return
	}
	x := &exchange{commands: a.buf, n: n, pipelined: true, gathered: true, block: d.block()}
	if d.asks() {
		x.commands, x.n = d.appendTo(a.buf), n+1
		a.buf = x.commands[:len(a.buf)] // what had to grow need not grow again
	}
	x.read = func(i int, reply *cursor, err error) error {
		if i == n {
			return d.judge(a.stream, reply, err, ids, errs)
		}
		errs[i] = err
		if err == nil {
			if ids[i], err = reply.id(); err != nil {
				return err
			}
		}
		if err != nil {
			errs[i] = fmt.Errorf("add to stream %s: %w", a.stream, err)
		}
		return nil
	}
	c.exchange(ctx, a.stream, x)
}
