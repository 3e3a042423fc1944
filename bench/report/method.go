package report

import (
	"fmt"
	"slices"

	"github.com/leat-io/leat/bench/result"
)

// writeMethod says how the figures came about.
func (r *report) writeMethod(p *page) {
	p.heading("How it was measured")
	p.list([]string{
		fmt.Sprintf("Side by side: %s of the table, and of those points of the growth curves that a goal is about; the others have one. In each round every contender does every piece of "+
			"work, one after the other, so that a slow minute of the machine meets all of them. A figure is the median of the rounds; "+
			"a ratio is taken within each round, and what is printed is the median of these ratios.", plural(r.run.Rounds, "round", "rounds")),
		"Each measurement is made by a process of its own, on a database that was empty before. What takes long to make (a backlog of " +
			"a million or more, what a dead consumer left, a retry set) is made once, on a redis-server of its own, and used again in " +
			"each round: the group is made anew, or the stream is copied back as it was.",
		"A backlog counts from its first message to its last, since what a consumer needs to start would be nothing of a large one and " +
			"a third of a small one. One that is over in milliseconds is measured ten times, one behind the other, each by a consumer of its own.",
		"During a takeover redis-server is busy all the time: the client leaves it a core (GOMAXPROCS), with and without a takeover. Where both share " +
			"all cores, what new entries wait for is the operating system's scheduler, whose turns last 3 ms.",
		fmt.Sprintf("Client and redis-server run on the same machine and share its %s: a client that needs less leaves more to the "+
			"server, as it would leave more to your handlers. Redis writes nothing to disk (no RDB, no AOF).",
			plural(r.run.Machine.Cores, "core", "cores")),
		"All libraries work at least once: a message whose handler has not returned is not acknowledged. Each is set up as well as " +
			"its documentation allows; the settings are below.",
		"The bare protocol is the limit: hand-written commands and replies on connections of its own, with the same entries as " +
			"leat's. \"" + bareThin + "\" leaves out the attributes of an event and stores its data alone: what is between the two " +
			"is what the envelope costs. \"" + layer + "\" is leat's protocol layer without a consumer: what is between it and leat is what " +
			"deliveries that stay valid, leases, workers, retries and dead letters cost.",
		"The ideal that the columns of slow handlers name is as many goroutines that only sleep, with all cores for themselves. With a thousand of them " +
			"it cannot be reached from Redis on the same cores: the server has one thread, which works longer on a message than there is " +
			"time for at that rate.",
		"A measurement that failed is shown as failed and takes no part in a median.",
	})
	if rows := r.workRows(); len(rows) > 0 {
		p.table([]string{"work", "what is done", "messages", "data of each"}, rows)
	}
	if len(r.run.Notes) > 0 {
		p.paragraph("Of this run there is to say:")
		var notes []string
		for _, note := range r.run.Notes {
			notes = append(notes, plain(note))
		}
		p.list(notes)
	}
	p.paragraph("To run it again (this run took " + lasted(r.run.Took) + "; all samples are in results.json beside this page):")
	p.block("```\nmake bench\n```")
}

// work says what is done for each kind, in the order of the page.
var work = []struct {
	kind       result.Kind
	name, text string
}{
	{result.Publish, "publish", "events published as fast as the library can, all of them confirmed by Redis"},
	{result.Consume, "consume", "a backlog worked off by a handler that does next to nothing"},
	{result.EndToEnd, "end to end", "published and consumed at once, in one process"},
	{result.Latency, "latency", "1,000 a second, from the time at which each was due to be published to its handler's call"},
	{result.Slow, "slow handlers", "a backlog worked off by handlers that take 1 ms"},
	{result.GrowBacklog, "backlog", "consume, by length of the backlog, from the first message to the last"},
	{result.GrowPayload, "payload", "publish and consume, by size of an event"},
	{result.GrowPending, "takeover", "what a dead consumer left is taken over and handled, new entries are handled meanwhile"},
	{result.GrowGroups, "groups", "consume, by number of groups that read the backlog at once"},
	{result.GrowStreams, "streams", "consume, by number of streams that the backlog is in"},
	{result.GrowProcesses, "processes", "consume, by number of processes"},
	{result.GrowMemory, "memory", "peak memory of a worker, by what is in Redis"},
}

// workRows say for each kind in the run what was done with how much.
func (r *report) workRows() [][]string {
	var rows [][]string
	for _, w := range work {
		if !r.figures.has(w.kind) {
			continue
		}
		messages := r.extent(w.kind, count, func(j result.Job) int { return j.N })
		data := r.extent(w.kind, byteSize, func(j result.Job) int { return j.Payload })
		rows = append(rows, []string{w.name, w.text, messages, data})
	}
	return rows
}

// extent is the smallest and the largest of something in all jobs of a kind.
func (r *report) extent(kind result.Kind, format func(int) string, of func(result.Job) int) string {
	var all []int
	for _, s := range r.run.Samples {
		if s.Kind == kind && of(s.Job) > 0 {
			all = append(all, of(s.Job))
		}
	}
	if len(all) == 0 {
		return "-"
	}
	least, most := slices.Min(all), slices.Max(all)
	if least == most {
		return format(least)
	}
	return format(least) + " to " + format(most)
}

func kindName(kind result.Kind) string {
	for _, w := range work {
		if w.kind == kind {
			return w.name
		}
	}
	return string(kind)
}
