package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/redis/go-redis/v9"
	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/stream"
)

const workerHelp = `worker joins the consumer group (and makes it where there is none) and hands each
entry of the streams to a webhook or a program, until SIGTERM or SIGINT. Then it
stops reading, hands back what has not started, lets the rest finish within
--shutdown-timeout, and exits 0. A second signal ends it at once with exit code 1.

--webhook URL posts each event as CloudEvents over HTTP. 2xx acknowledges, 429 and
503 are tried again after Retry-After, 408, 409 and 425 are tried again, any other
4xx makes a dead letter, everything else is tried again.

--command CMD runs CMD for each event: its data on stdin, its attributes in the
environment (LEAT_ID, LEAT_TYPE, LEAT_SOURCE, LEAT_SUBJECT, LEAT_TIME,
LEAT_DATACONTENTTYPE, LEAT_EXT_<NAME>, LEAT_STREAM, LEAT_ENTRY_ID, LEAT_ATTEMPT).
This worker's own LEAT_ variables, and those that look like a password of Redis, are
not passed on: give a leat inside of CMD its --redis. Exit code 0 acknowledges, 65 makes a dead letter, all others are
tried again. CMD's arguments are those that are no flags of leat, and all that
follows --, which goes before arguments that begin with a dash:

  leat worker --stream s --group g --command ./prog a b
  leat worker --stream s --group g --command sh -- -c 'jq .id >> ids'

At --listen it answers /metrics (for Prometheus; docs/metrics.md has all of them),
/livez (fails when a loop of the worker stands still), /readyz (fails while Redis
cannot be read, and once it drains) and /startupz. Without the flag that is port
9464, or where somebody has it the next free one up to 9479; the log says which.
--listen none (or LEAT_LISTEN=none) answers nothing. Logs are JSON on stderr. A
Redis that is away, at the start too, is waited for.

Each handling is a span of OpenTelemetry where OTEL_EXPORTER_OTLP_ENDPOINT or
OTEL_TRACES_EXPORTER=otlp is set; the other OTEL_ variables hold (docs/tracing.md).`

func newWorkerCommand(a *app) *cobra.Command {
	w := &worker{app: a}
	cmd := &cobra.Command{
		Use:     "worker --stream S --group G (--webhook URL | --command CMD [ARG...])",
		Short:   "Work streams off with a webhook or a program",
		Long:    workerHelp,
		Example: "  leat worker --stream orders --group billing --webhook https://billing.example.org/events",
		Args:    cobra.ArbitraryArgs,
		RunE:    func(cmd *cobra.Command, args []string) error { return w.run(cmd.Context(), args) },
	}
	w.flags.register(cmd)
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		if strings.HasPrefix(err.Error(), "unknown") && cmd.Flags().Changed("command") {
			err = fmt.Errorf("%w (arguments of --command that begin with a dash go behind --)", err)
		}
		return &usageError{err}
	})
	return cmd
}

// worker is `leat worker`.
type worker struct {
	app   *app
	flags workerFlags
	log   *zap.Logger
	// consumer is nil until Redis has been reached.
	consumer atomic.Pointer[consumer.Consumer]
	seen     *seen // nil with --listen none
	traced   bool  // handlings have spans
}

func (w *worker) run(ctx context.Context, args []string) error {
	w.log = newLogger(w.app.stderr, w.flags.logLevel.Level)
	cfg, err := w.flags.config()
	if err != nil {
		return err
	}
	cfg.Logger = w.log
	export, err := w.trace(ctx, &cfg)
	if err != nil {
		return err
	}
	defer export()
	handle, done, err := w.handler(args)
	if err != nil {
		return err
	}
	defer done()
	if err := errors.Join(checkConfig(handle, cfg), w.app.redis.check()); err != nil {
		return &usageError{err}
	}

	// From here on a log is kept, and why it ends belongs there.
	if err := w.work(ctx, handle, cfg); err != nil {
		w.log.Error("worker ends", zap.String("error", redact(err.Error())))
		return &saidError{err.Error()}
	}
	return nil
}

