package main

// fleet answers whether anything is wrong anywhere, and where.
func fleet() *board {
	return &board{
		uid: "leat-fleet", title: "leat: fleet",
		about: "Is anything wrong anywhere? The top row is green, or it says where to look. A row of the tables leads to one group, or to one worker.",
		scope: []variable{namespace, job},
		sections: []section{
			{"Is anything wrong?", fleetNow()},
			{"Groups", fleetGroups()},
			{"Work", fleetWork()},
			{"Redis and errors", fleetErrors()},
			{"Producers", fleetProducers()},
			{"Workers", fleetWorkers()},
		},
	}
}

func fleetNow() []*panel {
	return []*panel{
		number("Alerts that fire", "none", `count(ALERTS{alertname=~"Leat.+", alertstate="firing"}) or vector(0)`,
			"Alerts of leat that fire now, of the rules in deploy/prometheus. 0 also when those rules are not loaded.").alarm().see("README"),
		number("Groups behind", "none", `count(`+seen("leat_group_oldest_unread_age_seconds", byGroup)+` > 600) or vector(0)`,
			"Groups whose oldest entry that nobody was given is older than ten minutes. More workers, or quicker handlers: the table below says which group.").
			alarm().see("LeatGroupBehind", "LeatGroupFallsBehind"),
		number("Oldest unread", "s", `max(`+seen("leat_group_oldest_unread_age_seconds", byGroup)+`)`,
			"Age of the oldest entry that some group was not given. Near 0 while workers keep up; it grows by a second each second when nobody reads.").
			worry(60, 600).see("LeatGroupBehind"),
		number("Nobody's entries", "none", `sum(`+seen("leat_group_claimable_entries", byGroup)+`)`,
			"Entries that were given to workers which extend the lease no more. Some for a moment after a worker died; more than 0 for longer than a lease: nobody takes them over.").
			worry(1, 100).see("LeatEntriesUnclaimed"),
		number("Dead letters", "none", `sum(`+seen("leat_group_dead_letters", byGroup)+`)`,
			"Letters in all dead-letter streams. They stay until somebody redrives or purges them: `leat dead list`.").worry(1, 1000).see("LeatDeadLettersGrow"),
		number("Failed", "percentunit", failed("")+" or vector(0)",
			"Share of the handlings that failed. What fails is tried again, so this is not yet loss; a share that stays means that handlers, or what they call, are broken.").
			worry(0.01, 0.1).see("LeatHandlersFail", "LeatHandlersFailMostly"),
		number("Workers", "none", `count(count by (namespace, job, instance) (leat_handler_slots))`,
			"Programs that work on a group and are scraped.").wanted().see("LeatWorkersMissing", "LeatAbsent"),
		number("Targets down", "none", `count(up == 0 and on (namespace, job) leat_build_info) or vector(0)`,
			"Targets beside those of leat, of the same jobs, that Prometheus cannot scrape.").worry(1, 2),
		number("Redis", "bool_yes_no", `min(leat_server_up)`,
			"Yes when every worker's last look at Redis succeeded; No when one of them serves old values, or none.").wanted().see("LeatRedisAway"),
		number("Redis errors", "ops", `sum(rate(leat_redis_errors_total[$__rate_interval])) or vector(0)`,
			"Calls of workers a second that Redis refused, did not execute or did not answer. A few around a failover are harmless.").worry(0.01, 1).see("LeatRedisErrors"),
		number("Standing loop", "s", `max(time() - max by (namespace, job, instance, loop) (leat_loop_last_beat_timestamp_seconds{loop=~"leaser|acker"}))`,
			"Longest silence of a loop that keeps leases or acknowledges, by this Prometheus' clock. More than half a minute: /livez of that worker fails soon.").
			worry(30, 60).see("LeatLoopStandsStill"),
		number("Events not stored", "ops", `sum(rate(leat_events_published_total{outcome!~"stored|not_durable"}[$__rate_interval])) or vector(0)`,
			"Events a second whose producers were told that they are not stored, or may not be.").worry(0.01, 1).see("LeatPublishFails", "LeatPublishUnknown"),
	}
}

func fleetGroups() []*panel {
	return []*panel{
		rows("Groups", "A row for each group. Unread was never given to anybody, nobody's was left by workers that died, pending is being worked on or waits for its next try. A name leads to the group.",
			column("unread", "short", seen("leat_group_unread_entries", byGroup)),
			column("oldest unread", "s", seen("leat_group_oldest_unread_age_seconds", byGroup), step{60, orange}, step{600, red}),
			column("nobody's", "short", seen("leat_group_claimable_entries", byGroup), step{1, orange}),
			column("pending", "short", seen("leat_group_pending_entries", byGroup)),
			column("oldest pending", "s", seen("leat_group_oldest_pending_age_seconds", byGroup)),
			column("due", "short", seen("leat_group_retries_due", byGroup)),
			column("dead letters", "short", seen("leat_group_dead_letters", byGroup), step{1, orange}),
			column("acked a second", "ops", perSecond(`leat_deliveries_settled_total{outcome="acked"}`, byGroup)),
			column("failed", "percentunit", failed(byGroup), step{0.01, orange}, step{0.1, red}),
			column("alive", "short", seen(`leat_group_consumers{state="alive"}`, byGroup)),
		).leads("group", "leat-group", "job", "stream", "group").see("README"),
	}
}

