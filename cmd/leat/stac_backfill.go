package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"github.com/leat-io/leat/stac"
	"github.com/leat-io/leat/stac/poll"
)

const stacBackfillHelp = `backfill publishes what was taken in an interval and is not published yet, in the
order of time, with a progress bar where stderr is a terminal. It may run beside
` + "`leat stac poll`" + `: an item is published once. When it is interrupted, the same
command goes on where it ended. The flags about the source are those of poll, so
that both mean the same one. --listen ADDR answers /metrics, /livez, /readyz and
/startupz, as poll does.

--again publishes what was published before, too, with the event IDs that it had: for
a stream that was lost or trimmed.`

// stacBackfill is `leat stac backfill`.
type stacBackfill struct {
	app          *app
	flags        stacFlags
	since, until string
	again        bool
	listen       listening
	output       outputFlag
}

func newStacBackfillCommand(a *app) *cobra.Command {
	b := &stacBackfill{app: a}
	cmd := &cobra.Command{
		Use:     "backfill (--api URL | --config FILE) --since T [--until T] --stream S",
		Short:   "Publish what was taken in an interval",
		Long:    stacBackfillHelp,
		Example: "  leat stac backfill --api https://stac.example.com/v1 --collection sentinel-2-l2a --since 2026-01-01 --until 2026-04-01 --stream items",
		Args:    noArguments,
		RunE:    func(cmd *cobra.Command, _ []string) error { return b.run(cmd) },
	}
	b.flags.register(cmd)
	flags := cmd.Flags()
	flags.StringVar(&b.flags.source, "source", "", "`NAME` of one source of --config (all, one after the other)")
	flags.StringVar(&b.since, "since", "", "`TIME` at which it begins: 2026-05-04, 2026-05-04T12:00:00Z, or all")
	flags.StringVar(&b.until, "until", "", "`TIME` at which it ends (now, and what is dated later)")
	flags.BoolVar(&b.again, "again", false, "publish again what was published")
	b.listen.given = func() bool { return true } // it is for a terminal: nothing is answered unless somebody wants it
	flags.StringVar(&b.listen.addr, "listen", listenNone, "`ADDR` for /metrics, /livez, /readyz and /startupz")
	b.output.register(cmd)
	return cmd
}

func (b *stacBackfill) run(cmd *cobra.Command) error {
	cfg, err := b.flags.sources(cmd)
	if err != nil {
		return err
	}
	interval, err := interval(b.since, b.until)
	if err != nil {
		return &usageError{err}
	}
	var bad int
	cfg.Hooks.Bad = func(_ string, err error) {
		bad++
		b.app.complain("%v", err)
	}
	hide, err := showPoller(cmd.Context(), &b.listen, &cfg, newLogger(b.app.stderr, zap.InfoLevel))
	if err != nil {
		return err
	}
	defer hide()
	return b.app.withPoller(cmd.Context(), cfg, func(p *poll.Poller) error {
		names := p.Names()
		if b.flags.source != "" {
			names = []string{b.flags.source}
		}
		for _, name := range names {
			if err := b.one(cmd.Context(), p, name, interval); err != nil {
				return err
			}
		}
		if bad > 0 {
			return fmt.Errorf("%d items are not published", bad)
		}
		return nil
	})
}

// interval is --since and --until. The first has to be said.
func interval(since, until string) (i stac.Interval, err error) {
	switch since {
	case "":
		return i, errors.New("--since is missing: a time, or all")
	case "all":
	default:
		if i.Start, err = instant(since); err != nil {
			return i, fmt.Errorf("--since: %w", err)
		}
	}
	if until != "" {
		if i.End, err = instant(until); err != nil {
			return i, fmt.Errorf("--until: %w", err)
		}
	}
	if !i.End.IsZero() && i.End.Before(i.Start) {
		return i, fmt.Errorf("--until %s is before --since %s", until, since)
	}
	return i, nil
}

// one backfills one source.
func (b *stacBackfill) one(ctx context.Context, p *poll.Poller, name string, interval stac.Interval) error {
	bar := b.app.days("backfill " + name)
	began := time.Now()
	first := true
	done, err := p.Backfill(ctx, name, poll.Backfill{Interval: interval, Again: b.again, Progress: func(now poll.Progress) {
		if first && now.Resumed {
			_ = bar.Clear()
			b.app.note("goes on where it ended: %d items found so far, %d published", now.Items, now.Published)
		}
		first = false
		bar.ChangeMax64(max(int64(now.Total/time.Hour), 1))
		bar.Describe(fmt.Sprintf("%d items, %d published", now.Items, now.Published))
		_ = bar.Set64(int64(now.Done / time.Hour))
	}})
	_ = bar.Exit()
	switch {
	case err != nil && ctx.Err() != nil:
		return fmt.Errorf("interrupted; %d items found so far, %d published: the same command goes on", done.Items, done.Published)
	case err != nil:
		return err
	case b.output.json():
		return printJSON(b.app.stdout, map[string]any{
			"source": name, "items": done.Items, "published": done.Published, "seconds": time.Since(began).Seconds(),
		})
	}
	fmt.Fprintf(b.app.stdout, "%s: %d items found, %d published\n", safe(name, 0), done.Items, done.Published)
	return nil
}

// days is a progress bar over a part of time, invisible where stderr is no
// terminal.
func (a *app) days(what string) *progressbar.ProgressBar {
	return progressbar.NewOptions64(1,
		progressbar.OptionSetWriter(a.stderr), progressbar.OptionSetVisibility(a.terminal()),
		progressbar.OptionSetDescription(what), progressbar.OptionSetWidth(30), progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionUseANSICodes(true), progressbar.OptionClearOnFinish())
}
