package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"text/tabwriter"
)

// tolerance is by how much the two ways to the area of a cell may differ.
const tolerance = 1e-4

// report prints the table and compares it with the truth.
func report(out io.Writer, rows []row, truth map[string]float64) error {
	var errs []error
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "SCENE\tLATITUDE\tWATER km²\tSHARE\tTRUTH km²\t")
	known := map[string]bool{}
	for i := range rows {
		r := &rows[i]
		want, ok := truth[r.Scene]
		known[r.Scene] = true
		switch {
		case !ok:
			errs = append(errs, fmt.Errorf("%s is in the table and not in the catalog", r.Scene))
		case math.Abs(r.Water-want) > tolerance*want:
			errs = append(errs, fmt.Errorf("%s has %.3f km² of water, the table says %.3f", r.Scene, want, r.Water))
		}
		fmt.Fprintf(table, "%s\t%.2f\t%.1f\t%.1f %%\t%.1f\t\n", r.Scene, r.Latitude, r.Water, 100*r.Share, want)
	}
	for scene := range truth {
		if !known[scene] {
			errs = append(errs, fmt.Errorf("%s is in the catalog and not in the table", scene))
		}
	}
	return errors.Join(append(errs, table.Flush())...)
}

// figures prints some of the metrics, which a program that runs for longer serves to
// Prometheus, and compares the published events with what happened to the catalog.
func (p *pipeline) figures(changes map[string]int) error {
	families, err := p.metrics.Gather()
	if err != nil {
		return err
	}
	var errs []error
	for _, f := range families {
		for _, m := range f.GetMetric() {
			labels := map[string]string{}
			for _, l := range m.GetLabel() {
				labels[l.GetName()] = l.GetValue()
			}
			n := int(m.GetCounter().GetValue())
			switch {
			case n == 0:
			case f.GetName() == "leat_stac_events_published_total":
				p.say("%d events published: %s", n, labels["change"])
				if n != changes[labels["change"]] {
					errs = append(errs, fmt.Errorf("%d events %s, want %d", n, labels["change"], changes[labels["change"]]))
				}
			case f.GetName() == "leat_deliveries_settled_total":
				p.say("%d results %s by the second worker", n, labels["outcome"])
			}
		}
	}
	return errors.Join(errs...)
}
