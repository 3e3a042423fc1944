package stream

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// Conn is the connection of a program to one Redis, cluster or group of
// sentinels. It has two pools: one for connections that are taken over from
// go-redis (a blocking read has one to itself, so that a read that waits never
// keeps an acknowledgement from being sent), one for all other commands. The
// client underneath never sends a command twice by itself; who may do that is
// decided by [Classify].
//
// A Conn is safe for concurrent use by any number of producers and consumers.
type Conn struct {
	commands, reads router
	wires           *wires
	settings        *settings
	where           string
	broken          error
	closed          atomic.Bool

	mu       sync.Mutex
	commandy map[string]bool // what COMMAND INFO said, by command name
}

func newConn(p *plan, s *settings) *Conn {
	c := &Conn{
		commands: newRouter(p, s, false), reads: newRouter(p, s, true),
		settings: s, where: p.where, commandy: map[string]bool{},
	}
	c.wires = newWires(c)
	return c
}

// String is where the connection leads, without credentials.
func (c *Conn) String() string { return c.where }

// Timeout is what bounds each command that does not block.
func (c *Conn) Timeout() time.Duration { return c.settings.timeout }

// Ping asks the server (one master of a cluster) whether it answers.
func (c *Conn) Ping(ctx context.Context) error {
	_, err := c.do(ctx, "", "PING")
	return err
}

// Close closes both pools. Calls that wait on them fail.
func (c *Conn) Close() error {
	if c.broken != nil || c.closed.Swap(true) {
		return nil //nolint:nilerr // what was never opened is closed
	}
	c.wires.close()
	return errors.Join(c.commands.close(), c.reads.close())
}

// node is the client of the server that has the key.
func (c *Conn) node(ctx context.Context, r router, key string) (*redis.Client, error) {
	switch {
	case c.broken != nil:
		return nil, c.broken
	case c.closed.Load():
		return nil, redis.ErrClosed
	case ctx.Err() != nil:
		return nil, fmt.Errorf("%w: %w", errNotSent, context.Cause(ctx))
	}
	return r.node(ctx, key)
}

// do sends one command about key and returns its raw reply, which is no error
// reply. The call is bounded by the Conn's timeout and ends early with ctx only
// where ctx has a deadline: once sent, a command is waited for.
func (c *Conn) do(ctx context.Context, key string, args ...any) (*cursor, error) {
	node, err := c.node(ctx, c.commands, key)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.settings.timeout)
	defer cancel()
	cmd := redis.NewRawCmd(ctx, args...)
	reply, err := rawReply(cmd, node.Process(ctx, cmd))
	c.commands.note(err)
	return reply, err
}

// pipeline sends commands about keys of one slot in one go, and returns a reply
// or an error for each.
func (c *Conn) pipeline(ctx context.Context, key string, commands [][]any) ([]*cursor, []error) {
	replies, errs := make([]*cursor, len(commands)), make([]error, len(commands))
	node, err := c.node(ctx, c.commands, key)
	if err != nil {
		for i := range errs {
			errs[i] = err
		}
		return replies, errs
	}
	ctx, cancel := context.WithTimeout(ctx, c.settings.timeout)
	defer cancel()
	pipe := node.Pipeline()
	cmds := make([]*redis.RawCmd, len(commands))
	for i, args := range commands {
		cmds[i] = redis.NewRawCmd(ctx, args...)
		_ = pipe.Process(ctx, cmds[i])
	}
	// Each command has its own error, but for one that the server gave while the
	// connection was made (NOAUTH, too many clients): no command has that.
	_, connErr := pipe.Exec(ctx)
	for i, cmd := range cmds {
		err := cmd.Err()
		if err == nil && len(cmd.Val()) == 0 {
			err = connErr
		}
		replies[i], errs[i] = rawReply(cmd, err)
		c.commands.note(errs[i])
	}
	return replies, errs
}

// rawReply makes an error of an error reply, which a raw command hands out as
// data, and an unknown outcome of every error that is not the server's word.
func rawReply(cmd *redis.RawCmd, err error) (*cursor, error) {
	if err != nil {
		if Classify(err) == ClassUnknown {
			err = fmt.Errorf("%w: %w", ErrUnknownOutcome, err)
		}
		return nil, err
	}
	reply := &cursor{buf: cmd.Val()}
	if len(reply.buf) > 0 && (reply.buf[0] == '-' || reply.buf[0] == '!') {
		_, err := reply.header()
		return nil, err
	}
	return reply, nil
}

// Supports tells whether the server has a command, by COMMAND INFO. Versions are
// not asked for: forks and proxies report versions whose commands they lack. A
// server that does not let us ask counts as one that has not. The answer is kept
// for the life of the Conn.
func (c *Conn) Supports(ctx context.Context, command string) (bool, error) {
	c.mu.Lock()
	has, known := c.commandy[command]
	c.mu.Unlock()
	if known {
		return has, nil
	}
	reply, err := c.do(ctx, "", "COMMAND", "INFO", command)
	switch {
	case err == nil:
		n, ok, err := reply.array()
		if err != nil {
			return false, err
		}
		if ok && n == 1 {
			_, has, err = reply.array()
			has = has && err == nil
		}
	case Classify(err) != ClassRejected || Code(err) == "": // not the server's word
		return false, err
	}
	c.mu.Lock()
	c.commandy[command] = has
	c.mu.Unlock()
	return has, nil
}

// router finds the server of a key.
type router interface {
	node(ctx context.Context, key string) (*redis.Client, error)
	// note learns from an outcome that the way there has changed.
	note(err error)
	close() error
}

// clientOptions are what leat sets, whatever the user's own options are.
func clientOptions(o *redis.Options, s *settings, forReads bool) {
	o.MaxRetries = -1 // a write whose reply was lost must not be sent again behind our back
	o.ContextTimeoutEnabled = true
	o.WriteTimeout = s.timeout
	o.ReadTimeout = s.timeout
	o.DisableIdentity = true // CLIENT SETINFO is refused by the ACLs of some, and unknown before 7.2
	// Both end before the call's own time does: then it is known that nothing was sent.
	o.PoolTimeout = s.timeout / 5 * 4
	if o.DialTimeout <= 0 || o.DialTimeout > o.PoolTimeout {
		o.DialTimeout = o.PoolTimeout
	}
	o.DialerRetries = 1 // a refused connection is known at once, not after five tries half a second later
	o.MinIdleConns = 0
	o.MaintNotificationsConfig = &noMaintenance
	if forReads {
		// A read's deadline is its context's: BLOCK and some slack. A pool
		// that is too small would make streams wait for each other.
		o.ReadTimeout = -1
		o.PoolSize = maxReaders
		o.MaxActiveConns = 0
	}
	if s.tls != nil {
		o.TLSConfig = mergeTLS(o.TLSConfig, s)
	}
	if s.passwordFile != "" {
		user := o.Username
		o.CredentialsProvider, o.StreamingCredentialsProvider = nil, nil
		o.CredentialsProviderContext = func(context.Context) (string, string, error) {
			password, err := readPassword(s.passwordFile)
			return user, password, err
		}
	}
}

// maxReaders is how many streams one Conn can block on at a time.
const maxReaders = 4096

// slack is how much longer than BLOCK a blocking read may take before its
// connection counts as dead.
const slack = 2 * time.Second

// deadlineFor bounds a read that blocks.
func deadlineFor(block time.Duration) time.Duration {
	return min(block, math.MaxInt64-slack) + slack
}
