package main

import (
	"context"
	"errors"
	"fmt"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/leat-io/leat/internal/demo"
	"github.com/leat-io/leat/internal/embedded"
	"github.com/leat-io/leat/internal/gauge"
	"github.com/leat-io/leat/stream"
)

const benchHelp = `Measures the Redis that --redis names, through leat's producer and consumer and,
side by side in the same run, through the bare protocol: publishing, consuming a
backlog, both at once, latency at a modest rate, and the round trip. Then it says
what bounds each of these on this server (its processor, this process, the
network, the disk), from what it measured, and what to change.

It is safe on a server that is in use, but for the load: it uses streams of its
own under --stream-prefix, deletes them at the end, also after Ctrl-C and after an
error, and lets them expire where it is killed. It takes no more of the server's
memory than --memory at a time, less where less is free, and refuses where too
little is. It does not write to a replica. On a cluster one master is measured.

Both ways write and read the same entries, so "share" is what leat itself costs:
rates are medians over some rounds, the share is the median of the rounds' shares.
Without the right to INFO, CONFIG GET or MEMORY USAGE it says what it could not
see.`

const benchExample = `  leat bench
  leat bench --redis rediss://redis.example.org:6380 --payload 2000 --output json
  leat bench --duration 2m --concurrency 64 --prefetch 10000`

func newBenchCommand(a *app) *cobra.Command {
	cfg := gauge.Config{}
	memory := 0
	var output outputFlag
	cmd := &cobra.Command{
		Use:     "bench",
		Short:   "Measure your Redis: how fast leat is on it, what bounds it, what to change",
		Long:    benchHelp,
		Example: benchExample,
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.bench(cmd, cfg, memory, output.json())
		},
	}
	flags := cmd.Flags()
	flags.DurationVar(&cfg.Duration, "duration", gauge.DefaultDuration, "measure for about that long")
	flags.IntVar(&cfg.Payload, "payload", gauge.DefaultPayload, "publish events with `N` bytes of data")
	flags.IntVar(&cfg.Concurrency, "concurrency", gauge.DefaultConcurrency, "consume with `N` handlers at once")
	flags.IntVar(&cfg.Prefetch, "prefetch", gauge.DefaultPrefetch, "let `N` entries wait for a handler")
	flags.IntVar(&cfg.Rate, "rate", gauge.DefaultRate, "measure latency at `N` events a second, fewer where that is no modest rate")
	flags.IntVar(&memory, "memory", gauge.DefaultMemory>>20, "take no more than `N` MiB of the server's memory at a time")
	flags.StringVar(&cfg.Prefix, "stream-prefix", gauge.DefaultPrefix, "begin the names of streams with `PREFIX`")
	output.register(cmd)
	return cmd
}

func (a *app) bench(cmd *cobra.Command, cfg gauge.Config, memory int, asJSON bool) error {
	if err := checkBench(cmd, &cfg, memory); err != nil {
		return err
	}
	if err := a.redis.check(); err != nil {
		return err
	}
	if d := demo.DisplayOf(a.stderr, a.env); d.Terminal {
		cfg.Progress = a.stderr
	}
	// A terminal that is closed is a Ctrl-C: what the bench made has to go.
	ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGHUP)
	defer stop()
	end, err := a.benchDial(ctx, &cfg)
	if err != nil {
		return err
	}
	defer end()
	report, err := gauge.Run(ctx, cfg)
	if errors.Is(err, stream.ErrURL) {
		err = &usageError{err}
	}
	if err != nil {
		return err
	}
	if asJSON {
		return printJSON(a.stdout, report)
	}
	report.WriteText(plainWriter{a.stdout}) // it has words of the server's
	return nil
}

// checkBench takes zero and nothing for what they are: a Config takes them for its
// defaults.
func checkBench(cmd *cobra.Command, cfg *gauge.Config, memory int) error {
	cfg.Memory = min(memory, gauge.MaxMemory>>20+1) << 20
	for _, name := range []string{"duration", "payload", "concurrency", "prefetch", "rate", "memory", "stream-prefix"} {
		switch value := cmd.Flag(name).Value.String(); value {
		case "0", "0s":
			return usagef("--%s is %s, want more", name, value)
		case "":
			return usagef("--%s is empty", name)
		}
	}
	if err := cfg.Check(); err != nil {
		return &usageError{err}
	}
	return nil
}

// benchDial says how to connect. The function ends the embedded broker where that
// is what is measured.
func (a *app) benchDial(ctx context.Context, cfg *gauge.Config) (end func(), err error) {
	url, end := a.redis.url, func() {}
	if url == embeddedURL {
		broker, err := embedded.Start(context.WithoutCancel(ctx))
		if err != nil {
			return nil, fmt.Errorf("start the embedded broker: %w", err)
		}
		url, end = broker.URL(), func() { _ = broker.Close() }
	}
	cfg.Dial = func(ctx context.Context, opts ...stream.Option) (*stream.Conn, error) {
		return stream.Dial(ctx, url, append(a.redis.options(), opts...)...)
	}
	return end, nil
}
