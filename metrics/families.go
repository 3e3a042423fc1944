package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/leat-io/leat/consumer"
)

// consumerFamilies are the histograms of consumers.
type consumerFamilies struct{ duration, age, delay, batch, acks *histograms }

func newConsumerFamilies() consumerFamilies {
	return consumerFamilies{
		duration: newHistograms("leat_handler_duration_seconds",
			"How long handlers took; result is ok or error.", handling, "stream", "group", "result"),
		age: newHistograms("leat_delivery_end_to_end_seconds",
			"Time from when Redis stored an entry to when its acknowledgement held.", lasting, "stream", "group"),
		delay: newHistograms("leat_settle_delay_seconds",
			"Time from the end of a handler to when its verdict held in Redis.", calling, "stream", "group"),
		batch: newHistograms("leat_take_batch_entries",
			"Entries that came with one call, of those calls with which any came.", counting, "stream", "group"),
		acks: newHistograms("leat_ack_batch_entries",
			"Entries that one call acknowledged.", counting, "stream", "group"),
	}
}

func (f *consumerFamilies) collectors() []prometheus.Collector {
	return []prometheus.Collector{f.duration, f.age, f.delay, f.batch, f.acks}
}

// producerFamilies are the histograms of producers.
type producerFamilies struct{ took, blocked, batch *histograms }

func newProducerFamilies() producerFamilies {
	return producerFamilies{
		took: newHistograms("leat_publish_duration_seconds",
			"Time from when the first event of a pipeline was accepted to when its fate was known.", calling, "stream"),
		blocked: newHistograms("leat_publish_blocked_seconds",
			"How long a Send waited for room among the pending events, of those that had to.", calling, "stream"),
		batch: newHistograms("leat_publish_batch_events",
			"Events of one outcome in a pipeline.", counting, "stream"),
	}
}

func (f *producerFamilies) collectors() []prometheus.Collector {
	return []prometheus.Collector{f.took, f.blocked, f.batch}
}

// family is a counter or gauge that is made of what was counted, at a scrape.
type family struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
}

func newFamily(kind prometheus.ValueType, name, help string, labels ...string) family {
	return family{prometheus.NewDesc(name, help, labels, nil), kind}
}

func counter(name, help string, labels ...string) family {
	return newFamily(prometheus.CounterValue, name, help, labels...)
}

func gauge(name, help string, labels ...string) family {
	return newFamily(prometheus.GaugeValue, name, help, labels...)
}

func (f family) send(ch chan<- prometheus.Metric, v float64, labels ...string) {
	ch <- prometheus.MustNewConstMetric(f.desc, f.kind, v, labels...)
}

// Of consumers.
var (
	deliveriesTaken = counter("leat_deliveries_taken_total",
		"Entries taken from Redis; how is read (for the first time), due, reclaimed or recovered.", "stream", "group", "how")
	deliveriesSettled = counter("leat_deliveries_settled_total",
		"Deliveries whose outcome holds: acked, retried, dead_lettered, released, lost, dropped or skipped.", "stream", "group", "outcome")
	deliveriesRunning = gauge("leat_deliveries_running", "Deliveries whose handlers run.", "stream", "group")
	deliveriesWaiting = gauge("leat_deliveries_waiting", "Deliveries that wait for a free handler.", "group")
	handlerSlots      = gauge("leat_handler_slots", "Handlers that may run at once.", "group")
	handlerSlotsFree  = gauge("leat_handler_slots_free", "Handlers that may run at once and do not.", "group")
	acksMissed        = counter("leat_acks_missed_total",
		"Acknowledged entries that were not pending: settled twice, or the group was gone.", "stream", "group")
	payloadsLost = counter("leat_payloads_lost_total",
		"Entries that were deleted from the stream while they were pending.", "stream", "group")
	groupsRestored = counter("leat_groups_restored_total", "Times that the group had gone and was made again.", "stream", "group")
	retriesWaiting = gauge("leat_retries_waiting", "Entries that wait for their next try, as the retrier saw last.", "stream", "group")
	redisErrors    = counter("leat_redis_errors_total",
		"Failed calls of a loop; class is not_executed, unknown, no_group, rejected or canceled.", "stream", "group", "loop", "class")
	redisReconnects = counter("leat_redis_reconnects_total", "Times that Redis answered again after it had failed.", "stream", "group")
	loopBeats       = counter("leat_loop_beats_total", "Times that a loop has gone round.", "stream", "group", "loop")
	loopLastBeat    = gauge("leat_loop_last_beat_timestamp_seconds",
		"When a loop has gone round last, by the clock of the worker.", "stream", "group", "loop")
)