// work connects and runs the consumer until ctx ends.
func (w *worker) work(ctx context.Context, handle consumer.Handler, cfg consumer.Config) error {
	if !w.flags.listen.off() {
		seen, err := w.listen(ctx, &cfg)
		if err != nil {
			return err
		}
		defer seen.close()
		w.seen = seen
	}
	conn, hangUp, err := w.connect(ctx)
	if err != nil || conn == nil {
		return err
	}
	defer hangUp()
	defer w.seen.use(conn)()
	w.log.Info("connected", zap.String("redis", conn.String()), zap.String("version", build().Version))
	c, err := consumer.New(conn, handle, cfg)
	if err != nil {
		return err
	}
	w.consumer.Store(c)
	return c.Run(ctx)
}

// checkConfig finds what is wrong with the configuration before anything is
// waited for. The client never connects.
func checkConfig(h consumer.Handler, cfg consumer.Config) error {
	rdb := redis.NewClient(&redis.Options{})
	defer rdb.Close() //nolint:errcheck // nothing is open
	conn := stream.Wrap(rdb)
	defer conn.Close() //nolint:errcheck // nothing is open
	_, err := consumer.New(conn, h, cfg)
	return err
}

func (w *worker) ready() error {
	if c := w.consumer.Load(); c != nil {
		return c.Ready()
	}
	return errNotConnected
}

// connect waits for a Redis that cannot be reached: it may start later than its
// workers. What waiting will not mend is an error at once. No connection and no
// error when ctx ended before: there is nothing to drain.
func (w *worker) connect(ctx context.Context) (conn *stream.Conn, hangUp func(), err error) {
	schedule := backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(100*time.Millisecond), backoff.WithMaxInterval(5*time.Second), backoff.WithMaxElapsedTime(0))
	try := func() error {
		conn, hangUp, err = w.app.connect(ctx)
		if err != nil && (ctx.Err() != nil || !passes(err)) {
			return backoff.Permanent(err)
		}
		return err
	}
	err = backoff.RetryNotify(try, backoff.WithContext(schedule, ctx), func(err error, next time.Duration) {
		w.log.Warn("redis cannot be reached, will be tried again", zap.Duration("in", next), zap.String("error", redact(err.Error())))
	})
	if err != nil && ctx.Err() != nil {
		return nil, nil, nil
	}
	return conn, hangUp, err
}

// passes tells whether connecting may succeed later without anybody changing the
// flags. What TLS and Redis refuse does not pass.
func passes(err error) bool {
	var op *net.OpError
	var netErr net.Error
	switch stream.Classify(err) {
	case stream.ClassNotExecuted:
		return true
	case stream.ClassUnknown:
		return errors.Is(err, io.EOF) || errors.As(err, &op) && op.Op != "remote error" ||
			errors.As(err, &netErr) && netErr.Timeout()
	}
	return false
}

// handler is what the flags say is to be done with each delivery.
func (w *worker) handler(args []string) (h consumer.Handler, done func(), err error) {
	f := &w.flags
	switch {
	case f.webhook == "" && f.command == "":
		return nil, nil, usagef("what is to be done with the entries? want --webhook URL or --command CMD")
	case f.webhook != "" && f.command != "":
		return nil, nil, usagef("--webhook and --command exclude each other: want exactly one")
	case f.command != "":
		return w.command(args)
	case len(args) > 0:
		return nil, nil, usagef("unexpected argument %q: only --command takes arguments", args[0])
	}
	return w.webhook()
}

// duration is a flag's duration that must not be less than least.
func duration(flag string, d, least time.Duration) error {
	if d < least {
		return fmt.Errorf("--%s is %s, want %s at the least", flag, d, least)
	}
	return nil
}
