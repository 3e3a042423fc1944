package report

// markdown is the whole page.
func (r *report) markdown() string {
	var p page
	p.title("Benchmarks")
	p.paragraph("leat beside other libraries, beside plain clients, and beside the bare protocol, which is as fast as Redis " +
		"and the machine allow: the same work, side by side, on one machine, in one run. This page and its charts are written by " +
		"`make bench`; nothing on it is edited by hand. " + r.inShort() + " [How it was measured](#how-it-was-measured), " +
		"[on what machine](#machine), and [how each contender is set up](#contenders) are below.")
	r.writeGoals(&p)
	r.writeTable(&p)
	for _, name := range []string{"throughput.png", "latency.png", "cpu-consume.png", "cpu-publish.png"} {
		p.image(r.chart(name))
	}
	if len(r.columns) > 0 {
		r.writeRatios(&p)
	}
	r.writeBehind(&p)
	r.writeGrowth(&p)
	r.writeFailures(&p)
	r.writeDuplicates(&p)
	r.writeMethod(&p)
	r.writeMachine(&p)
	r.writeContenders(&p)
	return p.b.String()
}

// inShort is where and how often, in a sentence.
func (r *report) inShort() string {
	return "This run is of " + r.run.Began.UTC().Format("2 January 2006") + ", commit " + known(shortCommit(r.run.Commit)) + ": medians of " +
		plural(r.run.Rounds, "round", "rounds") + " on " + plural(r.run.Machine.Cores, "core", "cores") +
		" which the clients and redis-server share."
}
