package stream

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// Reader reads new entries of one group in the name of one consumer, by
// XREADGROUP on a connection of its own. Read is for one goroutine at a time;
// Unblock may be called from any.
type Reader struct {
	group    *Group
	consumer string
	noAck    bool

	mu       sync.Mutex
	conn     *redis.Conn
	clientID int64 // 0: the server does not tell, so Unblock can do nothing
	blocked  bool
}

// Reader makes a reader for the consumer. With noAck entries count as settled
// when they are sent (XREADGROUP NOACK): at most once.
func (g *Group) Reader(consumer string, noAck bool) *Reader {
	return &Reader{group: g, consumer: consumer, noAck: noAck}
}

// Read returns at most count entries that no consumer of the group has been
// given, or none when there are none; it waits for the first one for as long as
// block (0: not at all; else 1 ms at the least). An error whose class is
// [ClassUnknown] may have left entries pending under the consumer's name that
// it does not know of: see [Group.Recover].
//
// Once sent, a read does not end with ctx: Redis would go on and give entries to
// nobody. [Reader.Unblock] ends it properly.
func (r *Reader) Read(ctx context.Context, count int, block time.Duration) (Batch, error) {
	if count < 1 || block < 0 || (block > 0 && block < time.Millisecond) {
		return nil, fmt.Errorf("read %s: count %d, block %s: want 1 and 1ms at the least", r.group, count, block)
	}
	conn, err := r.connect(ctx)
	if err != nil {
		return nil, r.group.wrap("read", err)
	}
	// The read outlives ctx, but not the server's silence.
	wire, cancel := context.WithTimeout(context.WithoutCancel(ctx), deadlineFor(block))
	defer cancel()
	cmd := redis.NewRawCmd(wire, r.args(count, block)...)
	r.setBlocked(block > 0)
	reply, err := rawReply(cmd, conn.Process(wire, cmd))
	r.setBlocked(false)
	if err != nil {
		r.group.conn.reads.note(err)
		if Classify(err) != ClassNoGroup {
			r.drop()
		}
		return nil, r.group.wrap("read", err)
	}
	batch, err := decodeRead(reply.buf, r.group.keys.Stream)
	if err != nil {
		// What we cannot decode is pending all the same.
		r.drop()
		err = fmt.Errorf("%w: %w", ErrUnknownOutcome, err)
	}
	return batch, r.group.wrap("read", err)
}

func (r *Reader) args(count int, block time.Duration) []any {
	args := append(make([]any, 0, 13), "XREADGROUP", "GROUP", r.group.name, r.consumer, "COUNT", count)
	if block > 0 {
		args = append(args, "BLOCK", block.Milliseconds())
	}
	if r.noAck {
		args = append(args, "NOACK")
	}
	return append(args, "STREAMS", r.group.keys.Stream, ">")
}

// connect returns the reader's connection, a new one after an error.
func (r *Reader) connect(ctx context.Context) (*redis.Conn, error) {
	if ctx.Err() != nil { // a connection that is there would not ask
		return nil, fmt.Errorf("%w: %w", errNotSent, context.Cause(ctx))
	}
	r.mu.Lock()
	conn := r.conn
	r.mu.Unlock()
	if conn != nil {
		return conn, nil
	}
	c := r.group.conn
	node, err := c.node(ctx, c.reads, r.group.keys.Stream)
	if err != nil {
		return nil, err
	}
	conn = node.EphemeralConn()
	ctx, cancel := context.WithTimeout(ctx, c.settings.timeout)
	defer cancel()
	id, err := conn.ClientID(ctx).Result()
	if class := Classify(err); err != nil && class != ClassRejected {
		_ = conn.Close()
		c.reads.note(err)
		if class == ClassUnknown { // a CLIENT ID changes nothing: it can be sent again
			err = fmt.Errorf("%w: %w", errNoNode, err)
		}
		return nil, err
	}
	r.mu.Lock()
	r.conn, r.clientID = conn, id
	r.mu.Unlock()
	return conn, nil
}

func (r *Reader) setBlocked(on bool) {
	r.mu.Lock()
	r.blocked = on
	r.mu.Unlock()
}

// Unblock ends a read that waits, as if its time had passed (CLIENT UNBLOCK):
// nothing is lost by it. Where the server does not know the command, the read
// ends with its block time.
func (r *Reader) Unblock(ctx context.Context) error {
	r.mu.Lock()
	id, conn := r.clientID, r.conn
	r.mu.Unlock()
	if id == 0 || conn == nil {
		return nil
	}
	// It has to be asked of the server that the reader is connected to.
	c := r.group.conn
	_, err := c.do(ctx, r.group.keys.Stream, "CLIENT", "UNBLOCK", id)
	if err != nil && Classify(err) != ClassRejected {
		return r.group.wrap("unblock reader of", err)
	}
	return nil
}

// Blocked tells whether a read is waiting now.
func (r *Reader) Blocked() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.blocked
}

func (r *Reader) drop() {
	r.mu.Lock()
	conn := r.conn
	r.conn, r.clientID = nil, 0
	r.mu.Unlock()
	if conn != nil {
		_ = conn.Close()
	}
}

// Close gives the connection up. No Read may be under way.
func (r *Reader) Close() error {
	r.drop()
	return nil
}
