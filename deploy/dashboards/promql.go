package main

import (
	"fmt"
	"strings"
)

// byGroup tells groups apart. The same names may be in two namespaces, each with a Redis of its own.
const byGroup = "namespace, job, stream, group"

// seen is what Redis says of a stream or a group. Every worker says the same, so it is the maximum; of those whose view is
// younger than five minutes: one that is cut off from Redis goes on to serve what it saw last.
func seen(metric, by string) string {
	return fmt.Sprintf("max by (%s) (%s and on (namespace, job, instance, stream) leat_server_collection_age_seconds < 300)", by, metric)
}

// waiting is what could be worked on now: unread, left by dead workers, or due again.
func waiting(by string) string {
	return seen("leat_group_unread_entries", by) + " + " + seen("leat_group_claimable_entries", by) + " + " + seen("leat_group_retries_due", by)
}

// perSecond is the rate of a counter, added up.
func perSecond(counter, by string) string {
	return fmt.Sprintf("sum by (%s) (rate(%s[$__rate_interval]))", by, counter)
}

// failed is the share of the handlings that ended with a verdict and failed.
func failed(by string) string {
	return perSecond(`leat_deliveries_settled_total{outcome=~"retried|dead_lettered"}`, by) + " / (" +
		perSecond(`leat_deliveries_settled_total{outcome=~"acked|retried|dead_lettered"}`, by) + " > 0)"
}

// quantile is one of a classic histogram.
func quantile(q float64, histogram, by string) string {
	if by != "" {
		by = ", " + by
	}
	return fmt.Sprintf("histogram_quantile(%g, sum by (le%s) (rate(%s[$__rate_interval])))", q, by, strings.Replace(histogram, "_seconds", "_seconds_bucket", 1))
}

// quantiles are three of a histogram in seconds, as lines.
func quantiles(histogram string) []query {
	return []query{
		line(quantile(0.5, histogram, ""), "half are below"),
		line(quantile(0.95, histogram, ""), "95 of 100 are below"),
		line(quantile(0.99, histogram, ""), "99 of 100 are below"),
	}
}

// average is how much an observation of a histogram is, on the average.
func average(histogram, by string) string {
	return fmt.Sprintf("%s / (%s > 0)", perSecond(histogram+"_sum", by), perSecond(histogram+"_count", by))
}
