// Command dashboards writes leat's Grafana dashboards as JSON:
//
//	make dashboards                  # writes deploy/grafana and the chart's copies
//	make dashboards-check            # fails where they are not what this program writes
//
// A dashboard is a Go value (fleet.go, group.go, worker.go, stac.go, redis.go), and its
// queries are written without the matchers of the dashboard's variables, which are put
// in here. Each query is parsed as PromQL and compared with the collectors that leat
// registers: one that names a metric or a label that does not exist, or takes the rate
// of a gauge, is not written (metrics.go, check.go).
package main
