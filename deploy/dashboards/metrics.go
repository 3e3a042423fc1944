package main

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/leat-io/leat/metrics"
	"github.com/leat-io/leat/stac/pollmetrics"
)

// metric is what a query may ask for.
type metric struct {
	kind   string // counter, gauge or histogram
	labels set    // without those of the target
	made   bool   // by a rule, which says what labels it has
}

type set map[string]bool

func setOf(names ...string) set {
	s := set{}
	for _, n := range names {
		s[n] = true
	}
	return s
}

func (s set) sorted() []string { return slices.Sorted(maps.Keys(s)) }

// target are the labels that every series has from its target: namespace where
// Prometheus runs in Kubernetes.
var target = setOf("namespace", "job", "instance")

// described finds name and labels in the text of a prometheus.Desc, which does not give
// them otherwise.
var described = regexp.MustCompile(`^Desc\{fqName: "(\w+)", help: ".*", constLabels: \{(.*)\}, variableLabels: \{(.*)\}\}$`)

// row is a metric in docs/metrics.md.
var documented = regexp.MustCompile("(?m)^\\| `(\\w+)` \\| (\\w+) \\| ")

// known are the metrics of leat, by the collectors that it registers, those of Go and of
// the process, and two of Prometheus itself. Their types, which a collector tells only
// with a series, are those of the page, which tests hold to the collectors.
func known(page string) (map[string]metric, error) {
	text, err := os.ReadFile(page) //nolint:gosec // of the checkout
	if err != nil {
		return nil, fmt.Errorf("read what metrics there are: %w", err)
	}
	kinds := map[string]string{}
	for _, row := range documented.FindAllStringSubmatch(string(text), -1) {
		kinds[row[1]] = row[2]
	}
	all := map[string]metric{
		"up":     {kind: "gauge"},
		"ALERTS": {kind: "gauge", labels: setOf("alertname", "alertstate", "severity", "stream", "group", "source", "loop")},
	}
	descriptions, err := descriptions()
	if err != nil {
		return nil, err
	}
	for name, labels := range descriptions {
		kind, ok := kinds[name]
		if !ok {
			return nil, fmt.Errorf("%s is registered, and not in %s", name, page)
		}
		all[name] = metric{kind: kind, labels: labels}
	}
	for name := range kinds {
		if _, ok := all[name]; !ok {
			return nil, fmt.Errorf("%s is in %s, and registered by nobody", name, page)
		}
	}
	return all, runtime(all)
}

// descriptions are the labels of all metrics of leat's own collectors, by name.
func descriptions() (map[string]set, error) {
	reg := prometheus.NewRegistry()
	metrics.New(reg)
	pollmetrics.New(reg)
	server, err := metrics.NewServer(nil, metrics.ServerConfig{Streams: []string{"any"}})
	if err != nil {
		return nil, err
	}
	reg.MustRegister(server)
	told := make(chan *prometheus.Desc, 1000)
	reg.Describe(told)
	close(told)
	all := map[string]set{}
	for d := range told {
		m := described.FindStringSubmatch(d.String())
		if m == nil {
			return nil, fmt.Errorf("a description that is not understood: %s", d)
		}
		labels := set{}
		for _, l := range strings.Split(m[2]+","+m[3], ",") {
			if name, _, _ := strings.Cut(l, "="); name != "" {
				labels[name] = true
			}
		}
		all[m[1]] = labels
	}
	return all, nil
}

// runtime adds the metrics of Go and of the process, which have series at once.
func runtime(all map[string]metric) error {
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	families, err := reg.Gather()
	if err != nil {
		return fmt.Errorf("gather the metrics of Go: %w", err)
	}
	for _, f := range families {
		labels := set{}
		for _, l := range f.Metric[0].Label {
			labels[l.GetName()] = true
		}
		all[f.GetName()] = metric{kind: strings.ToLower(f.GetType().String()), labels: labels}
	}
	return nil
}
