package main

// worker shows one program that works on groups, or several side by side.
func worker() *board {
	return &board{
		uid: "leat-worker", title: "leat: one worker",
		about: "One worker, or several side by side: its handlers, its loops, how it gets on with Redis, and the process.",
		scope: []variable{namespace, job, {name: "instance", label: "Worker", metric: "leat_handler_slots"}},
		sections: []section{
			{"Now", workerNow()},
			{"Work", workerWork()},
			{"Loops", workerLoops()},
			{"Redis, as this worker sees it", workerRedis()},
			{"Process", workerProcess()},
		},
	}
}

func workerNow() []*panel {
	return []*panel{
		number("Is scraped", "bool_yes_no", `min(up)`, "No: Prometheus does not reach it. What is below is then what it said last.").wanted().see("LeatWorkersMissing"),
		number("Runs for", "s", `min(time() - process_start_time_seconds)`, "Since the process began. Short again and again: it crashes, or is killed.").see("LeatWorkerRestarts"),
		number("Version", "none", `count by (version) (leat_build_info)`, "The version of leat.").names("{{version}}"),
		number("Busy", "percentunit", `1 - sum(leat_handler_slots_free) / sum(leat_handler_slots)`, "Share of its handlers that run something.").worry(0.9, 1).see("LeatHandlersHang"),
		number("Redis", "bool_yes_no", `min(leat_server_up)`, "Yes when its last look at Redis succeeded.").wanted().see("LeatRedisAway"),
		number("Longest silence of a loop", "s", `max(time() - leat_loop_last_beat_timestamp_seconds{loop=~"leaser|acker"})`,
			"Of the loops that keep leases and acknowledge. More than half a minute: /livez fails soon, and a restart helps.").worry(30, 60).see("LeatLoopStandsStill"),
	}
}

func workerWork() []*panel {
	return []*panel{
		lines("Handlers", "short", "How many may run, how many do, and what was taken and waits for one.",
			line(`sum by (instance, group) (leat_handler_slots)`, "{{instance}} {{group}}: handlers"),
			line(`sum by (instance, group) (leat_handler_slots - leat_handler_slots_free)`, "{{instance}} {{group}}: busy"),
			line(`sum by (instance, group) (leat_deliveries_waiting)`, "{{instance}} {{group}}: wait"),
		).see("LeatHandlersHang"),
		lines("Running by stream", "short", "Deliveries whose handlers run.", line(`sum by (instance, stream, group) (leat_deliveries_running)`, "{{instance}} {{stream}}/{{group}}")).stack(),
		lines("Taken", "ops", "Entries a second that it took. Reclaimed ones were left by others.", line(perSecond("leat_deliveries_taken_total", "instance, how"), "{{instance}} {{how}}")).stack(),
		lines("Settled", "ops", "What became of them, a second. Lost: it stood still for longer than its lease.",
			line(perSecond("leat_deliveries_settled_total", "instance, outcome"), "{{instance}} {{outcome}}")).stack().see("LeatLeasesLost"),
		lines("Handlers take", "s", "How long handlers took. One worker far above the others: look at its node. The dots are examples with their traces.",
			line(quantile(0.5, "leat_handler_duration_seconds", "instance"), "{{instance}}: half are below"),
			line(quantile(0.95, "leat_handler_duration_seconds", "instance"), "{{instance}}: 95 of 100 are below"),
		).examples(),
		lines("Batches", "short", "Entries that came with a call that brought any, and that an acknowledgement settled, on the average.",
			line(average("leat_take_batch_entries", "instance"), "{{instance}}: taken"),
			line(average("leat_ack_batch_entries", "instance"), "{{instance}}: acknowledged"),
		),
	}
}

func workerLoops() []*panel {
	return []*panel{
		lines("Rounds of each loop", "ops", "Each loop goes round, also when there is nothing to do. At 0 it stands still, or waits: those that take entries do while all handlers are busy.",
			line(perSecond("leat_loop_beats_total", "instance, loop"), "{{instance}} {{loop}}")).half().see("LeatLoopStandsStill"),
		lines("Since the last round", "s", "The janitor goes round only now and then; the others at the least every few seconds, unless all handlers are busy.",
			line(`time() - max by (instance, loop) (leat_loop_last_beat_timestamp_seconds)`, "{{instance}} {{loop}}")).half().see("LeatLoopStandsStill"),
	}
}

func workerRedis() []*panel {
	return []*panel{
		lines("Calls that Redis failed", "ops", "By loop and class, a second.", line(perSecond("leat_redis_errors_total", "instance, loop, class"), "{{instance}} {{loop}}: {{class}}")).see("LeatRedisErrors"),
		lines("Redis came back", "short", "Times that Redis answered again after it had failed.",
			line(`sum by (instance, stream, group) (increase(leat_redis_reconnects_total[$__rate_interval]))`, "{{instance}} {{stream}}/{{group}}")),
		lines("From the handler's end to settled", "s", "95 of 100 verdicts hold that soon: what gathering acknowledgements and Redis add.",
			line(quantile(0.95, "leat_settle_delay_seconds", "instance"), "{{instance}}")),
	}
}

func workerProcess() []*panel {
	return []*panel{
		lines("Processor", "short", "Cores that it uses.", line(`rate(process_cpu_seconds_total[$__rate_interval])`, "{{instance}}")),
		lines("Memory", "bytes", "Resident memory, and what of it is Go's heap. The rest is stacks, code and what the allocator keeps.",
			line(`process_resident_memory_bytes`, "{{instance}}: resident"),
			line(`go_memstats_heap_inuse_bytes`, "{{instance}}: heap"),
		),
		lines("Goroutines", "short", "Some tens, and one for each handler that runs. A line that rises for hours is a leak.", line(`go_goroutines`, "{{instance}}")),
		lines("Open files", "short", "Connections count, too. At the limit nothing new can be opened.",
			line(`process_open_fds`, "{{instance}}: open"),
			line(`process_max_fds`, "{{instance}}: limit"),
		),
		lines("Garbage collection", "percentunit", "Share of the time in which it stood still for the garbage collection.", line(`rate(go_gc_duration_seconds_sum[$__rate_interval])`, "{{instance}}")),
		lines("Allocated", "Bps", "Bytes a second. What handlers allocate is in it.", line(`rate(go_memstats_alloc_bytes_total[$__rate_interval])`, "{{instance}}")),
	}
}
