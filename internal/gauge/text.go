package gauge

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"unicode/utf8"
)

// WriteText writes the report for people: what was measured, and what that says.
func (r *Report) WriteText(w io.Writer) {
	r.writeHead(w)
	r.writeRates(w)
	r.writeLatencies(w)
	for _, section := range []struct {
		kind  Kind
		title string
	}{{Bound, "what bounds it"}, {Warning, "warnings"}, {Note, "notes"}} {
		r.writeFindings(w, section.kind, section.title)
	}
	if len(r.Unseen) > 0 {
		fmt.Fprintln(w, "\nnot seen")
		for _, what := range r.Unseen {
			fmt.Fprintln(w, fold("  - ", what))
		}
	}
}

func (r *Report) writeHead(w io.Writer) {
	words := []string{}
	if s := r.Server; s != nil {
		words = append(words, strings.TrimSpace(s.Name+" "+s.Version), cmp.Or(s.Mode, "standalone"))
		if s.AOF {
			words = append(words, strings.TrimSpace("appendonly "+s.Fsync))
		} else {
			words = append(words, "no appendonly")
		}
		words = append(words, plural(s.Replicas, "replica", "replicas"))
	}
	if r.TLS {
		words = append(words, "TLS")
	}
	fmt.Fprintln(w, fold("", strings.TrimSuffix(r.Redis+": "+strings.Join(words, ", "), ": ")))
	s := r.Settings
	fmt.Fprintln(w, fold("", fmt.Sprintf("payload %s, %s, prefetch %d; %s in %.1f s, at most %s in the server at a time",
		bytesText(float64(s.Payload)), plural(s.Concurrency, "handler", "handlers"), s.Prefetch,
		plural(s.Rounds, "round", "rounds"), r.Seconds, bytesText(float64(s.Memory)))))
}

// unit is what is written for a figure that is not there.
func unit(x *float64, format string, scale float64) string {
	if x == nil {
		return "-"
	}
	return fmt.Sprintf(format, scale**x)
}

func (r *Report) writeRates(w io.Writer) {
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "events a second\tleat\tbare protocol\tshare\tserver busy\tthis process\tserver/event\tclient/event\t")
	for _, rate := range r.Rates {
		bare := "-"
		if rate.Bare != nil {
			bare = thousands(rate.Bare.PerSecond)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", rate.Work, thousands(rate.Leat.PerSecond), bare, unit(rate.Share, "%.0f %%", 100),
			unit(mainThread(rate.Leat.Usage), "%.0f %%", 100), unit(rate.Leat.Client, "%.2f cores", 1),
			unit(rate.Leat.ServerMicro, "%.1f µs", 1), unit(rate.Leat.ClientMicro, "%.1f µs", 1))
	}
	_ = t.Flush()
}

func (r *Report) writeLatencies(w io.Writer) {
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "latency in ms\t\tp50\tp99\tp99.9\tmax\tsamples\t")
	for _, l := range r.Latencies {
		name := string(l.Interval)
		if l.Interval != RoundTrip {
			name += fmt.Sprintf(" at %s", perSecond(r.Settings.Rate))
		}
		row := func(name, way string, q Quantiles) {
			fmt.Fprintf(t, "%s\t%s\t%.3f\t%s\t%s\t%.3f\t%d\t\n", name, way, q.P50, q.among(q.P99, 100), q.among(q.P999, 1000), q.Max, q.Samples)
		}
		row(name, "leat", l.Leat)
		if l.Bare != nil {
			row("", "bare protocol", *l.Bare)
		}
	}
	_ = t.Flush()
}

// among is a quantile that wants so many samples to be more than the slowest one.
func (q Quantiles) among(x float64, samples int) string {
	if q.Samples < samples {
		return "-"
	}
	return fmt.Sprintf("%.3f", x)
}

func (r *Report) writeFindings(w io.Writer, kind Kind, title string) {
	first := true
	for _, f := range r.Findings {
		if f.Kind != kind {
			continue
		}
		if first {
			fmt.Fprintln(w, "\n"+title)
			first = false
		}
		fmt.Fprintln(w, fold("  - ", f.headline()))
		fmt.Fprintln(w, fold("    because: ", f.Because))
		for _, change := range f.Change {
			fmt.Fprintln(w, fold("    change:  ", change))
		}
	}
}

// headline is what a finding says, and about what.
func (f *Finding) headline() string {
	var works []string
	for _, w := range f.Works {
		works = append(works, string(w))
	}
	if len(works) == 0 {
		return f.Says
	}
	return listed(works) + ": " + f.Says
}

// width is that of a terminal which nobody has made narrower.
const width = 100

// fold breaks text between words; further lines stand below the first one's text.
func fold(lead, text string) string {
	indent := strings.Repeat(" ", utf8.RuneCountInString(lead))
	var out strings.Builder
	out.WriteString(lead)
	at := len(indent)
	for i, word := range strings.Fields(text) {
		n := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case at+1+n > width:
			out.WriteString("\n" + indent)
			at = len(indent)
		default:
			out.WriteByte(' ')
			at++
		}
		out.WriteString(word)
		at += n
	}
	return out.String()
}