// Of producers.
var (
	eventsPublished = counter("leat_events_published_total",
		"Events whose fate is known: stored, not_durable (stored, less durably than asked for), unknown, or why not.", "stream", "outcome")
	publishedBytes = counter("leat_published_bytes_total", "Size of the events that are stored.", "stream")
	publishRetries = counter("leat_publish_retries_total", "Events that Redis did not execute and that were sent again.", "stream")
	pendingEvents  = gauge("leat_publish_pending_events", "Events that Send has accepted and whose fate is open.")
	pendingBytes   = gauge("leat_publish_pending_bytes", "Size of the events that Send has accepted and whose fate is open.")
)

var derivedFamilies = []family{
	deliveriesTaken, deliveriesSettled, deliveriesRunning, deliveriesWaiting, handlerSlots, handlerSlotsFree, acksMissed,
	payloadsLost, groupsRestored, retriesWaiting, redisErrors, redisReconnects, loopBeats, loopLastBeat,
	eventsPublished, publishedBytes, publishRetries, pendingEvents, pendingBytes,
}

// derived makes counters and gauges of what was counted.
type derived struct{ m *Metrics }

// Describe is for the registry.
func (derived) Describe(ch chan<- *prometheus.Desc) {
	for _, f := range derivedFamilies {
		ch <- f.desc
	}
}

// Collect is for the registry.
func (d derived) Collect(ch chan<- prometheus.Metric) {
	d.m.collectWorkers()
	d.m.mu.Lock()
	defer d.m.mu.Unlock()
	busy := map[string]float64{} // handlers by group
	for _, f := range d.m.flows {
		running := float64(f.running)
		busy[f.group] += running
		deliveriesRunning.send(ch, running, f.stream, f.group)
		f.collect(ch)
	}
	for _, l := range d.m.lanes {
		l.collect(ch)
	}
	d.m.collectLoad(ch, busy)
	pendingEvents.send(ch, float64(d.m.pendingEvents.Load()))
	pendingBytes.send(ch, float64(d.m.pendingBytes.Load()))
}

func (f *flow) collect(ch chan<- prometheus.Metric) {
	for i := range f.taken {
		deliveriesTaken.send(ch, float64(f.taken[i].Load()), f.stream, f.group, consumer.Taking(i).String())
	}
	for i := range f.outcomes {
		n := f.outcomes[i].Load()
		if consumer.Outcome(i) == consumer.Acked {
			n = f.age.count()
		}
		deliveriesSettled.send(ch, float64(n), f.stream, f.group, consumer.Outcome(i).String())
	}
	acksMissed.send(ch, float64(f.missed.Load()), f.stream, f.group)
	payloadsLost.send(ch, float64(f.payloads.Load()), f.stream, f.group)
	groupsRestored.send(ch, float64(f.restoredGroups.Load()), f.stream, f.group)
	redisReconnects.send(ch, float64(f.reconnects.Load()), f.stream, f.group)
	retriesWaiting.send(ch, float64(f.retries.Load()), f.stream, f.group)
	f.errors.each(func(loop, class string, n uint64) {
		redisErrors.send(ch, float64(n), f.stream, f.group, loop, class)
	})
	for i, loop := range loops {
		if at := f.beats.last[i].Load(); at > 0 {
			loopBeats.send(ch, float64(f.beats.n[i].Load()), f.stream, f.group, loop)
			loopLastBeat.send(ch, float64(at)/1e9, f.stream, f.group, loop)
		}
	}
}

func (l *lane) collect(ch chan<- prometheus.Metric) {
	l.outcomes.each(func(outcome, _ string, n uint64) {
		eventsPublished.send(ch, float64(n), l.stream, outcome)
	})
	publishedBytes.send(ch, float64(l.bytes.Load()), l.stream)
	publishRetries.send(ch, float64(l.retries.Load()), l.stream)
}

// collectLoad tells of the consumers that run. One that is gone is forgotten. Called
// with the lock.
func (m *Metrics) collectLoad(ch chan<- prometheus.Metric, busy map[string]float64) {
	type load struct{ slots, waiting float64 }
	loads := map[string]load{}
	known := m.running[:0]
	for _, p := range m.running {
		c := p.Value()
		if c == nil {
			continue
		}
		known = append(known, p)
		if l, running := c.Load(); running {
			sum := loads[c.Group()]
			loads[c.Group()] = load{sum.slots + float64(l.Slots), sum.waiting + float64(l.Waiting)}
		}
	}
	clear(m.running[len(known):])
	m.running = known
	for group, l := range loads {
		handlerSlots.send(ch, l.slots, group)
		handlerSlotsFree.send(ch, max(l.slots-busy[group], 0), group)
		deliveriesWaiting.send(ch, l.waiting, group)
	}
}
