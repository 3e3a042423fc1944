package stream

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// Reader reads new entries of one group in the name of one consumer, by
// XREADGROUP on a connection of its own. Read and ReadAhead are for one goroutine
// at a time; Unblock and Blocked may be called from any.
type Reader struct {
	group    *Group
	consumer string
	noAck    bool

	node     *redis.Client
	request  []byte // the command, encoded; used again
	ahead    int    // entries asked for by a request that nobody has read yet; 0 none
	wait     time.Duration
	perEntry int // bytes that an entry took on average in the last batch
	memory   *Memory

	mu       sync.Mutex
	wire     *wire
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
	return r.ReadAhead(ctx, count, block, nil)
}

// ReadAhead is [Reader.Read] that keeps the server busy: when entries begin to come, next
// is told how many, and says how many to ask for in a request that goes out at
// once, while they are still on their way; 0 for none. That request does not wait for
// entries; what it brings is what the next call of Read or ReadAhead returns, whatever
// that asks for.
func (r *Reader) ReadAhead(ctx context.Context, count int, block time.Duration, next func(came int) int) (Batch, error) {
	if count < 1 || block < 0 || (block > 0 && block < time.Millisecond) {
		return nil, fmt.Errorf("read %s: count %d, block %s: want 1 and 1ms at the least", r.group, count, block)
	}
	if r.ahead == 0 {
		if err := r.connect(ctx); err != nil {
			return nil, r.group.wrap("read", err)
		}
		r.encode(count, block)
		r.wait = block
	}
	batch, err := r.receive(ctx, next)
	if err != nil {
		r.group.conn.reads.note(err)
		if r.ahead > 0 || Classify(err) != ClassNoGroup {
			if r.ahead > 0 && Classify(err) != ClassUnknown { // its entries may be ours, and nobody will read them
				err = fmt.Errorf("%w: %w", ErrUnknownOutcome, err)
			}
			r.drop()
		}
	}
	return batch, r.group.wrap("read", err)
}

// Ahead is how many entries were asked for that the next read will bring.
func (r *Reader) Ahead() int { return r.ahead }

// receive sends the request, unless it has been sent, and decodes the reply.
func (r *Reader) receive(ctx context.Context, next func(int) int) (Batch, error) {
	if len(r.group.conn.settings.hooks) > 0 {
		return r.receiveHooked(ctx, next)
	}
	reply, err := r.await()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnknownOutcome, err)
	}
	batch, err := r.decode(reply, next)
	if _, refused := serverError(err); err == nil || refused {
		r.wire.done(reply)
	}
	return batch, err
}

// await sends the request, unless it has been sent, and waits for the reply's
// first byte.
func (r *Reader) await() (*cursor, error) {
	// The read outlives its context, but not the server's silence.
	deadline := r.deadline()
	r.setBlocked(r.wait > 0)
	defer r.setBlocked(false)
	if r.ahead == 0 {
		if err := r.wire.send(r.request, deadline); err != nil {
			return nil, err
		}
	}
	reply, err := r.wire.cursor(deadline)
	if err != nil {
		return nil, err
	}
	r.ahead = 0
	for reply.pos == len(reply.buf) {
		if err := reply.more(1); err != nil {
			return nil, err
		}
	}
	return reply, nil
}

// deadline is until when the reply has to be there: of a read that does not wait, as of
// any other command.
func (r *Reader) deadline() time.Time {
	if r.wait == 0 {
		return time.Now().Add(r.group.conn.settings.timeout)
	}
	return time.Now().Add(deadlineFor(r.wait))
}

// decode decodes the reply, and sends the next request as soon as entries come.
func (r *Reader) decode(reply *cursor, next func(int) int) (Batch, error) {
	from, entries := reply.pos, 0
	reply.begun = func(n int) {
		entries = n
		if reply.more != nil { // a buffer of its own, which nothing is read into later
			grow(reply, max(len(reply.buf)+4<<10, from+r.guess(n)), r.memory)
		}
		if next == nil {
			return
		}
		if count := next(n); count > 0 {
			r.encode(count, 0)
			r.ahead, r.wait = count, 0
			_ = r.wire.send(r.request, r.deadline()) // who reads the reply will notice
		}
	}
	reply.memory = r.memory
	batch, err := reply.read(r.group.keys.Stream)
	if entries > 0 {
		r.memory = nil // the batch's, or lost
	}
	if err == nil {
		if entries > 0 {
			r.perEntry = (reply.pos-from)/entries + 1
		}
		return batch, nil
	}
	if _, refused := serverError(err); !refused {
		// What we cannot decode is pending all the same.
		err = fmt.Errorf("%w: %w", ErrUnknownOutcome, err)
	}
	return nil, err
}

