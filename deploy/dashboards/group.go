package main

// group shows one group of one stream.
func group() *board {
	return &board{
		uid: "leat-group", title: "leat: one group",
		about: "One consumer group of one stream: what comes in and goes out, how far it is behind, how handlers fare, and what was tried again.",
		scope: []variable{
			namespace, job,
			{name: "stream", label: "Stream", metric: "leat_group_exists", one: true},
			{name: "group", label: "Group", metric: "leat_group_exists", one: true},
		},
		sections: []section{
			{"Now", groupNow()},
			{"In and out", groupFlow()},
			{"Behind", groupBehind()},
			{"Handlers", groupHandlers()},
			{"Failures and redeliveries", groupFailures()},
			{"Capacity and batches", groupCapacity()},
		},
	}
}

const one = "stream, group"

// draining is the time until nothing is unread. Each worker's own view has a course; their maximum has none without a rule.
const draining = `max by (stream, group) ((leat_group_unread_entries > 0) / clamp_min(-deriv(leat_group_unread_entries[15m]), 0) or leat_group_unread_entries == 0)`

func groupNow() []*panel {
	return []*panel{
		number("Group is there", "bool_yes_no", `min(`+seen("leat_group_exists", one)+`)`,
			"No: somebody has deleted the group or the stream. Workers make it again, from where they know it stood.").wanted().see("LeatGroupMissing", "LeatGroupRestored"),
		number("Unread", "short", seen("leat_group_unread_entries", one),
			"Entries that the group was never given. Where the count is not exact (see Behind) there may be more.").see("LeatGroupBehind"),
		number("Oldest unread", "s", seen("leat_group_oldest_unread_age_seconds", one), "Age of the oldest entry that the group was not given.").
			worry(60, 600).see("LeatGroupBehind"),
		number("Pending", "short", seen("leat_group_pending_entries", one),
			"Given and not settled: being worked on, waiting for a handler, or for the next try."),
		number("Oldest pending", "s", seen("leat_group_oldest_pending_age_seconds", one),
			"Age, since it was added, of the oldest entry that is not settled. An entry that fails again and again is here for hours: that is what retries do.").see("LeatEntryPendingLong"),
		number("Nobody's", "short", seen("leat_group_claimable_entries", one),
			"Pending entries whose lease nobody extends. More than 0 for longer than a lease: nobody takes them over.").worry(1, 100).see("LeatEntriesUnclaimed"),
		number("Dead letters", "short", seen("leat_group_dead_letters", one), "Letters in this group's dead-letter stream: `leat dead list`.").
			worry(1, 1000).see("LeatDeadLettersGrow"),
		number("Wait for a retry", "short", seen("leat_group_retries_waiting", one), "Entries that failed, or were handed back, and wait for their next try.").see("LeatRetriesPileUp"),
		number("Failed", "percentunit", failed(one), "Share of the handlings that failed.").worry(0.01, 0.1).see("LeatHandlersFail", "LeatHandlersFailMostly"),
		number("Consumers alive", "short", seen(`leat_group_consumers{state="alive"}`, one), "Names in the group that were heard of within a lease.").wanted().see("LeatWorkersMissing"),
		number("Free handlers", "short", `sum by (group) (leat_handler_slots_free)`, "Handlers of all workers of the group that run nothing. 0 for long: the group is at its limit.").
			see("LeatHandlersHang"),
		number("Nothing unread in", "s", draining, "How long until nothing is unread, as it has gone for 15 minutes: 0 when nothing is, Inf when it does not shrink.").
			worry(1800, 7200).see("LeatGroupFallsBehind"),
	}
}

func groupFlow() []*panel {
	return []*panel{
		lines("In and out", "ops", "Added to the stream, read by the group, and acknowledged, a second. Where added stays above read, the group falls behind.",
			line(`max by (stream) (rate(leat_stream_added_total[$__rate_interval]))`, "added"),
			line(`max by (stream, group) (rate(leat_group_read_total[$__rate_interval]))`, "read"),
			line(perSecond(`leat_deliveries_settled_total{outcome="acked"}`, one), "acknowledged"),
		).see("LeatGroupFallsBehind", "LeatGroupNotWorked"),
		lines("Taken", "ops", "Entries a second that workers took. All but read are redeliveries.", line(perSecond("leat_deliveries_taken_total", "how"), "{{how}}")).stack(),
		lines("Settled", "ops", "What became of them, a second.", line(perSecond("leat_deliveries_settled_total", "outcome"), "{{outcome}}")).stack(),
	}
}

func groupBehind() []*panel {
	return []*panel{
		lines("Entries", "short", "What waits, and why. Unread and nobody's should go down by themselves.",
			line(seen("leat_group_unread_entries", one), "unread"),
			line(seen("leat_group_pending_entries", one), "pending"),
			line(seen("leat_group_claimable_entries", one), "nobody's"),
			line(seen("leat_group_retries_due", one), "due"),
			line(seen("leat_group_retries_waiting", one), "wait for a retry"),
		).see("LeatGroupBehind", "LeatEntriesUnclaimed"),
		lines("Ages", "s", "How old the oldest unread and the oldest pending entry are, since they were added.",
			line(seen("leat_group_oldest_unread_age_seconds", one), "unread"),
			line(seen("leat_group_oldest_pending_age_seconds", one), "pending"),
		).worry(60, 600).see("LeatGroupBehind", "LeatEntryPendingLong"),
		lines("Unread is exact", "bool_yes_no", "No: entries that the group had not read were deleted, so Redis has lost count, and unread is what was counted, 1,000 at the most.",
			line(`min by (stream, group) (leat_group_unread_exact)`, "exact")).upTo(1).see("LeatUnreadUnknown"),
	}
}

