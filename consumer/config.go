package consumer

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"time"

	"go.uber.org/zap"

	"github.com/leat-io/leat/stream"
)

// Guarantee is how often an entry is handled when workers die.
type Guarantee uint8

const (
	// AtLeastOnce: an entry is settled after its handler; one whose worker dies
	// is handled again.
	AtLeastOnce Guarantee = iota
	// AtMostOnce: an entry is settled when it is read (XREADGROUP NOACK); one
	// whose worker dies, or whose handler fails, is not handled again. There are
	// no retries and no dead letters.
	AtMostOnce
)

// Config is how a consumer works. The zero value of every field but Group and
// Streams is a default that works.
type Config struct {
	// Group is the consumer group, made when it does not exist. Required.
	Group string
	// Streams are the keys to read, one at the least.
	Streams []string
	// Start is where a group that has to be made begins: stream.Oldest by
	// default, so that nothing is passed over.
	Start stream.Start
	// Name is this consumer's name in the group. Two running consumers must
	// never share one; by default it is the host's name, the process ID and a
	// random part, new for each consumer.
	Name string

	// Concurrency is how many handlers run at once, over all streams. 16 by
	// default.
	Concurrency int
	// Prefetch is how many entries may wait for a free handler, over all
	// streams, and one more for each stream. They are held under the lease. By
	// default it follows the load: as many as Concurrency, or as many as were
	// handled in the last 10 ms where that is more, 4,096 at the most. Negative for
	// none but those one for each stream.
	Prefetch int
	// BatchSize is how many deliveries a [BatchHandler] gets at the most; 100 by
	// default. BatchWait is how long it waits for a batch to fill once there is
	// one delivery; 0 does not wait.
	BatchSize int
	BatchWait time.Duration

	// MaxAttempts is how often a handler may fail on an entry before it becomes
	// a dead letter: 10 by default, negative for no limit.
	MaxAttempts int
	// MaxDeliveries is how often an entry may be delivered without any outcome
	// (its worker died, or lost it) before it becomes a dead letter: 20 by
	// default, negative for no limit. Failures and hand-overs do not count.
	MaxDeliveries int
	// Backoff is the time until the next try; by default with jitter, doubling
	// from 1 s to 5 min.
	Backoff Backoff

	// Guarantee is AtLeastOnce by default.
	Guarantee Guarantee
	// OrderBy makes deliveries with the same key be handled one after the other,
	// in the order of their IDs, inside this consumer. An entry that failed is
	// tried again in place: what has the same key waits behind it, and counts
	// against Prefetch.
	OrderBy func(d *stream.Delivery) (key string)

	// Lease is for how long an entry stays with a worker that does not extend
	// it: the time after which a dead worker's entries are taken over. Extended
	// every third of it. The same for all workers of a group. 30 s by default,
	// 50 ms at the least.
	Lease time.Duration
	// HandlerTimeout ends a handler's context with [ErrTimeout]; 0 for never. A
	// handler that ignores that keeps its entry for one lease more.
	HandlerTimeout time.Duration
	// ShutdownTimeout is how long handlers may go on after Run's context has
	// ended; their contexts end with [ErrShutdown] then. 25 s by default, below
	// the 30 s that Kubernetes gives.
	ShutdownTimeout time.Duration
	// Block is how long one blocking read waits: 1 s by default, from 1 ms to
	// 10 s, and a quarter of Lease at the most.
	Block time.Duration
	// Poll is how often the retry set is looked at when nothing in it is due
	// earlier: 500 ms by default.
	Poll time.Duration
	// ConsumerIdle is after what silence the name of a consumer that holds
	// nothing is removed from the group: 10 leases by default, a minute at the
	// least. Negative for never.
	ConsumerIdle time.Duration

	// Reuse lets the memory of deliveries be used again when they are settled, so
	// that the consumer allocates next to nothing. A delivery, its Event and fields,
	// all of their strings and Data, are then valid only until the handler has
	// returned, and what is kept for longer must be copied ([strings.Clone],
	// [bytes.Clone], [stream.Fields.Clone]): it would change under the one who keeps it.
	// Worth it where handlers take microseconds. Off by default: what is kept stays
	// as it is.
	Reuse bool
	// Headroom is for how many bytes of the heap room is kept while the consumer runs,
	// so that entries that come by the megabyte do not make Go's collector run a
	// hundred times a second in a program that holds next to nothing. It is address
	// space that nobody touches; but up to as much garbage may wait to be collected. 16
	// MiB by default, one block for all consumers of the process, and none with Reuse,
	// with GOGC of 300 or more, or with a GOMEMLIMIT below 256 MiB. 1 GiB at the most;
	// negative for none.
	Headroom int
	// AckBatch and AckDelay: acknowledgements are sent when that many are
	// together (1,000 by default) or that long after the first one (1 ms by
	// default), whichever comes first.
	AckBatch int
	AckDelay time.Duration

	// DeadLetter says where dead letters go.
	DeadLetter stream.DeadLetter
	// Middleware wraps the handler, the first listed outermost. Not for batch
	// handlers.
	Middleware []Middleware
	// Hooks are told what happens.
	Hooks Hooks
	// Logger is told what an operator should know; nil is silent.
	Logger *zap.Logger
	// Random is the source of jitter, a number in [0, 1), called from many
	// goroutines; math/rand's by default. A simulation sets it.
	Random func() float64
}

