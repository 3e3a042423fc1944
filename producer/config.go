package producer

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"time"

	"go.uber.org/zap"

	"github.com/leat-io/leat/stream"
)

// NoRetry as [Config.RetryFor] means that nothing is sent twice, whatever Redis
// says.
const NoRetry time.Duration = -1

// What a zero value of Config means.
const (
	DefaultMaxEventBytes = 1 << 20
	// DefaultBatchEvents keeps Redis busy for some 4 ms: beside that, the moment in
	// which it waits for the next pipeline hardly counts.
	DefaultBatchEvents     = 2_000
	DefaultBatchBytes      = 1 << 20
	DefaultMaxPending      = 10_000
	DefaultMaxPendingBytes = 64 << 20
	DefaultRetryFor        = 30 * time.Second
	// DefaultReplicaTimeout is some hundred times what replicas near by take; those
	// that need longer are as good as away.
	DefaultReplicaTimeout = time.Second
	// DefaultFsyncTimeout is more than the two seconds for which Redis itself waits for
	// a busy disk with appendfsync everysec.
	DefaultFsyncTimeout = 5 * time.Second
)

const (
	// maxBulk is Redis' proto-max-bulk-len as it comes: a longer value makes the
	// server hang up in the middle of a pipeline.
	maxBulk = 512 << 20
	// maxBatchEvents: past some thousand commands a pipeline is not cheaper, it
	// only keeps the server from others for longer.
	maxBatchEvents = 10_000
	maxLinger      = time.Minute
	// maxReplicas is far beyond what one master can feed.
	maxReplicas          = 1_000
	maxDurabilityTimeout = time.Minute
)

// Config is how a [Producer] works. The zero value is good for a start.
type Config struct {
	// Source is the CloudEvents source of events that have none, a URI reference.
	// Empty: "leat/" and the host's name. Programs with several instances should
	// set it to a name that all of them share.
	Source string
	// MaxEventBytes is how large an event may be, as [stream.Event.Size] counts.
	// 1 to 512 MiB (Redis' proto-max-bulk-len); 0: 1 MiB.
	MaxEventBytes int

	// BatchEvents and BatchBytes are the size at which Send flushes what it has
	// for a stream without waiting for Linger, and the size of one pipeline of it
	// (an event larger than BatchBytes goes alone). 1 to 10,000 events, 0: 2,000;
	// 1 byte to 512 MiB, 0: 1 MiB.
	BatchEvents, BatchBytes int
	// Linger is how long Send waits for more events before it flushes a smaller
	// batch; 0 to 1 minute. With 0 it never waits: an event leaves as soon as the
	// flush before it (of the same stream) is out, so that batches grow with the
	// load and a lone event is not held back.
	Linger time.Duration
	// MaxPending and MaxPendingBytes bound the events that Send has accepted and
	// whose fate is open: past either, Send blocks. 1 event or more, 0: 10,000;
	// MaxEventBytes or more, 0: 64 MiB or MaxEventBytes, whichever is more. Bytes
	// are those that Event.Size counts: the memory that pending events take is this
	// and some 300 bytes for each, up to twice that while buffers grow.
	MaxPending, MaxPendingBytes int

	// Replicas is how many replicas must have an event in memory before it counts as
	// stored: one WAIT behind the XADDs of each pipeline. 0: the master's word is
	// enough. What that protects from, and what it costs, is in docs/guarantees.md, G2.
	//
	// Events that get to fewer in the time are in the stream all the same: their
	// error wraps [stream.ErrNotDurable] and has the ID of the entry, and they are
	// not sent again. 0 to 1,000.
	Replicas int
	// Fsync is that an event must be on disk before it counts as stored, in the
	// append-only files of the master and of as many replicas as Replicas says: one
	// WAITAOF behind the XADDs of each pipeline, which needs Redis 7.2 and an AOF.
	// With appendfsync everysec each pipeline takes up to a second; a larger
	// BatchEvents makes up for it. Errors are those of Replicas.
	Fsync bool
	// DurabilityTimeout is how long the server may take for Replicas and Fsync, beyond
	// the connection's own timeout. 1 ms to 1 minute, 0: 1 s, with Fsync 5 s.
	DurabilityTimeout time.Duration

	// RetryFor is how long an event that Redis did not execute is sent again,
	// counted from the call of Publish or from the moment at which Send accepted
	// it; pauses grow from 20 ms to 2 s. 1 ms or more, 0: 30 s; [NoRetry]: never.
	// Publish also stops when its ctx ends.
	RetryFor time.Duration

	// NewID makes the IDs of events that have none. Nil: UUIDs of version 7, which
	// sort by time. It must be safe for concurrent use.
	NewID func() string
	// Random is the source of jitter, a number in [0, 1), called from several
	// goroutines; nil: math/rand's. A simulation sets it.
	Random func() float64
	// Hooks are told what happens; see there.
	Hooks Hooks
	// Logger gets a line when Redis does not take events, when it does so again,
	// and when events of Send end in an error. Nil is silent. No event's data is
	// ever logged.
	Logger *zap.Logger
}