func groupHandlers() []*panel {
	return []*panel{
		lines("Handlers take", "s", "How long handlers took, whatever came of it. The dots are examples with their traces.",
			quantiles("leat_handler_duration_seconds")...).examples(),
		buckets("How long handlers take", "s", "Each column is what a point in time had, darker where there were more: two bands mean two kinds of work.",
			`sum by (le) (rate(leat_handler_duration_seconds_bucket[$__rate_interval]))`),
		lines("Handlings", "ops", "Handlers that ended, a second, with what they returned.",
			line(perSecond("leat_handler_duration_seconds_count", "result"), "{{result}}")).stack(),
		lines("From added to done", "s", "From when Redis stored an entry to when its acknowledgement held, waits and retries included.",
			quantiles("leat_delivery_end_to_end_seconds")...),
		lines("From the handler's end to settled", "s", "What gathering acknowledgements and Redis add. It grows when Redis is slow.",
			quantiles("leat_settle_delay_seconds")...),
		lines("Busy", "percentunit", "Share of the handlers' time in which they ran.",
			line(`sum by (group) (rate(leat_handler_duration_seconds_sum[$__rate_interval])) / sum by (group) (leat_handler_slots)`, "busy")).worry(0.8, 0.95).see("LeatHandlersHang"),
	}
}

func groupFailures() []*panel {
	return []*panel{
		lines("Failed", "percentunit", "Share of the handlings that failed: tried again, or made dead letters.", line(failed(one), "failed")).worry(0.01, 0.1).see("LeatHandlersFail"),
		lines("Redelivered", "ops", "Entries a second that were taken again: due after a failure or a hand-over, reclaimed from a worker that died, recovered from a lost reply.",
			line(perSecond(`leat_deliveries_taken_total{how!="read"}`, "how"), "{{how}}")).stack().see("LeatWorkersDie"),
		lines("Retries", "short", "Entries that wait for their next try, and those of them whose time has come.",
			line(seen("leat_group_retries_waiting", one), "waiting"),
			line(seen("leat_group_retries_due", one), "due"),
		).see("LeatRetriesPileUp"),
		lines("Dead letters", "short", "Letters there are, and those that were made in what a point stands for.",
			line(seen("leat_group_dead_letters", one), "there are"),
			line(`sum by (stream, group) (increase(leat_deliveries_settled_total{outcome="dead_lettered"}[$__rate_interval]))`, "new"),
		).see("LeatDeadLettersGrow"),
		lines("What should not happen", "short", "Leases that were lost, acknowledgements that nobody waited for, payloads that were deleted while pending, and times the group had gone.",
			line(`sum(increase(leat_deliveries_settled_total{outcome="lost"}[$__rate_interval]))`, "leases lost"),
			line(`sum(increase(leat_acks_missed_total[$__rate_interval]))`, "acknowledgements missed"),
			line(`sum(increase(leat_payloads_lost_total[$__rate_interval]))`, "payloads lost"),
			line(`sum(increase(leat_groups_restored_total[$__rate_interval]))`, "group restored"),
		).see("LeatLeasesLost", "LeatAcksMissed", "LeatPayloadsLost", "LeatGroupRestored"),
		lines("Calls that Redis failed", "ops", "By loop and class, a second.", line(perSecond("leat_redis_errors_total", "loop, class"), "{{loop}}: {{class}}")).see("LeatRedisErrors"),
	}
}

func groupCapacity() []*panel {
	return []*panel{
		lines("Handlers", "short", "Of all workers of the group: how many may run at once, how many do, and what was taken and waits for one.",
			line(`sum by (group) (leat_handler_slots)`, "handlers"),
			line(`sum by (group) (leat_handler_slots - leat_handler_slots_free)`, "busy"),
			line(`sum by (group) (leat_deliveries_waiting)`, "wait for one"),
		).see("LeatHandlersHang"),
		lines("Running by worker", "short", "Deliveries whose handlers run. One worker far above the others holds slow entries.",
			line(`sum by (instance) (leat_deliveries_running)`, "{{instance}}")).stack(),
		lines("Batches", "short", "Entries that came with a call that brought any, and that an acknowledgement settled, on the average. Larger ones cost Redis less.",
			line(average("leat_take_batch_entries", one), "taken"),
			line(average("leat_ack_batch_entries", one), "acknowledged"),
		),
		lines("Consumers", "short", "Names in the group. Idle ones have been silent for a lease; the janitor removes them once they hold nothing.",
			line(seen("leat_group_consumers", "stream, group, state"), "{{state}}")),
		lines("Share of each worker", "ops", "Settled a second by worker. An uneven share is fine where entries differ.",
			line(perSecond("leat_deliveries_settled_total", "instance"), "{{instance}}")).stack(),
		buckets("From added to done", "s", "How long entries took altogether, over time.",
			`sum by (le) (rate(leat_delivery_end_to_end_seconds_bucket[$__rate_interval]))`),
	}
}