// withDefaults fills what is zero, and joins all errors of what is not usable.
func (c Config) withDefaults() (Config, error) {
	def(&c.Concurrency, 16)
	def(&c.BatchSize, 100)
	def(&c.MaxAttempts, 10)
	def(&c.MaxDeliveries, 20)
	def(&c.Lease, 30*time.Second)
	def(&c.ShutdownTimeout, 25*time.Second)
	def(&c.Block, time.Second)
	def(&c.Poll, 500*time.Millisecond)
	def(&c.ConsumerIdle, max(10*c.Lease, time.Minute))
	def(&c.AckBatch, 1000)
	def(&c.Headroom, defaultHeadroom)
	def(&c.AckDelay, time.Millisecond)
	if c.Random == nil {
		c.Random = rand.Float64
	}
	if c.Backoff == nil {
		c.Backoff = jitter(Exponential(time.Second, 5*time.Minute), c.Random)
	}
	if c.Logger == nil {
		c.Logger = zap.NewNop()
	}
	if c.Name == "" {
		c.Name = newName()
	}
	return c, c.check()
}

func def[T comparable](to *T, value T) {
	var zero T
	if *to == zero {
		*to = value
	}
}

// check joins everything that is wrong, so that it is mended in one go.
func (c *Config) check() error {
	var errs []error
	wrong := func(bad bool, format string, args ...any) {
		if bad {
			errs = append(errs, fmt.Errorf("consumer config: "+format, args...))
		}
	}
	wrong(c.Group == "", "Group is empty")
	wrong(len(c.Streams) == 0, "Streams is empty")
	seen := map[string]bool{}
	for _, s := range c.Streams {
		wrong(seen[s], "Streams has %q twice", s)
		seen[s] = true
	}
	wrong(c.Name == stream.Parked, "Name %q is where entries wait that nobody holds", c.Name)
	wrong(c.Concurrency < 1, "Concurrency is %d, want 1 at the least", c.Concurrency)
	wrong(c.BatchSize < 1, "BatchSize is %d, want 1 at the least", c.BatchSize)
	wrong(c.BatchWait < 0, "BatchWait is %s, want 0 at the least", c.BatchWait)
	wrong(c.Guarantee > AtMostOnce, "Guarantee is %d, want AtLeastOnce or AtMostOnce", c.Guarantee)
	wrong(c.Lease < 50*time.Millisecond, "Lease is %s, want 50ms at the least", c.Lease)
	wrong(c.HandlerTimeout < 0, "HandlerTimeout is %s, want 0 for none or more", c.HandlerTimeout)
	wrong(c.ShutdownTimeout < 0, "ShutdownTimeout is %s, want more than 0", c.ShutdownTimeout)
	wrong(c.Block < time.Millisecond || c.Block > 10*time.Second, "Block is %s, want 1ms to 10s", c.Block)
	wrong(c.Poll < time.Millisecond, "Poll is %s, want 1ms at the least", c.Poll)
	wrong(c.AckBatch < 1, "AckBatch is %d, want 1 at the least", c.AckBatch)
	wrong(c.AckDelay < 0, "AckDelay is %s, want 0 at the least", c.AckDelay)
	wrong(c.Headroom > maxHeadroom, "Headroom is %d bytes, want 1 GiB at the most, negative for none", c.Headroom)
	wrong(c.DeadLetter.MaxLen < 0, "DeadLetter.MaxLen is %d, want 0 for no limit or more", c.DeadLetter.MaxLen)
	return errors.Join(errs...)
}

// prefetch is the least and the most that may wait.
func (c *Config) prefetch() (least, most int) {
	switch {
	case c.Prefetch == 0:
		return c.Concurrency, max(c.Concurrency, paceMost)
	case c.Prefetch < 0:
		return 0, 0
	}
	return c.Prefetch, c.Prefetch
}

// newName is never used twice: a reused name would hand one process the entries
// that another one of the same name has in flight.
func newName() string {
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "leat"
	}
	return host + "-" + strconv.Itoa(os.Getpid()) + "-" + strconv.FormatUint(rand.Uint64(), 36)
}
