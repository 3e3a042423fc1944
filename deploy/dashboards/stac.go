package main

// poller shows the sources of STAC pollers.
func poller() *board {
	return &board{
		uid: "leat-stac", title: "leat: STAC",
		about: "Sources of STAC pollers: is each of them polled, how far it is, what it brings, how its server answers, and how complete each day is.",
		scope: []variable{
			{name: "namespace", label: "Namespace", metric: "leat_stac_leading"},
			{name: "job", label: "Job", metric: "leat_stac_leading"},
			{name: "source", label: "Source", metric: "leat_stac_leading"},
		},
		sections: []section{
			{"Is anything wrong?", stacNow()},
			{"Sources", stacSources()},
			{"What comes", stacItems()},
			{"Passes", stacPasses()},
			{"The servers", stacServers()},
			{"Completeness", stacDays()},
		},
	}
}

const bySource = "namespace, job, source"

// ago is the age of a timestamp, by the replica that polls the source.
func ago(timestamp string) string { return "time() - max by (" + bySource + ") (" + timestamp + ")" }

func stacNow() []*panel {
	return []*panel{
		number("Sources", "none", `count(count by (`+bySource+`) (leat_stac_leading))`, "Sources that pollers are configured with.").wanted().see("LeatStacPollersMissing"),
		number("Polled by nobody", "none", `count(sum by (`+bySource+`) (leat_stac_leading) == 0) or vector(0)`,
			"Sources that no replica polls. For the time of a lease after one died this is as it should be.").alarm().see("LeatStacNobodyLeads"),
		number("Last complete pass", "s", `max(`+ago("leat_stac_last_complete_pass_timestamp_seconds")+`)`,
			"Of the source that is furthest behind: since its last complete pass began. Some of its intervals are fine; a first pass may take hours.").see("LeatStacSourceBehind"),
		number("Silent", "none", `count(`+ago("leat_stac_last_change_timestamp_seconds")+` > 2 * max by (`+bySource+`) (leat_stac_rhythm_seconds)) or vector(0)`,
			"Sources in which nothing has changed for twice as long as the longest usual pause: the server may have stopped publishing, or a filter has become wrong.").alarm().see("LeatStacSourceSilent"),
		number("Passes that failed", "percentunit", `sum(rate(leat_stac_passes_total{outcome=~"failed|truncated"}[$__rate_interval])) / (sum(rate(leat_stac_passes_total[$__rate_interval])) > 0) or vector(0)`,
			"Share of the passes that failed, or that the server ended before it had sent all.").worry(0.01, 0.5).see("LeatStacSourceFails", "LeatStacSourceTruncates"),
		number("Bad items", "ops", `sum(rate(leat_stac_bad_items_total[$__rate_interval]))`, "Items a second that cannot be published.").worry(0.001, 1).see("LeatStacItemsBad"),
	}
}

func stacSources() []*panel {
	return []*panel{
		rows("Sources", "A row for each source. Pass: since the last complete one began. Silent is yellow from the longest usual pause on, and an alert from twice that.",
			column("polled by", "short", `sum by (`+bySource+`) (leat_stac_leading)`),
			column("watermark", "s", ago("leat_stac_watermark_timestamp_seconds")),
			column("pass", "s", ago("leat_stac_last_complete_pass_timestamp_seconds")),
			column("interval", "s", `max by (`+bySource+`) (leat_stac_interval_seconds)`),
			column("sweep", "s", ago("leat_stac_last_complete_sweep_timestamp_seconds")),
			column("change", "s", ago("leat_stac_last_change_timestamp_seconds")),
			column("usual pause", "s", `max by (`+bySource+`) (leat_stac_rhythm_seconds)`),
			column("silent", "percentunit", `(`+ago("leat_stac_last_change_timestamp_seconds")+`) / max by (`+bySource+`) (leat_stac_rhythm_seconds)`, step{1, orange}, step{2, red}),
			column("events a second", "ops", perSecond("leat_stac_events_published_total", bySource)),
			column("least complete day", "percentunit", `min by (`+bySource+`) (leat_stac_day_completeness_ratio)`),
		).see("README"),
		rows("How they are polled", "The strategy that was chosen for each source: updated asks for what has changed, rescan looks at a window again, reconcile lists everything.",
			column("replicas", "short", `count by (namespace, job, source, strategy) (leat_stac_strategy_info)`)),
	}
}

