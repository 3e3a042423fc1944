package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.uber.org/zap"

	"github.com/leat-io/leat/stac/poll"
	"github.com/leat-io/leat/stream"
)

const stacHelp = `stac discovers the items of STAC APIs and of static catalogs, and publishes one
event for each new item, each new version and each deletion. docs/stac.md is the
guide.`

func newStacCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "stac",
		Short:   "Publish the items of STAC APIs and catalogs",
		Long:    stacHelp,
		Example: "  leat stac poll --api https://stac.example.com/v1 --collection sentinel-2-l2a --from-now --stream items",
		Args:    noArguments,
		RunE:    printHelp,
	}
	cmd.AddCommand(newStacPollCommand(a), newStacBackfillCommand(a), newStacCheckCommand(a), newStacProbeCommand(a))
	return cmd
}

// stacFlags are what the commands below `leat stac` share: one source by flags, or
// many by a file.
type stacFlags struct {
	config           string
	stream, producer string
	one              stacSource
	bbox             string
	intersects       string
	filter, query    string
	auth             stacAuth
	source           string
}

// registerServer are the flags that lead to a server.
func (f *stacFlags) registerServer(flags *pflag.FlagSet) {
	flags.StringVar(&f.one.API, "api", "", "`URL` of the API's landing page, or of a static catalog's root")
	flags.StringArrayVar(&f.one.Collections, "collection", nil, "`ID` of a collection; may be repeated (all)")
	flags.StringVar(&f.auth.TokenFile, "token-file", "", "`FILE` with a bearer token, read anew for each request")
	flags.StringVar(&f.auth.User, "user", "", "`USER` of basic authentication; the password is in --password-file")
	flags.StringVar(&f.auth.PasswordFile, "password-file", "", "`FILE` with the password of --user")
	flags.StringVar(&f.auth.KeyFile, "api-key-file", "", "`FILE` with an API key")
	flags.StringVar(&f.auth.KeyHeader, "api-key-header", "", "`NAME` of the header that the API key goes into")
	flags.StringVar(&f.auth.KeyQuery, "api-key-query", "", "`NAME` of the parameter that the API key goes into")
	flags.StringArrayVar(&f.one.AllowHosts, "allow-host", nil, "`HOST` that links may lead to beside that of --api; may be repeated")
	flags.StringArrayVar(&f.one.AllowNetworks, "allow-network", nil, "`CIDR` that is not public and may be connected to, such as 10.0.0.0/8; may be repeated")
	flags.Float64Var(&f.one.Rate, "rate", 0, "requests a second to each host at the most (50)")
	flags.DurationVar(&f.one.Timeout, "timeout", 0, "how long one request may take (1m)")
}

// register are those of commands that know what is published.
func (f *stacFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&f.config, "config", "", "YAML `FILE` with many sources, instead of the flags about one")
	flags.StringVar(&f.stream, "stream", "", "`STREAM` to publish to (STREAM)")
	flags.StringVar(&f.producer, "producer", "", "`NAME` of who publishes, a field of each event (PRODUCER)")
	f.registerServer(flags)
	flags.StringVar(&f.one.Name, "name", "", "`NAME` that what is remembered of the source goes by (URL, collections and a hash of the query)")
	flags.StringVar(&f.bbox, "bbox", "", "`W,S,E,N`: items in this box")
	flags.StringVar(&f.intersects, "intersects", "", "`GEOJSON` geometry: items that touch it")
	flags.StringVar(&f.one.Datetime, "datetime", "", "`A/B`: items that were taken then; .. is an open end")
	flags.StringVar(&f.filter, "filter", "", "`CQL2` as text, or as JSON")
	flags.StringVar(&f.query, "query", "", "`JSON` object of the query extension")
	flags.IntVar(&f.one.Limit, "limit", 0, "how many items a page is asked for (250)")
}

