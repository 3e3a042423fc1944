package gauge

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/leat-io/leat/stream"
)

// What a zero value of Config means.
const (
	DefaultDuration    = 30 * time.Second
	DefaultPayload     = 200
	DefaultConcurrency = 16
	DefaultPrefetch    = 4000
	DefaultRate        = 1000
	DefaultMemory      = 64 << 20
	DefaultPrefix      = "leat-bench:"
)

// The limits of Config.
const (
	// MinDuration still has something to measure in each piece of work.
	MinDuration = time.Second
	MaxDuration = time.Hour
	// MinPayload holds the number by which an event is found again.
	MinPayload = 8
	MaxPayload = 16 << 20
	// MaxConcurrency and MaxPrefetch keep a slip of the finger from filling this
	// process' memory.
	MaxConcurrency = 100_000
	MaxPrefetch    = 1_000_000
	MaxRate        = 1_000_000
	MinMemory      = 1 << 20
	MaxMemory      = 1 << 40
)

// leastEntries must fit into the memory at a time, or a rate would say little.
const leastEntries = 64

// Config says what is measured.
type Config struct {
	// Dial opens a connection to the Redis that is measured. Required.
	Dial func(ctx context.Context, opts ...stream.Option) (*stream.Conn, error)
	// Duration is about how long the run takes. 0: DefaultDuration.
	Duration time.Duration
	// Payload is how many bytes of data an event has. 0: DefaultPayload.
	Payload int
	// Concurrency is how many handlers run at once, Prefetch how many entries may
	// wait for one: [consumer.Config] of the same names. 0: DefaultConcurrency and
	// DefaultPrefetch.
	Concurrency, Prefetch int
	// Rate is how many events a second are published where latency is measured; less
	// where the server is too far or too slow for it. 0: DefaultRate.
	Rate int
	// Memory is how many bytes of the server's memory the events may take at a time.
	// It is less where the server has less to spare. 0: DefaultMemory.
	Memory int
	// Prefix is what all keys begin with (those of leat that belong to them, behind
	// "leat:"). Empty: DefaultPrefix.
	Prefix string
	// Progress gets a progress bar; nil for none.
	Progress io.Writer

	// stage is told what begins, for tests.
	stage func(name string)
}

// withDefaults fills in what is zero.
func (c Config) withDefaults() Config {
	for _, d := range []struct {
		to    *int
		value int
	}{
		{&c.Payload, DefaultPayload},
		{&c.Concurrency, DefaultConcurrency},
		{&c.Prefetch, DefaultPrefetch},
		{&c.Rate, DefaultRate},
		{&c.Memory, DefaultMemory},
	} {
		if *d.to == 0 {
			*d.to = d.value
		}
	}
	if c.Duration == 0 {
		c.Duration = DefaultDuration
	}
	if c.Prefix == "" {
		c.Prefix = DefaultPrefix
	}
	if c.stage == nil {
		c.stage = func(string) {}
	}
	return c
}

// Check tells what is wrong with the numbers, joined.
func (c Config) Check() error {
	c = c.withDefaults()
	var errs []error
	within := func(name string, n, least, most int) {
		if n < least || n > most {
			errs = append(errs, fmt.Errorf("%s %d: want %d to %d", name, n, least, most))
		}
	}
	if c.Duration < MinDuration || c.Duration > MaxDuration {
		errs = append(errs, fmt.Errorf("duration %s: want %s to %s", c.Duration, MinDuration, MaxDuration))
	}
	within("payload", c.Payload, MinPayload, MaxPayload)
	within("concurrency", c.Concurrency, 1, MaxConcurrency)
	within("prefetch", c.Prefetch, 1, MaxPrefetch)
	within("rate", c.Rate, 1, MaxRate)
	if c.Memory < MinMemory || c.Memory > MaxMemory {
		errs = append(errs, fmt.Errorf("memory %d bytes: want %s to %s", c.Memory, bytesText(MinMemory), bytesText(MaxMemory)))
	} else if want := 2 * leastEntries * entrySize(c.Payload); c.Memory < want && c.Payload <= MaxPayload {
		errs = append(errs, fmt.Errorf("memory %s: two backlogs of %d events with a payload of %d bytes want %s", bytesText(float64(c.Memory)), leastEntries, c.Payload, bytesText(float64(want))))
	}
	if _, err := stream.KeysOf(streamName(c.Prefix, "x", "x")); err != nil {
		errs = append(errs, fmt.Errorf("stream prefix: %w", err))
	}
	return errors.Join(errs...)
}