func fleetWork() []*panel {
	return []*panel{
		lines("Waits to be worked on", "short", "Entries that could be worked on now: unread, left by dead workers, or due again. A line that rises for long needs more workers.",
			line(waiting(byGroup), "{{stream}}/{{group}}")).see("LeatGroupFallsBehind", "LeatGroupNotWorked"),
		lines("Age of the oldest unread entry", "s", "How far each group is behind.",
			line(seen("leat_group_oldest_unread_age_seconds", byGroup), "{{stream}}/{{group}}")).worry(60, 600).see("LeatGroupBehind"),
		lines("Taken", "ops", "Entries a second that workers took: read for the first time, due again, reclaimed from workers that died, recovered from a lost reply.",
			line(perSecond("leat_deliveries_taken_total", "how"), "{{how}}")).stack(),
		lines("Settled", "ops", "Outcomes a second. Lost means that a worker stood still for longer than its lease and somebody else has the entry.",
			line(perSecond("leat_deliveries_settled_total", "outcome"), "{{outcome}}")).stack().see("LeatLeasesLost"),
		lines("Handlers take", "s", "95 of 100 handlings are shorter. A rise comes before a lag.",
			line(quantile(0.95, "leat_handler_duration_seconds", "stream, group"), "{{stream}}/{{group}}")),
		lines("From added to done", "s", "95 of 100 entries are acknowledged that soon after they were added, waits and retries included.",
			line(quantile(0.95, "leat_delivery_end_to_end_seconds", "stream, group"), "{{stream}}/{{group}}")),
	}
}

func fleetErrors() []*panel {
	return []*panel{
		lines("Calls that Redis failed", "ops", "By class: not_executed (away, or loading), unknown (sent, and no reply), no_group, rejected (a wrong type, or a right that is missing), canceled (at shutdown).",
			line(perSecond("leat_redis_errors_total", "class"), "{{class}}")).see("LeatRedisErrors"),
		lines("Redis came back", "short", "Times that Redis answered again after it had failed, in what a point stands for.",
			line(`sum by (stream, group) (increase(leat_redis_reconnects_total[$__rate_interval]))`, "{{stream}}/{{group}}")),
		lines("What should not happen", "short", "Payloads that were deleted while they were pending, groups that had gone, acknowledgements that nobody waited for, and leases that were lost: each is worth a look.",
			line(`sum(increase(leat_payloads_lost_total[$__rate_interval]))`, "payloads lost"),
			line(`sum(increase(leat_groups_restored_total[$__rate_interval]))`, "groups restored"),
			line(`sum(increase(leat_acks_missed_total[$__rate_interval]))`, "acknowledgements missed"),
			line(`sum(increase(leat_deliveries_settled_total{outcome="lost"}[$__rate_interval]))`, "leases lost"),
		).see("LeatPayloadsLost", "LeatGroupRestored", "LeatAcksMissed", "LeatLeasesLost"),
	}
}

func fleetProducers() []*panel {
	return []*panel{
		lines("Published", "ops", "Events a second by what became of them, of programs that publish with leat and are scraped.",
			line(perSecond("leat_events_published_total", "outcome"), "{{outcome}}")).stack().see("LeatPublishFails", "LeatPublishNotDurable"),
		lines("Publishing takes", "s", "From when the first event of a pipeline was accepted to when its fate was known.",
			quantiles("leat_publish_duration_seconds")...),
		lines("Accepted and open", "short", "Events that Send has accepted and whose fate is open. Where it stays at the bound, Send blocks.",
			line(`sum by (namespace, job, instance) (leat_publish_pending_events)`, "{{instance}}")).see("LeatPublishBlocked", "LeatPublishStalls"),
	}
}

func fleetWorkers() []*panel {
	return []*panel{
		rows("Workers", "A row for each worker. A name leads to the worker.",
			column("handlers", "short", `sum by (namespace, job, instance) (leat_handler_slots)`),
			column("free", "short", `sum by (namespace, job, instance) (leat_handler_slots_free)`),
			column("running", "short", `sum by (namespace, job, instance) (leat_deliveries_running)`),
			column("settled a second", "ops", perSecond("leat_deliveries_settled_total", "namespace, job, instance")),
			column("Redis errors a second", "ops", perSecond("leat_redis_errors_total", "namespace, job, instance"), step{0.01, orange}),
			column("Redis", "bool_yes_no", `min by (namespace, job, instance) (leat_server_up)`),
			column("memory", "bytes", `max by (namespace, job, instance) (process_resident_memory_bytes and on (namespace, job, instance) leat_handler_slots)`),
			column("runs for", "s", `max by (namespace, job, instance) (time() - process_start_time_seconds and on (namespace, job, instance) leat_handler_slots)`),
		).leads("instance", "leat-worker", "job", "instance").see("LeatWorkersMissing", "LeatWorkerRestarts"),
	}
}