// sources are what the flags, or the file, say.
func (f *stacFlags) sources(cmd *cobra.Command) (poll.Config, error) {
	file := &stacFile{}
	if f.config != "" {
		if given := f.givenBeside(cmd); given != "" {
			return poll.Config{}, usagef("--config and --%s exclude each other: put it into the file", given)
		}
		var err error
		if file, err = readStacFile(f.config); err != nil {
			return poll.Config{}, &usageError{err}
		}
	} else {
		one := f.one
		one.BBox, one.Intersects, one.Filter, one.Query, one.Auth = f.bbox, text(f.intersects), text(f.filter), text(f.query), f.auth
		file.Sources = []stacSource{one}
		if one.API == "" {
			return poll.Config{}, usagef("--api is missing: the URL of a STAC API or of a static catalog (or --config)")
		}
	}
	if f.stream != "" {
		file.Stream = f.stream
	}
	if f.producer != "" {
		file.Producer = f.producer
	}
	cfg, err := file.config()
	if err != nil {
		return poll.Config{}, &usageError{err}
	}
	return cfg, nil
}

// besideConfig are flags that go with a file.
var besideConfig = map[string]bool{
	"config": true, "stream": true, "producer": true, "once": true, "log-level": true, "output": true, "source": true, "lease": true,
	"payload": true, "listen": true, "again": true, "until": true, "days": true, "entries": true, "max-event-bytes": true,
}

// givenBeside is a flag about one source that was given beside --config.
func (f *stacFlags) givenBeside(cmd *cobra.Command) (name string) {
	local := cmd.LocalNonPersistentFlags()
	cmd.Flags().Visit(func(flag *pflag.Flag) {
		// --since of poll is about a source, that of backfill and check is not.
		about := !besideConfig[flag.Name] && (flag.Name != "since" || local.Lookup("from-now") != nil)
		if about && local.Lookup(flag.Name) != nil {
			name = flag.Name
		}
	})
	return name
}

