package main

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/leat-io/leat/stac"
	"github.com/leat-io/leat/stac/poll"
)

const stacProbeHelp = `probe asks a server some fifteen small questions, and says what it can do, what was
tried and what came of it, which strategy poll would take, and why. It needs no
Redis and publishes nothing.`

// stacProbe is `leat stac probe`.
type stacProbe struct {
	app      *app
	flags    stacFlags
	strategy poll.Strategy
	output   outputFlag
}

func newStacProbeCommand(a *app) *cobra.Command {
	p := &stacProbe{app: a}
	cmd := &cobra.Command{
		Use:     "probe URL [--collection C]",
		Short:   "Find out what a server can do, and how it would be polled",
		Long:    stacProbeHelp,
		Example: "  leat stac probe https://stac.example.com/v1 --collection sentinel-2-l2a",
		Args:    atMost(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return p.run(cmd.Context(), args) },
	}
	cmd.Flags().SortFlags = false
	p.flags.registerServer(cmd.Flags())
	cmd.Flags().Var(&p.strategy, "strategy", "the one that is asked for")
	p.output.register(cmd)
	return cmd
}

// probeReport is what --output json prints.
type probeReport struct {
	Plan       *poll.Plan   `json:"plan"`
	Error      string       `json:"error,omitempty"`
	URL        string       `json:"url"`
	Title      string       `json:"title"`
	Version    string       `json:"stac_version"`
	Kind       string       `json:"kind"`
	Methods    []string     `json:"methods"`
	Advertised string       `json:"advertised"`
	Next       string       `json:"next"`
	Sample     int          `json:"sample"`
	Updated    int          `json:"with_updated"`
	Created    int          `json:"with_created"`
	Lag        float64      `json:"lag_seconds"`
	Grammar    string       `json:"grammar"`
	Trials     []probeTrial `json:"trials"`
}

type probeTrial struct {
	What   string `json:"what"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
}

func reportOf(f *stac.Facts, plan *poll.Plan, refused error) probeReport {
	r := probeReport{
		URL: f.URL, Title: f.Title, Version: f.Version, Kind: f.Kind.String(), Methods: append([]string{}, f.Methods...),
		Advertised: advertised(&f.Advertised), Next: f.NextShape, Sample: f.Sample, Updated: f.WithUpdated, Created: f.WithCreated,
		Lag: f.Lag.Seconds(), Grammar: f.Grammar.String(), Trials: make([]probeTrial, len(f.Trials)),
	}
	for i, t := range f.Trials {
		r.Trials[i] = probeTrial(t)
	}
	if refused == nil {
		r.Plan = plan
	} else {
		r.Error = refused.Error()
	}
	return r
}

func (p *stacProbe) run(ctx context.Context, args []string) error {
	one := p.flags.one
	one.Auth = p.flags.auth
	if len(args) > 0 {
		one.API = args[0]
	}
	if one.API == "" {
		return usagef("URL is missing: that of a STAC API or of a static catalog")
	}
	cfg, err := one.client()
	var client *stac.Client
	if err == nil {
		client, err = stac.NewClient(cfg)
	}
	if err != nil {
		return &usageError{err}
	}
	defer client.Close()
	facts, err := client.Probe(ctx, stac.Query{Collections: one.Collections})
	if err != nil {
		return err
	}
	plan, refused := poll.Choose(facts, p.strategy)
	if p.output.json() {
		err = printJSON(p.app.stdout, reportOf(facts, &plan, refused))
	} else {
		err = p.print(facts, &plan, refused)
	}
	if err == nil {
		err = refused
	}
	return err
}

func (p *stacProbe) print(f *stac.Facts, plan *poll.Plan, refused error) error {
	out := plainWriter{p.app.stdout}
	t := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	for _, row := range [][2]string{
		{"server", f.URL},
		{"title", f.Title},
		{"STAC version", f.Version},
		{"kind", f.Kind.String()},
		{"search by", strings.Join(f.Methods, ", ")},
		{"advertises", advertised(&f.Advertised)},
		{"next link", f.NextShape},
	} {
		if row[1] != "" {
			fmt.Fprintf(t, "%s\t%s\n", row[0], row[1])
		}
	}
	if f.Lag > 0 {
		fmt.Fprintf(t, "publication lag\t%s (median of the sample)\n", f.Lag)
	}
	fmt.Fprintln(t)
	for _, trial := range f.Trials {
		outcome := "no"
		if trial.OK {
			outcome = "yes"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\n", trial.What, outcome, trial.Detail)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if refused == nil {
		fmt.Fprintf(out, "\nstrategy %s: %s\n", plan.Strategy, plan.Reason)
	}
	return nil
}

// advertised are the capabilities that conformance classes promise.
func advertised(a *stac.Advertised) string {
	var names []string
	for _, one := range []struct {
		name string
		has  bool
	}{
		{"search", a.Search},
		{"features", a.Features},
		{"children", a.Children},
		{"filter", a.Filter},
		{"query", a.Query},
		{"sort", a.Sort},
		{"fields", a.Fields},
		{"cql2-text", a.CQL2Text},
		{"cql2-json", a.CQL2JSON},
	} {
		if one.has {
			names = append(names, one.name)
		}
	}
	return strings.Join(names, ", ")
}
