// Package metrics counts what producers and consumers do, and asks Redis how its
// streams are, for Prometheus.
//
//	m := metrics.New(prometheus.DefaultRegisterer)
//	p, err := producer.New(conn, producer.Config{Hooks: m.Producer()})
//	...
//	c, err := consumer.New(conn, handle, consumer.Config{Group: "billing", Streams: []string{"orders"}, Hooks: m.Consumer()})
//	...
//	s, err := metrics.NewServer(conn, metrics.ServerConfig{Streams: []string{"orders"}})
//	...
//	prometheus.MustRegister(s)
//
// [Metrics] is filled through the hooks of both; [Server] is a collector that asks
// Redis at a scrape, once in a while for all of them. docs/metrics.md has every
// metric, with its type, labels and meaning.
//
// Series are told apart by stream, group and what happened, and by nothing that grows
// with the number of workers, keys or events. Histograms are classic and native at
// once: whoever scrapes takes what it understands.
package metrics