// complete fills in the defaults and checks the rest.
func (c *Config) complete() error {
	setDefault(&c.MaxEventBytes, DefaultMaxEventBytes)
	setDefault(&c.BatchEvents, DefaultBatchEvents)
	setDefault(&c.BatchBytes, DefaultBatchBytes)
	setDefault(&c.MaxPending, DefaultMaxPending)
	setDefault(&c.MaxPendingBytes, max(DefaultMaxPendingBytes, c.MaxEventBytes))
	if c.RetryFor == 0 {
		c.RetryFor = DefaultRetryFor
	}
	if c.DurabilityTimeout == 0 {
		c.DurabilityTimeout = DefaultReplicaTimeout
		if c.Fsync {
			c.DurabilityTimeout = DefaultFsyncTimeout
		}
	}
	if c.Source == "" {
		c.Source = defaultSource()
	}
	if c.Logger == nil {
		c.Logger = zap.NewNop()
	}
	if c.Random == nil {
		c.Random = rand.Float64
	}
	return c.check()
}

func (c *Config) check() error {
	var errs []error
	want := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	_, err := url.Parse(c.Source)
	want(err == nil, "source %q: want a URI reference", c.Source)
	want(c.MaxEventBytes >= 1 && c.MaxEventBytes <= maxBulk, "max event bytes %d: want 1 to %d", c.MaxEventBytes, maxBulk)
	want(c.BatchEvents >= 1 && c.BatchEvents <= maxBatchEvents, "batch events %d: want 1 to %d", c.BatchEvents, maxBatchEvents)
	want(c.BatchBytes >= 1 && c.BatchBytes <= maxBulk, "batch bytes %d: want 1 to %d", c.BatchBytes, maxBulk)
	want(c.Linger >= 0 && c.Linger <= maxLinger, "linger %s: want 0 to %s", c.Linger, maxLinger)
	want(c.MaxPending >= 1, "max pending %d: want 1 or more", c.MaxPending)
	want(c.MaxPendingBytes >= c.MaxEventBytes, "max pending bytes %d: want max event bytes (%d) or more, or an event may never fit",
		c.MaxPendingBytes, c.MaxEventBytes)
	want(c.Replicas >= 0 && c.Replicas <= maxReplicas, "replicas %d: want 0 to %d", c.Replicas, maxReplicas)
	want(c.DurabilityTimeout >= time.Millisecond && c.DurabilityTimeout <= maxDurabilityTimeout,
		"durability timeout %s: want 1ms to %s", c.DurabilityTimeout, maxDurabilityTimeout)
	want(c.RetryFor >= time.Millisecond || c.RetryFor == NoRetry, "retry for %s: want 1ms or more, or NoRetry", c.RetryFor)
	return errors.Join(errs...)
}

// durability is what a pipeline waits for.
func (c *Config) durability() stream.Durability {
	return stream.Durability{Replicas: c.Replicas, Fsync: c.Fsync, Timeout: c.DurabilityTimeout}
}

func setDefault(n *int, value int) {
	if *n == 0 {
		*n = value
	}
}

func defaultSource() string {
	host, err := os.Hostname()
	if err != nil || host == "" {
		return "leat"
	}
	return "leat/" + url.PathEscape(host)
}
