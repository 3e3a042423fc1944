package main

// redis shows Redis as leat sees it.
func redis() *board {
	return &board{
		uid: "leat-redis", title: "leat: Redis",
		about: "Redis as leat's own programs see it, by leat_server_*, leat_stream_* and what their calls met. " +
			"It needs no redis_exporter, and does not take its place: the server's memory, clients and replication are to be had there.",
		scope: []variable{namespace, job, {name: "stream", label: "Stream", metric: "leat_stream_entries"}},
		sections: []section{
			{"Now", redisNow()},
			{"Streams", redisStreams()},
			{"How Redis answers", redisAnswers()},
			{"What looking at it costs", redisCost()},
		},
	}
}

const byStream = "namespace, job, stream"

func redisNow() []*panel {
	return []*panel{
		number("Redis", "bool_yes_no", `min(leat_server_up)`, "Yes when every worker's last look succeeded.").wanted().see("LeatRedisAway"),
		number("Entries", "short", `sum(`+seen("leat_stream_entries", byStream)+`)`, "Entries in the chosen streams, handled or not: they go when they are trimmed.").see("LeatStreamGrows"),
		number("Memory of the streams", "bytes", `sum(`+seen("leat_stream_memory_bytes", byStream)+`)`,
			"About how much the streams and their groups take, by MEMORY USAGE of some nodes. Not what Redis takes in all.").see("LeatStreamGrows"),
		number("Added", "ops", `sum(max by (`+byStream+`) (rate(leat_stream_added_total[$__rate_interval])))`, "Entries a second that are added to the chosen streams, by whomever."),
		number("Errors", "ops", `sum(rate(leat_redis_errors_total[$__rate_interval])) or vector(0)`, "Calls of workers a second that failed.").worry(0.01, 1).see("LeatRedisErrors"),
		number("Oldest view", "s", `max(leat_server_collection_age_seconds)`,
			"Age of what the worker shows that is furthest behind. Up to the time for which it is kept (15 s, by --metrics-ttl) all is well.").worry(60, 300).see("LeatCollectionOld"),
	}
}

func redisStreams() []*panel {
	return []*panel{
		lines("Entries", "short", "Entries in each stream. One that only grows is not trimmed, or a group holds the trimmer back.",
			line(seen("leat_stream_entries", byStream), "{{stream}}")).see("LeatStreamGrows"),
		lines("Memory", "bytes", "About how much each stream takes. Redis refuses writes at maxmemory.", line(seen("leat_stream_memory_bytes", byStream), "{{stream}}")).see("LeatStreamGrows"),
		lines("Added", "ops", "Entries a second.", line(`max by (`+byStream+`) (rate(leat_stream_added_total[$__rate_interval]))`, "{{stream}}")),
		lines("Bytes for an entry", "bytes", "Memory by entries: what one costs, its share of groups and pending lists included.",
			line(`max by (`+byStream+`) (leat_stream_memory_bytes / (leat_stream_entries > 0))`, "{{stream}}")),
		lines("Pending", "short", "Entries that Redis keeps a note of for each group, with the consumer that has them.",
			line(seen("leat_group_pending_entries", byGroup), "{{stream}}/{{group}}")),
		lines("Dead letters", "short", "Letters take memory, too, until they are redriven or purged.", line(seen("leat_group_dead_letters", byGroup), "{{stream}}/{{group}}")).see("LeatDeadLettersGrow"),
	}
}

func redisAnswers() []*panel {
	return []*panel{
		lines("Calls that failed", "ops", "By class: not_executed (away, or loading), unknown (sent, and no reply), no_group, rejected, canceled.",
			line(perSecond("leat_redis_errors_total", "class"), "{{class}}")).see("LeatRedisErrors"),
		lines("Came back", "short", "Times that Redis answered a worker again after it had failed: failovers and restarts are peaks.",
			line(`sum(increase(leat_redis_reconnects_total[$__rate_interval]))`, "all workers")).see("LeatRedisAway"),
		lines("Settling takes", "s", "From a handler's end to when its verdict held. Gathering takes some milliseconds; what is above that is Redis.",
			quantiles("leat_settle_delay_seconds")...),
		lines("Publishing takes", "s", "From when the first event of a pipeline was accepted to when its fate was known, waits for disks and replicas included.",
			quantiles("leat_publish_duration_seconds")...),
		lines("Published again", "ops", "Events a second that Redis did not execute and that were sent again.", line(perSecond("leat_publish_retries_total", "stream"), "{{stream}}")).see("LeatPublishStalls"),
		lines("Bytes published", "Bps", "Size of the events that are stored, a second, of programs that publish with leat and are scraped.",
			line(perSecond("leat_published_bytes_total", "stream"), "{{stream}}")),
	}
}

func redisCost() []*panel {
	return []*panel{
		lines("A look takes", "s", "How long the last collection of each worker took, all streams of it together. Two seconds are the end of its patience.",
			line(`max by (namespace, job, instance) (leat_server_collection_duration_seconds)`, "{{instance}}")).worry(0.5, 2).see("LeatCollectionOld"),
		lines("Looks", "ops", "Collections a second, of all workers: each asks Redis once in --metrics-ttl, however often it is scraped.",
			line(`sum by (namespace, job) (rate(leat_server_collections_total[$__rate_interval]))`, "{{job}}: all"),
			line(`sum by (namespace, job) (rate(leat_server_collection_failures_total[$__rate_interval]))`, "{{job}}: failed"),
		).see("LeatRedisAway"),
		lines("Age of what is shown", "s", "Of each worker and stream. It goes up and down between 0 and --metrics-ttl; where it only goes up, that worker does not reach Redis.",
			line(`max by (namespace, job, instance, stream) (leat_server_collection_age_seconds)`, "{{instance}} {{stream}}")).worry(60, 300).see("LeatCollectionOld"),
	}
}
