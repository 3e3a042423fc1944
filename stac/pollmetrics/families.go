package pollmetrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// families are all metrics.
type families struct {
	// Of items, by collection.
	discovered, duplicates, passedOver, published *prometheus.CounterVec
	// Of a source.
	stray, bad, pages, bytes, requests, passes *prometheus.CounterVec
	requestTook, lag, passTook                 *prometheus.HistogramVec
	leading, interval, sweepInterval           *prometheus.GaugeVec
	// standing is shown by the replica that polls a source.
	standing
}

// standing are the gauges of the replica that polls a source.
type standing struct {
	strategy, watermark, passAt, sweptAt, changedAt, rhythm *prometheus.GaugeVec
	missing, dayServer, dayPublished, dayRatio              *prometheus.GaugeVec
}

func newFamilies() *families {
	return &families{
		discovered: counter("items_discovered_total", "Items that the server has shown, as often as it did.", "source", "collection"),
		duplicates: counter("items_duplicate_total", "Items that were known in this version.", "source", "collection"),
		passedOver: counter("items_passed_over_total", "Items from before the source's start, remembered and not published.", "source", "collection"),
		published:  counter("events_published_total", "Events in the stream; change is create, replace or delete.", "source", "collection", "change"),

		stray:    counter("items_stray_total", "Items that the server sent and that do not match the query.", "source"),
		bad:      counter("bad_items_total", "Items that cannot be published, items and nodes of a catalog that cannot be read.", "source"),
		pages:    counter("pages_total", "Pages of items, and nodes of a static catalog, that were worked through.", "source"),
		bytes:    counter("read_bytes_total", "Bytes of all answers, after decompression.", "source"),
		requests: counter("requests_total", "Tries of requests, by HTTP status; none where there was no answer.", "source", "status"),
		passes: counter("passes_total",
			"Passes that have ended; outcome is complete, truncated, failed or interrupted.", "source", "strategy", "outcome"),

		requestTook: histogram("request_duration_seconds", "How long a try of a request took, to the last byte.", calling, "source"),
		lag:         histogram("publication_lag_seconds", "Time from when an item's data was taken to when it was found.", lagging, "source", "collection"),
		passTook:    histogram("pass_duration_seconds", "How long complete passes took.", passing, "source", "strategy"),

		leading:       gauge("leading", "1 if this replica polls the source, 0 if it waits.", "source"),
		interval:      gauge("interval_seconds", "From the beginning of one pass to the next, as it is configured.", "source"),
		sweepInterval: gauge("sweep_interval_seconds", "From the beginning of one full sweep to the next, 0 for none.", "source"),
		standing: standing{
			strategy:     gauge("strategy_info", "1, with the strategy that was chosen.", "source", "strategy"),
			watermark:    gauge("watermark_timestamp_seconds", "Newest change that was seen, or when the last complete pass began.", "source"),
			passAt:       gauge("last_complete_pass_timestamp_seconds", "When the last complete pass began.", "source"),
			sweptAt:      gauge("last_complete_sweep_timestamp_seconds", "When the last sweep began that went to its end.", "source"),
			changedAt:    gauge("last_change_timestamp_seconds", "When a pass found something to publish last.", "source"),
			rhythm:       gauge("rhythm_seconds", "The longest usual pause between changes.", "source"),
			missing:      gauge("sweep_missing_items", "Items that the last complete sweep had to publish.", "source"),
			dayServer:    gauge("day_items_server", "Items that the server had of a day at the last complete sweep.", "source", "day"),
			dayPublished: gauge("day_items_published", "Items of a day that were published before the last complete sweep.", "source", "day"),
			dayRatio:     gauge("day_completeness_ratio", "Published items of a day by those of the server.", "source", "day"),
		},
	}
}

func (f *families) collectors() []prometheus.Collector {
	all := []prometheus.Collector{
		f.discovered, f.duplicates, f.passedOver, f.published, f.stray, f.bad, f.pages, f.bytes, f.requests, f.passes,
		f.requestTook, f.lag, f.passTook, f.leading, f.interval, f.sweepInterval,
	}
	for _, g := range f.gauges() {
		all = append(all, g)
	}
	return all
}

func (s *standing) gauges() []*prometheus.GaugeVec {
	return append(s.days(), s.strategy, s.watermark, s.passAt, s.sweptAt, s.changedAt, s.rhythm, s.missing)
}

func (s *standing) days() []*prometheus.GaugeVec {
	return []*prometheus.GaugeVec{s.dayServer, s.dayPublished, s.dayRatio}
}

const prefix = "leat_stac_"

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: prefix + name, Help: help}, labels)
}

func gauge(name, help string, labels ...string) *prometheus.GaugeVec {
	return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: prefix + name, Help: help}, labels)
}

// Bounds of the classic buckets, in seconds.
var (
	calling = []float64{0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60}
	// lagging: from a minute to a month, which is as far as a pass looks back.
	lagging = []float64{60, 300, 900, 1800, 3600, 7200, 3 * 3600, 6 * 3600, 12 * 3600, 86400, 2 * 86400, 3 * 86400, 7 * 86400, 14 * 86400, 30 * 86400}
	passing = []float64{0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 1800, 3600, 3 * 3600, 12 * 3600, 86400}
)

// histogram is a classic and a native one at once; the native one has eight buckets
// from a power of two to the next, as those of the room metrics.
func histogram(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: prefix + name, Help: help, Buckets: buckets,
		NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 160, NativeHistogramMinResetDuration: time.Hour,
	}, labels)
}
