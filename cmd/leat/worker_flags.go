package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/sink/webhook"
	"github.com/leat-io/leat/stream"
)

// workerFlags are the flags of `leat worker`. Their defaults are those of
// consumer.Config, written out so that help shows them.
type workerFlags struct {
	streams                      []string
	group, name, start           string
	concurrency, prefetch        int
	maxAttempts, maxDeliveries   int
	lease                        time.Duration
	handlerTimeout, drainTimeout time.Duration
	backoffMin, backoffMax       time.Duration
	deadLetter                   string
	listen                       listening
	command                      string
	webhook                      string
	webhookMode                  webhookMode
	webhookTimeout               time.Duration
	webhookHeaders               []string
	headerFile, tokenFile        string
	metricsTTL                   time.Duration
	traceParent                  bool
	logLevel                     logLevel
	prefetchGiven                func() bool
}

func (f *workerFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringArrayVar(&f.streams, "stream", nil, "`STREAM` to work off; may be repeated (STREAM)")
	flags.StringVar(&f.group, "group", "", "consumer `GROUP`, made where there is none")
	flags.StringVar(&f.webhook, "webhook", "", "post each event to this `URL`")
	flags.StringVar(&f.command, "command", "", "run this `CMD` for each event; its arguments follow")
	flags.IntVar(&f.concurrency, "concurrency", 16, "how many entries are handled at once")
	flags.IntVar(&f.prefetch, "prefetch", 0, "how many more may wait for a free handler, 0 for none (as many as --concurrency)")
	flags.DurationVar(&f.lease, "lease", 30*time.Second, "after what silence of a worker its entries are taken over; the same in all workers of a group")
	flags.IntVar(&f.maxAttempts, "max-attempts", 10, "after how many failures an entry becomes a dead letter, 0 for never")
	flags.IntVar(&f.maxDeliveries, "max-deliveries", 20, "after how many deliveries without an outcome (workers died) it does, 0 for never")
	flags.DurationVar(&f.backoffMin, "backoff-min", time.Second, "pause after the first failure; doubles with each one")
	flags.DurationVar(&f.backoffMax, "backoff-max", 5*time.Minute, "longest pause between two tries")
	flags.StringVar(&f.deadLetter, "dead-letter", "", "`NAME` of the dead-letter stream (leat:{STREAM}:dead:GROUP)")
	flags.DurationVar(&f.handlerTimeout, "handler-timeout", 0, "how long one entry may be handled (no limit)")
	flags.DurationVar(&f.drainTimeout, "shutdown-timeout", 25*time.Second, "how long what runs may go on after SIGTERM")
	flags.StringVar(&f.start, "start", "oldest", "where a new group begins: `oldest|newest|ID|TIME` (RFC 3339)")
	flags.StringVar(&f.name, "name", "", "this worker's `NAME` in the group, never that of another running one (host, pid and a random part)")
	f.webhookMode.Mode = webhook.Binary
	flags.Var(&f.webhookMode, "webhook-mode", "CloudEvents mode: binary or structured")
	flags.DurationVar(&f.webhookTimeout, "webhook-timeout", 30*time.Second, "how long one request may take")
	flags.StringArrayVar(&f.webhookHeaders, "webhook-header", nil, "`\"NAME: VALUE\"` sent with each request; may be repeated")
	flags.StringVar(&f.headerFile, "webhook-header-file", "", "`FILE` of such headers, one a line: for secrets")
	flags.StringVar(&f.tokenFile, "webhook-token-file", "", "`FILE` with a bearer token, read anew for each request")
	f.listen.register(flags)
	flags.DurationVar(&f.metricsTTL, "metrics-ttl", 15*time.Second, "for how long /metrics shows what Redis said of the streams before it asks again, 0 for never asking")
	flags.BoolVar(&f.traceParent, "trace-parent", false, "make a handling a part of the trace that published the event, not one of its own that links to it")
	flags.Var(&f.logLevel, "log-level", "what is logged: debug, info, warn or error")
	f.prefetchGiven = func() bool { return flags.Changed("prefetch") }
}

// config is what the flags say, and everything that is wrong with them.
func (f *workerFlags) config() (consumer.Config, error) {
	var errs []error
	want := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	want(len(f.streams) > 0, "--stream is missing: which stream is to be worked off?")
	want(f.group != "", "--group is missing: in which consumer group?")
	want(f.concurrency >= 1, "--concurrency is %d, want 1 at the least", f.concurrency)
	want(f.prefetch >= 0, "--prefetch is %d, want 0 at the least", f.prefetch)
	want(f.maxAttempts >= 0, "--max-attempts is %d, want 0 for no limit or more", f.maxAttempts)
	want(f.maxDeliveries >= 0, "--max-deliveries is %d, want 0 for no limit or more", f.maxDeliveries)
	want(f.backoffMax >= f.backoffMin, "--backoff-max is %s, want no less than --backoff-min, %s", f.backoffMax, f.backoffMin)
	start, err := parseStart(f.start)
	errs = append(errs, err,
		duration("lease", f.lease, 50*time.Millisecond), duration("backoff-min", f.backoffMin, time.Millisecond),
		duration("handler-timeout", f.handlerTimeout, 0), duration("shutdown-timeout", f.drainTimeout, 0),
		duration("webhook-timeout", f.webhookTimeout, time.Millisecond), duration("metrics-ttl", f.metricsTTL, 0))
	if err := errors.Join(errs...); err != nil {
		return consumer.Config{}, &usageError{err}
	}
	return consumer.Config{
		Group: f.group, Streams: f.streams, Start: start, Name: f.name,
		Concurrency: f.concurrency, Prefetch: f.prefetched(),
		MaxAttempts: orNone(f.maxAttempts), MaxDeliveries: orNone(f.maxDeliveries),
		Backoff: consumer.Jitter(consumer.Exponential(f.backoffMin, f.backoffMax)),
		Lease:   f.lease, HandlerTimeout: f.handlerTimeout,
		ShutdownTimeout: max(f.drainTimeout, time.Millisecond), // its 0 is the default
		DeadLetter:      stream.DeadLetter{Stream: f.deadLetter},
	}, nil
}

// prefetched is --prefetch as consumer.Config has it, whose 0 is the default.
func (f *workerFlags) prefetched() int {
	if !f.prefetchGiven() {
		return 0
	}
	return orNone(f.prefetch)
}

// orNone makes "0 for none" of the command line the negative number of the
// library, whose 0 is its default.
func orNone(n int) int {
	if n == 0 {
		return -1
	}
	return n
}

func parseStart(s string) (stream.Start, error) {
	switch s {
	case "oldest":
		return stream.Oldest(), nil
	case "newest":
		return stream.Newest(), nil
	}
	if id, err := stream.ParseID(s); err == nil {
		return stream.At(id), nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return stream.Start{}, fmt.Errorf("--start is %q, want oldest, newest, an entry ID, or a time such as 2026-05-04T00:00:00Z", s)
	}
	return stream.Since(t), nil
}

// webhookMode is --webhook-mode.
type webhookMode struct{ webhook.Mode }

// Set takes binary or structured.
func (m *webhookMode) Set(s string) (err error) {
	m.Mode, err = webhook.ParseMode(s)
	return err
}

// Type is what help calls the value.
func (m *webhookMode) Type() string { return "binary|structured" }
