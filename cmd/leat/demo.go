package main

import (
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/leat-io/leat/internal/demo"
)

const demoHelp = `Publishes events of an invented day of Sentinel-2 (STAC items), has worker
processes work them off, kills one of them with SIGKILL in the middle, and shows
that the others take over what it held and that nothing is lost.

It needs nothing: without --redis (and LEAT_REDIS) it starts a broker of its own.
On the Redis that --redis names it makes one stream of a name that nobody has,
and removes it at the end. No worker is started in place of the killed one, unless
it was the only one. The events come at a pace that fits the kill: two fifths
before, the rest after, so that a run takes about two and a half times
--kill-after.

How it counts: workers report each step to the parent as it happens, and Redis
has the last word on what is settled. Exit code 1 if anything was lost.

It is over before anybody could scrape it, so it serves no metrics, as leat worker
does.`

const demoExample = `  leat demo
  leat demo --events 500 --kill-after 2s --output json
  leat demo --redis redis://127.0.0.1:6379 --keep`

func newDemoCommand(a *app) *cobra.Command {
	cfg := demo.Config{}
	var output outputFlag
	cmd := &cobra.Command{
		Use:     "demo",
		Short:   "Kill a worker under load and see that nothing is lost",
		Long:    demoHelp,
		Example: demoExample,
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.demo(cmd, cfg, output.json())
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&cfg.Events, "events", 2000, "publish `N` events")
	flags.IntVar(&cfg.Workers, "workers", 3, "start `N` worker processes")
	flags.DurationVar(&cfg.KillAfter, "kill-after", 5*time.Second, "kill a worker that long after the first event; 0 kills none")
	flags.BoolVar(&cfg.Keep, "keep", false, "leave the stream and the dead letters on the Redis that --redis names")
	output.register(cmd)
	return cmd
}

func (a *app) demo(cmd *cobra.Command, cfg demo.Config, asJSON bool) error {
	if err := a.redis.check(); err != nil {
		return err
	}
	if cmd.Flag("redis").Changed && a.redis.url != embeddedURL {
		r := &a.redis
		cfg.Redis = demo.Redis{
			URL: r.url, PasswordFile: r.passwordFile, SentinelPasswordFile: r.sentinelPasswordFile, CA: r.ca, Cert: r.cert, Key: r.key,
		}
	}
	if err := cfg.Check(); err != nil {
		return &usageError{err}
	}
	cfg.Progress, cfg.Display = a.stderr, demo.DisplayOf(a.stderr, a.env)
	// A terminal that is closed is a Ctrl-C: what the demo made has to go.
	ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGHUP)
	defer stop()
	summary, err := demo.Run(ctx, cfg)
	if summary == nil {
		return err
	}
	if asJSON {
		if err := printJSON(a.stdout, summary); err != nil {
			return err
		}
	} else {
		summary.WriteText(a.stdout, demo.DisplayOf(a.stdout, a.env))
	}
	if err != nil {
		return err
	}
	return summary.Err()
}

// newDemoWorkerCommand is a worker process of the demo, which starts it.
func newDemoWorkerCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:    demo.WorkerCommand,
		Short:  "A worker of leat demo",
		Args:   noArguments,
		Hidden: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			// A Ctrl-C in the terminal is for the parent, which then ends us.
			signal.Ignore(os.Interrupt)
			return demo.RunWorker(cmd.Context(), a.stdin, a.stdout)
		},
	}
}