func stacItems() []*panel {
	return []*panel{
		lines("Events", "ops", "Published a second: create, replace, delete. Many deletions at once: look at the server before you believe them.",
			line(perSecond("leat_stac_events_published_total", "source, change"), "{{source}} {{change}}")).stack(),
		lines("Items", "ops", "Shown by the server, those of them that were known, from before the start, or that do not match the query: a server that ignores a filter.",
			line(perSecond("leat_stac_items_discovered_total", "source"), "{{source}}: shown"),
			line(perSecond("leat_stac_items_duplicate_total", "source"), "{{source}}: known"),
			line(perSecond("leat_stac_items_passed_over_total", "source"), "{{source}}: from before the start"),
			line(perSecond("leat_stac_items_stray_total", "source"), "{{source}}: do not match"),
		),
		lines("From taken to found", "s", "How late collections are published: half of the new items were found that soon after their data was taken.",
			line(quantile(0.5, "leat_stac_publication_lag_seconds", "source, collection"), "{{source}} {{collection}}")),
		buckets("From taken to found", "s", "All chosen sources together.", `sum by (le) (rate(leat_stac_publication_lag_seconds_bucket[$__rate_interval]))`),
		lines("Silence", "s", "Since a pass found something to publish, and the longest usual pause. Above twice that it is an alert.",
			line(ago("leat_stac_last_change_timestamp_seconds"), "{{source}}: silent"),
			line(`max by (`+bySource+`) (leat_stac_rhythm_seconds)`, "{{source}}: usual"),
		).see("LeatStacSourceSilent"),
		lines("By collection", "ops", "Events a second.", line(perSecond("leat_stac_events_published_total", "collection"), "{{collection}}")).stack(),
	}
}

func stacPasses() []*panel {
	return []*panel{
		lines("Passes", "ops", "A second, by how they ended.", line(perSecond("leat_stac_passes_total", "source, strategy, outcome"), "{{source}} {{strategy}}: {{outcome}}")).
			see("LeatStacSourceFails", "LeatStacSourceTruncates"),
		lines("A pass takes", "s", "95 of 100 complete passes are shorter. Longer than the interval: passes follow each other without a pause.",
			line(quantile(0.95, "leat_stac_pass_duration_seconds", "source, strategy"), "{{source}} {{strategy}}"),
			line(`max by (source) (leat_stac_interval_seconds)`, "{{source}}: interval")).see("LeatStacSourceBehind"),
		lines("Who polls", "short", "1 for the replica that polls a source.", line(`max by (instance, source) (leat_stac_leading)`, "{{instance}} {{source}}")).stack().see("LeatStacNobodyLeads"),
	}
}

func stacServers() []*panel {
	return []*panel{
		lines("Requests", "ops", "Tries a second by status; none: there was no answer.", line(perSecond("leat_stac_requests_total", "source, status"), "{{source}} {{status}}")).stack().see("LeatStacSourceFails"),
		lines("A request takes", "s", "95 of 100 tries are shorter, to the last byte.", line(quantile(0.95, "leat_stac_request_duration_seconds", "source"), "{{source}}")),
		lines("Read", "Bps", "Bytes a second, after decompression.", line(perSecond("leat_stac_read_bytes_total", "source"), "{{source}}")),
		lines("Pages", "ops", "Pages, and nodes of static catalogs, a second.", line(perSecond("leat_stac_pages_total", "source"), "{{source}}")),
	}
}

func stacDays() []*panel {
	return []*panel{
		lines("Completeness of each day", "percentunit", "Items of a day that were published before the last complete sweep, by those the server had. Below 1: passes miss items, which the sweep then publishes.",
			line(`min by (source, day) (leat_stac_day_completeness_ratio)`, "{{source}} {{day}}")).upTo(1).half().see("LeatStacItemsMissed"),
		lines("Published by sweeps alone", "short", "Items that the last complete sweep had to publish, since no pass had.", line(`max by (source) (leat_stac_sweep_missing_items)`, "{{source}}")).half().see("LeatStacItemsMissed"),
		rows("Days", "The newest 31 days that the last sweep counted.",
			column("at the server", "short", `max by (source, day) (leat_stac_day_items_server)`),
			column("published before", "short", `max by (source, day) (leat_stac_day_items_published)`),
			column("complete", "percentunit", `min by (source, day) (leat_stac_day_completeness_ratio)`),
		),
	}
}