// maxGuess is how much memory is made at the most for entries of which only the number
// is known: those of the batch before may have been far larger. For more than that
// memory is made as it comes.
const maxGuess = 16 << 20

// guess is how many bytes n entries will take, if they are like those before.
func (r *Reader) guess(n int) int {
	if r.perEntry > maxGuess/n {
		return maxGuess
	}
	return n*r.perEntry + r.perEntry/2
}

// maxReply is how many bytes a reply should have at the most: beyond a megabyte it is
// not read faster, and what is read falls out of the processor's cache before it is
// handled.
const maxReply = 1 << 20

// Fitting is how many of n entries a read should ask for, 1 at the least, so that its
// reply stays at about 1 MiB: by the size of those that the read before brought.
func (r *Reader) Fitting(n int) int {
	if r.perEntry == 0 {
		return n
	}
	return max(1, min(n, maxReply/r.perEntry))
}

// receiveHooked is receive inside the hooks that the Conn was given.
func (r *Reader) receiveHooked(ctx context.Context, next func(int) int) (Batch, error) {
	wire, cancel := context.WithDeadline(context.WithoutCancel(ctx), r.deadline())
	defer cancel()
	cmd := redis.NewRawCmd(wire, r.args()...)
	sent := context.WithValue(wire, takenOver{}, &takeover{cmd, func(context.Context) error {
		return r.handOn(cmd)
	}})
	reply, err := rawReply(cmd, r.node.Process(sent, cmd))
	if err != nil {
		return nil, err
	}
	return r.decode(reply, next)
}

// handOn gives cmd the reply that has to come.
func (r *Reader) handOn(cmd *redis.RawCmd) error {
	reply, err := r.await()
	if err != nil {
		return err
	}
	refused, err := reply.refusal()
	if err == nil {
		err = hand(cmd, reply, refused)
	}
	if err == nil {
		r.wire.done(reply)
	}
	return err
}

// args is the request as hooks see it.
func (r *Reader) args() []any {
	for args, err := range commandsIn(r.request) {
		if err == nil {
			return args
		}
	}
	return nil
}

// encode makes the request.
func (r *Reader) encode(count int, block time.Duration) {
	args := 9
	if block > 0 {
		args += 2
	}
	if r.noAck {
		args++
	}
	b := appendCommand(r.request[:0], args)
	b = appendArg(appendArg(b, "XREADGROUP"), "GROUP")
	b = appendArg(appendArg(b, r.group.name), r.consumer)
	b = appendIntArg(appendArg(b, "COUNT"), int64(count))
	if block > 0 {
		b = appendIntArg(appendArg(b, "BLOCK"), block.Milliseconds())
	}
	if r.noAck {
		b = appendArg(b, "NOACK")
	}
	b = appendArg(appendArg(b, "STREAMS"), r.group.keys.Stream)
	r.request = appendArg(b, ">")
}

// connect makes a connection, unless there is one.
func (r *Reader) connect(ctx context.Context) error {
	if ctx.Err() != nil { // a connection that is there would not ask
		return fmt.Errorf("%w: %w", errNotSent, context.Cause(ctx))
	}
	if r.wire != nil {
		return nil
	}
	c := r.group.conn
	node, err := c.node(ctx, c.reads, r.group.keys.Stream)
	if err != nil {
		return err
	}
	w, err := c.connectWire(ctx, node, true)
	if err != nil {
		return err
	}
	r.mu.Lock()
	r.node, r.wire, r.clientID = node, w, w.id
	r.mu.Unlock()
	return nil
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
	id := r.clientID
	r.mu.Unlock()
	if id == 0 {
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
	w := r.wire
	r.wire, r.clientID = nil, 0
	r.mu.Unlock()
	r.ahead = 0
	if w != nil {
		w.close()
	}
}

// Close gives the connection up. No Read may be under way; entries that were asked
// for ahead stay pending in the consumer's name.
func (r *Reader) Close() error {
	r.drop()
	return nil
}
