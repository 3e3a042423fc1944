package stream

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// exchange is commands that are sent in one go, about keys of one slot.
type exchange struct {
	commands  []byte // encoded one behind the other
	n         int    // how many
	pipelined bool   // hooks see them as a pipeline, else as single commands
	// gathered is that the replies are worth waiting for together: see gather. Nothing of
	// them may be kept.
	gathered bool
	passed   int // bytes of replies that are out of the buffer
	// kept is about how many bytes of the replies read keeps a part of; 0 for none:
	// the next replies on the connection overwrite these.
	kept int
	// block is how long the server may keep back its answer to the last command, which
	// waits for what the others did; 0 when none does.
	block time.Duration
	// sendBy is until when it may be sent; zero for whenever. What would leave later does
	// not, and is not executed.
	sendBy time.Time
	// read gets each reply, in order, or the error that came in its place. What it
	// says of a reply that is not of the command ends the exchange: that reply and
	// all behind it come once more, as errors.
	read func(i int, reply *cursor, err error) error
}

// exchange sends the commands over a connection that is written by us, once. Like
// do it is bounded by the Conn's timeout and ctx's deadline, and once sent it is
// waited for.
func (c *Conn) exchange(ctx context.Context, key string, x *exchange) {
	node, err := c.node(ctx, c.reads, key)
	if err != nil {
		x.fail(0, err)
		return
	}
	if len(c.settings.hooks) > 0 {
		c.exchangeHooked(ctx, node, x)
		return
	}
	if done, err := c.exchangeOn(ctx, node, x); err != nil {
		c.reads.note(err)
		x.fail(done, err)
	}
}

func (x *exchange) fail(from int, err error) {
	for i := from; i < x.n; i++ {
		_ = x.read(i, nil, err)
	}
}

// exchangeOn does it on a connection to node. It says how many replies were read;
// the error is about the others.
func (c *Conn) exchangeOn(ctx context.Context, node *redis.Client, x *exchange) (done int, err error) {
	deadline := c.deadline(ctx, x.block)
	pool, w, err := c.wires.get(ctx, node, deadline)
	if err != nil {
		return 0, err
	}
	writeBy := deadline
	if !x.sendBy.IsZero() && x.sendBy.Before(deadline) {
		if writeBy = x.sendBy; !time.Now().Before(writeBy) { // there may have been no connection, or no time, for long
			c.wires.put(pool, w)
			return 0, errLate
		}
	}
	var refused error
	defer func() {
		if err == nil {
			c.wires.put(pool, w)
		} else {
			c.wires.drop(pool, w)
			err = fmt.Errorf("%w: %w", ErrUnknownOutcome, err)
		}
		c.reads.note(refused) // not before the other replies are read: it may close this connection as well
	}()
	if err = w.send(x.commands, writeBy); err != nil {
		return 0, err
	}
	reply, err := w.cursor(deadline)
	if err != nil {
		return 0, err
	}
	if x.kept > 0 {
		grow(reply, max(headSize, x.kept), nil)
	}
	for ; done < x.n; done++ {
		if err := x.gather(w, reply, done, deadline); err != nil {
			return done, err
		}
		refusal, err := reply.refusal()
		if err != nil {
			return done, err
		}
		if refusal != nil {
			if x.block == 0 || done < x.n-1 { // one that waits is refused for reasons of its own
				refused = refusal
			}
			err = x.read(done, nil, refusal)
		} else {
			err = x.read(done, reply, nil)
		}
		if err != nil {
			return done, err
		}
	}
	w.done(reply)
	return done, nil
}

// deadline is until when a command has to be answered that may block for so long.
func (c *Conn) deadline(ctx context.Context, block time.Duration) time.Time {
	end := time.Now().Add(c.settings.timeout + block)
	if own, ok := ctx.Deadline(); ok && own.Before(end) {
		return own
	}
	return end
}

// exchangeHooked does it inside the hooks that the Conn was given: they see the
// commands as go-redis has them, may keep them from being sent, answer them, or
// change what came back.
func (c *Conn) exchangeHooked(ctx context.Context, node *redis.Client, x *exchange) {
	ctx, cancel := context.WithTimeout(ctx, c.settings.timeout+x.block)
	defer cancel()
	cmds := make([]redis.Cmder, 0, x.n)
	for args, err := range commandsIn(x.commands) {
		if err != nil {
			x.fail(0, err)
			return
		}
		cmds = append(cmds, redis.NewRawCmd(ctx, args...))
	}
	inner := *x
	inner.read = func(i int, reply *cursor, err error) error {
		return hand(cmds[i].(*redis.RawCmd), reply, err) //nolint:errcheck // made above
	}
	sent := context.WithValue(ctx, takenOver{}, &takeover{cmds[0], func(ctx context.Context) error {
		done, err := c.exchangeOn(ctx, node, &inner)
		if err != nil {
			inner.fail(done, err)
		}
		return err
	}})
	var connErr error
	if x.pipelined {
		pipe := node.Pipeline()
		for _, cmd := range cmds {
			_ = pipe.Process(sent, cmd)
		}
		_, connErr = pipe.Exec(sent)
	} else {
		connErr = node.Process(sent, cmds[0])
	}
	c.readHooked(x, cmds, connErr)
}

// readHooked hands on what the hooks have left of the replies.
func (c *Conn) readHooked(x *exchange, cmds []redis.Cmder, connErr error) {
	for i, cmd := range cmds {
		raw := cmd.(*redis.RawCmd) //nolint:errcheck // they are ours
		err := raw.Err()
		if err == nil && len(raw.Val()) == 0 {
			err = connErr
		}
		reply, err := rawReply(raw, err)
		c.reads.note(err)
		if bad := x.read(i, reply, err); bad != nil {
			_ = x.read(i, nil, fmt.Errorf("%w: %w", ErrUnknownOutcome, bad))
		}
	}
}

// hand gives a command of go-redis its reply, or its error, in place of what a try
// before may have given it: hooks may try again.
func hand(cmd *redis.RawCmd, reply *cursor, err error) error {
	if err == nil {
		from := reply.pos
		if err := reply.skip(); err != nil {
			return err
		}
		cmd.SetVal(append([]byte(nil), reply.buf[from:reply.pos]...))
		cmd.SetErr(nil)
		return nil
	}
	if text, ok := serverError(err); ok && !errors.Is(err, ErrUnknownOutcome) {
		cmd.SetErr(nil)
		cmd.SetVal([]byte("-" + strings.NewReplacer("\r", " ", "\n", " ").Replace(text) + "\r\n"))
		return nil
	}
	cmd.SetErr(err)
	return nil
}

// takenOver is the key under which a context carries what a command is carried out
// by instead of go-redis.
type takenOver struct{}

type takeover struct {
	first redis.Cmder // other commands of the same context go their usual way
	run   func(ctx context.Context) error
}

// wireHook is the innermost hook: it carries out by ourselves what is marked so.
type wireHook struct{}

func (wireHook) DialHook(next redis.DialHook) redis.DialHook { return next }

func (wireHook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if t, ok := ctx.Value(takenOver{}).(*takeover); ok && t.first == cmd {
			return t.run(ctx)
		}
		return next(ctx, cmd)
	}
}

func (wireHook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if t, ok := ctx.Value(takenOver{}).(*takeover); ok && len(cmds) > 0 && t.first == cmds[0] {
			return t.run(ctx)
		}
		return next(ctx, cmds)
	}
}