// text is a flag's value as a file has it: nothing where it is empty.
func text(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// withPoller connects and does what a command does with the poller.
func (a *app) withPoller(ctx context.Context, cfg poll.Config, do func(*poll.Poller) error) error {
	if err := checkPoller(cfg); err != nil {
		return &usageError{err}
	}
	conn, done, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer done()
	p, err := poll.New(conn, cfg)
	if err != nil {
		return err
	}
	defer p.Close()
	return do(p)
}

// checkPoller finds what is wrong before anything is waited for.
func checkPoller(cfg poll.Config) error {
	p, err := poll.New(&stream.Conn{}, cfg)
	if err != nil {
		return err
	}
	p.Close()
	return nil
}

const stacPollHelp = `poll asks the server again and again for what is new, until SIGTERM or SIGINT, and
adds an event for each item to STREAM: type org.ogc.api.collection.item.create,
.replace or .delete, with the flat fields subject and href (the item's URL) and
producer, and the attributes of CloudEvents beside them.

How it asks is found out by a probe, and logged with the reason: updated (a watermark
on the time of the last change), rescan (the images of the last days again and again)
or reconcile (everything; for static catalogs). --reconcile D makes a full sweep
every D beside the others: deletions, and old images that come late, are found
by it alone.

The first time it has to be told where to begin: --from-now, or --since T, or --since
all. After that it goes on where it was, whatever these say. Any number of replicas
may run: one polls a source at a time, the others take over when it dies.

--config FILE has many sources: see docs/stac.md. --once makes one pass and ends,
with exit code 1 when it is not complete. Logs are JSON on stderr.

At --listen it answers /metrics (docs/metrics.md: "What a poller does"), /livez (fails
when a pass stands still), /readyz (fails while Redis does not answer, and once it
drains; a replica that waits for another one is ready) and /startupz. Without the
flag that is port 9464, or the next free one up to 9479, and with --once none;
--listen none (or LEAT_LISTEN=none) answers nothing.`

// stacPoll is `leat stac poll`.
type stacPoll struct {
	app      *app
	flags    stacFlags
	lease    time.Duration
	payload  poll.Payload
	maxEvent int
	once     bool
	listen   listening
	logLevel logLevel
}

func newStacPollCommand(a *app) *cobra.Command {
	p := &stacPoll{app: a}
	cmd := &cobra.Command{
		Use:     "poll (--api URL (--since T | --from-now) | --config FILE) --stream S",
		Short:   "Publish new and changed items for as long as it runs",
		Long:    stacPollHelp,
		Example: "  leat stac poll --api https://stac.example.com/v1 --collection sentinel-2-l2a --from-now --reconcile 24h --stream items",
		Args:    noArguments,
		RunE:    func(cmd *cobra.Command, _ []string) error { return p.run(cmd) },
	}
	p.flags.register(cmd)
	flags, one := cmd.Flags(), &p.flags.one
	flags.StringVar(&one.Since, "since", "", "`TIME` from which on items are published when it runs for the first time, or all")
	flags.BoolVar(&one.FromNow, "from-now", false, "publish what comes from now on when it runs for the first time")
	flags.DurationVar(&one.Interval, "interval", poll.DefaultInterval, "from the beginning of one pass to the next")
	flags.DurationVar(&one.Reconcile, "reconcile", 0, "from the beginning of one full sweep to the next, 0 for none")
	flags.Var(&one.Strategy, "strategy", "how new items are found")
	flags.DurationVar(&one.Overlap, "overlap", 0, "how far each pass looks back (as the publication lag asks for)")
	flags.Float64Var(&one.MaxDeleted, "max-deleted", poll.DefaultMaxDeleted, "part of the items that a sweep may find deleted and be believed")
	flags.Var(&p.payload, "payload", "data of an event: a link to the item, or the whole item")
	flags.IntVar(&p.maxEvent, "max-event-bytes", poll.DefaultMaxEventBytes, "how large an event may be; a larger item is a link")
	flags.DurationVar(&p.lease, "lease", poll.DefaultLease, "after what silence of a replica another one takes over; the same in all")
	flags.BoolVar(&p.once, "once", false, "make one pass, and a sweep where it is due, and end")
	p.listen.register(flags)
	flags.Var(&p.logLevel, "log-level", "what is logged: debug, info, warn or error")
	return cmd
}

func (p *stacPoll) run(cmd *cobra.Command) error {
	cfg, err := p.flags.sources(cmd)
	if err != nil {
		return err
	}
	log := newLogger(p.app.stderr, p.logLevel.Level)
	cfg.Logger, cfg.Lease, cfg.Payload, cfg.MaxEventBytes = log, p.lease, p.payload, p.maxEvent
	if err := errors.Join(checkPoller(cfg), p.app.redis.check()); err != nil {
		return &usageError{err}
	}
	// From here on a log is kept, and why it ends belongs there.
	if err := p.poll(cmd.Context(), cfg, log); err != nil {
		log.Error("stac poll ends", zap.String("error", redact(err.Error())))
		return &saidError{err.Error()}
	}
	return nil
}

func (p *stacPoll) poll(ctx context.Context, cfg poll.Config, log *zap.Logger) error {
	if p.once && !p.listen.given() {
		p.listen.addr = listenNone // it is gone before anybody asks
	}
	hide, err := showPoller(ctx, &p.listen, &cfg, log)
	if err != nil {
		return err
	}
	defer hide()
	// A worker waits for Redis in the same way.
	conn, hangUp, err := (&worker{app: p.app, log: log}).connect(ctx)
	if err != nil || conn == nil {
		return err
	}
	defer hangUp()
	log.Info("connected", zap.String("redis", conn.String()), zap.String("version", build().Version))
	poller, err := poll.New(conn, cfg)
	if err != nil {
		return err
	}
	defer poller.Close()
	if !p.once {
		err = poller.Run(ctx)
	} else if err = poller.Once(ctx); ctx.Err() != nil {
		return nil // it was told to stop; the next run goes on
	}
	if errors.Is(err, poll.ErrNoStart) {
		err = fmt.Errorf("%w: --from-now, or --since TIME, or --since all", err)
	}
	return err
}
