package metrics

import (
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"
)

// Layouts. Classic bounds are few, since each is a series for each stream and group;
// the native histogram has the detail.
var (
	// handling: from a handler that only counts to one that works for an hour.
	handling = newLayout(-20, 20, 1e-9,
		1e-5, 1e-4, 1e-3, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600)
	// calling: what Redis, or a wait for it, takes.
	calling = newLayout(-20, 20, 1e-9,
		1e-4, 2.5e-4, 5e-4, 1e-3, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
	// lasting: from the clock of Redis, whose IDs have milliseconds, to days of backlog.
	// In milliseconds, so that a sum of days does not overflow.
	lasting = newLayout(-12, 22, 1e-3,
		0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 21600, 86400)
	// counting: entries of a call.
	counting = newLayout(-1, 15, 1, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000)
)

// histograms are all series of one histogram.
type histograms struct {
	desc   *prometheus.Desc
	layout *layout
	before func() // is called before they are collected; nil for nothing

	mu  sync.Mutex
	all map[string]*histogram // by label values
}

func newHistograms(name, help string, l *layout, labels ...string) *histograms {
	return &histograms{desc: prometheus.NewDesc(name, help, labels, nil), layout: l, all: map[string]*histogram{}}
}

// with is the series of these label values.
func (hs *histograms) with(values ...string) *histogram {
	key := strings.Join(values, "\xff")
	hs.mu.Lock()
	defer hs.mu.Unlock()
	h := hs.all[key]
	if h == nil {
		h = newHistogram(hs.desc, hs.layout, prometheus.MakeLabelPairs(hs.desc, values))
		hs.all[key] = h
	}
	return h
}

// Describe is for the registry.
func (hs *histograms) Describe(ch chan<- *prometheus.Desc) { ch <- hs.desc }

// Collect is for the registry.
func (hs *histograms) Collect(ch chan<- prometheus.Metric) {
	if hs.before != nil {
		hs.before()
	}
	hs.mu.Lock()
	defer hs.mu.Unlock()
	for _, h := range hs.all {
		ch <- h
	}
}

// pairs are labels as the wire has them.
func pairs(labels prometheus.Labels) []*dto.LabelPair {
	out := make([]*dto.LabelPair, 0, len(labels))
	for name, value := range labels {
		out = append(out, &dto.LabelPair{Name: proto.String(name), Value: proto.String(value)})
	}
	return out
}
