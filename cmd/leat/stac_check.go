package main

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/leat-io/leat/stac/poll"
)

const stacCheckHelp = `check compares what the server has with what is published, day by day: items that
are missing, outdated (published in another version) or extra (published, and not on
the server any more), and days on which the server does not send all that it has
(truncated). It publishes nothing. Exit code 1 says that something is not as it
should be. The flags about the source are those of poll.

What is published is what the poller remembers; --entries reads the stream itself
instead, where entries that were trimmed are missing. What was there before a
source that began --from-now counts as published.`

// stacCheck is `leat stac check`.
type stacCheck struct {
	app          *app
	flags        stacFlags
	since, until string
	days         int
	entries      bool
	output       outputFlag
}

func newStacCheckCommand(a *app) *cobra.Command {
	c := &stacCheck{app: a}
	cmd := &cobra.Command{
		Use:     "check (--api URL | --config FILE) [--since T] [--until T] --stream S",
		Short:   "Compare the server with what is published, day by day",
		Long:    stacCheckHelp,
		Example: "  leat stac check --api https://stac.example.com/v1 --collection sentinel-2-l2a --days 7 --stream items",
		Args:    noArguments,
		RunE:    func(cmd *cobra.Command, _ []string) error { return c.run(cmd) },
	}
	c.flags.register(cmd)
	flags := cmd.Flags()
	flags.StringVar(&c.flags.source, "source", "", "`NAME` of one source of --config (all)")
	flags.StringVar(&c.since, "since", "", "first `DAY` on which items were taken (--days before --until)")
	flags.StringVar(&c.until, "until", "", "last `DAY` (today)")
	flags.IntVar(&c.days, "days", 30, "how many days, where --since is not given")
	flags.BoolVar(&c.entries, "entries", false, "compare with the entries of the stream")
	c.output.register(cmd)
	return cmd
}

func (c *stacCheck) run(cmd *cobra.Command) error {
	cfg, err := c.flags.sources(cmd)
	if err != nil {
		return err
	}
	what, err := c.check()
	if err != nil {
		return &usageError{err}
	}
	return c.app.withPoller(cmd.Context(), cfg, func(p *poll.Poller) error {
		names := p.Names()
		if c.flags.source != "" {
			names = []string{c.flags.source}
		}
		wrong := 0
		for _, name := range names {
			report, err := p.Check(cmd.Context(), name, what)
			if err == nil {
				err = c.print(report)
			}
			if err != nil {
				return err
			}
			for i := range report.Days {
				if !report.Days[i].Complete() {
					wrong++
				}
			}
		}
		if wrong > 0 {
			return fmt.Errorf("%d days are not complete", wrong)
		}
		return nil
	})
}

// check is which days are meant.
func (c *stacCheck) check() (what poll.Check, err error) {
	what = poll.Check{Until: time.Now(), Stream: c.entries}
	if c.until != "" {
		if what.Until, err = instant(c.until); err != nil {
			return what, fmt.Errorf("--until: %w", err)
		}
	}
	if c.days < 1 {
		return what, fmt.Errorf("--days is %d, want 1 at the least", c.days)
	}
	what.Since = what.Until.AddDate(0, 0, 1-c.days)
	if c.since != "" {
		if what.Since, err = instant(c.since); err != nil {
			return what, fmt.Errorf("--since: %w", err)
		}
	}
	if what.Until.Before(what.Since) {
		return what, errors.New("--until is before --since")
	}
	return what, nil
}

func (c *stacCheck) print(r *poll.Report) error {
	if c.output.json() {
		return printJSON(c.app.stdout, r)
	}
	rows := make([][]string, 0, len(r.Days))
	for i := range r.Days {
		d := &r.Days[i]
		truncated, example := "no", ""
		if d.Truncated {
			truncated = "yes"
		}
		if len(d.Examples) > 0 {
			example = safe(d.Examples[0], 80)
		}
		rows = append(rows, []string{
			d.Day, strconv.Itoa(d.Server), strconv.Itoa(d.Published), strconv.Itoa(d.Missing), strconv.Itoa(d.Outdated), strconv.Itoa(d.Extra), truncated, example,
		})
	}
	fmt.Fprintf(c.app.stdout, "source %s, stream %s\n", safe(r.Source, 0), safe(r.Stream, 0))
	return printTable(c.app.stdout, []string{"DAY", "SERVER", "PUBLISHED", "MISSING", "OUTDATED", "EXTRA", "TRUNCATED", "EXAMPLE"}, rows)
}
