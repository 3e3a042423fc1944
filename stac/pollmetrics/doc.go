// Package pollmetrics counts what a poller of STAC sources does, for Prometheus.
//
//	m := pollmetrics.New(prometheus.DefaultRegisterer)
//	p, err := poll.New(conn, poll.Config{Stream: "items", Sources: sources, Hooks: m.Hooks()})
//
// docs/metrics.md has every metric, with its type, labels and meaning. Series are
// told apart by source, and some by collection: by 200 of a source at the most.
//
// What is known of a source (its watermark, when a pass was complete last, its rhythm)
// is shown by the replica that polls it and by no other, so that nothing is shown that
// was true once.
package pollmetrics
