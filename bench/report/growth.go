package report

import (
	"cmp"
	"slices"

	"github.com/leat-io/leat/bench/result"
)

// curve is one kind of growth: what grows, and what is shown of it.
type curve struct {
	kind     result.Kind
	title    string
	text     string
	axis     string // what grows
	sizeText func(int) string
	shown    []shown
}

// shown is a figure over a curve's sizes, a table and a chart of it.
type shown struct {
	file   string
	title  string
	of     figure
	format func(float64) string
	beside figure                        // printed beside it and drawn as lines of their own; may be nil
	name   string                        // of what is beside
	terse  bool                          // another figure of the same work says why there is none
	extra  func(v float64, n int) string // one more line in a cell; may be nil
	even   float64                       // what the marks of the chart are multiples of; 0: 1
}

func (s shown) unit() float64 { return max(s.even, 1) }

func speed(file, title string) []shown {
	return []shown{{file: file, title: title, of: perSecond, format: rate}}
}

// curves are all kinds of growth, in the order of the page.
func curves() []curve {
	volume := speed("payload.png", "Messages a second by size of an event")
	volume[0].extra = func(v float64, n int) string { return bytes(v*float64(n)) + "/s" }
	return []curve{
		{
			kind: result.GrowBacklog, title: "Backlog", axis: "events waiting in the stream", sizeText: size,
			text:  "A backlog of so many events is consumed: the rate should not depend on how much is waiting.",
			shown: speed("backlog.png", "Consuming a backlog, by its length"),
		},
		{
			kind: result.GrowPayload, title: "Payload", axis: "bytes of data in an event", sizeText: byteSize,
			text:  "Events with so many bytes of data: messages a second, and the data that this moves.",
			shown: volume,
		},
		{
			kind: result.GrowPending, title: "Takeover", axis: "pending entries that a dead consumer left", sizeText: size,
			text: "A consumer died with so many entries pending. Others take them over and work them off, while new entries go on " +
				"being published and handled: how fast, and how long new entries wait meanwhile, beside what they wait when there is nothing to take over.",
			shown: []shown{
				{file: "takeover.png", title: "Entries of a dead consumer, taken over and handled", of: perSecond, format: rate},
				{file: "takeover-latency.png", title: "Waiting time of new entries during the takeover, p99", of: p99, format: micros, beside: idleP99, name: "idle", terse: true},
			},
		},
		{
			kind: result.GrowGroups, title: "Groups", axis: "groups that read the stream", sizeText: size,
			text: "A backlog is read by so many consumer groups at once, a consumer each. A message counts once for each group.", shown: speed("groups.png", "Consuming a backlog, by number of groups"),
		},
		{
			kind: result.GrowStreams, title: "Streams", axis: "streams", sizeText: size,
			text: "A backlog spread over so many streams is read by one consumer.", shown: speed("streams.png", "Consuming a backlog, by number of streams"),
		},
		{
			kind: result.GrowProcesses, title: "Processes", axis: "processes", sizeText: size,
			text: "A backlog is consumed by so many processes of one group.", shown: speed("processes.png", "Consuming a backlog, by number of processes"),
		},
		{
			kind: result.GrowMemory, title: "Memory", axis: "entries", sizeText: size,
			text:  "Peak memory of a worker's process, by how much is waiting, pending or set aside for a later try.",
			shown: []shown{{file: "memory.png", title: "Peak memory of a worker", of: memory, format: bytes, even: 1 << 20}},
		},
	}
}

// series is one line of a curve.
type series struct {
	contender, what string
}

func (s series) label() string {
	if s.what == "" {
		return s.contender
	}
	return s.contender + ", " + s.what
}

// job is the place of one point of the line.
func (s series) job(kind result.Kind, n int) result.Job {
	return place(result.Job{
		Contender: s.contender, Kind: kind, What: s.what,
		N: n, Payload: n, Groups: n, Streams: n, Processes: n,
	})
}

// seriesOf a curve: contenders in their order, and what is told apart within one by
// its name, since points are measured in no particular order.
func (r *report) seriesOf(kind result.Kind) []series {
	var all []series
	for _, c := range r.contenders {
		var own []series
		for _, j := range r.figures.jobs {
			s := series{c.Name, j.What}
			if j.Kind == kind && j.Contender == c.Name && !slices.Contains(own, s) {
				own = append(own, s)
			}
		}
		slices.SortFunc(own, func(a, b series) int { return cmp.Compare(a.what, b.what) })
		all = append(all, own...)
	}
	return all
}

// sizesOf a curve, from small to large.
func (r *report) sizesOf(kind result.Kind) []int {
	var all []int
	for _, j := range r.figures.jobs {
		if j.Kind == kind && !slices.Contains(all, grown(j)) {
			all = append(all, grown(j))
		}
	}
	slices.SortFunc(all, cmp.Compare[int])
	return all
}

// writeGrowth has a section for each curve that is in the run.
func (r *report) writeGrowth(p *page) {
	first := true
	for _, c := range curves() {
		if !r.figures.has(c.kind) {
			continue
		}
		if first {
			p.heading("Growth")
			first = false
		}
		p.subheading(c.title)
		p.paragraph(c.text)
		for _, s := range c.shown {
			r.writeCurve(p, c, s)
		}
	}
}

func (r *report) writeCurve(p *page, c curve, s shown) {
	sizes := r.sizesOf(c.kind)
	if len(c.shown) > 1 {
		p.paragraph(s.title + ":")
	}
	header := []string{c.axis}
	for _, n := range sizes {
		header = append(header, c.sizeText(n))
	}
	if len(sizes) > 1 {
		header = append(header, "last against first")
	}
	var rows [][]string
	for _, line := range r.seriesOf(c.kind) {
		name := plain(line.label())
		if line.contender == ours {
			name = "**" + name + "**"
		}
		row := []string{name}
		for _, n := range sizes {
			row = append(row, r.curveCell(line.job(c.kind, n), n, s))
		}
		if len(sizes) > 1 {
			row = append(row, r.ratioCell(r.lastAgainstFirst(c.kind, line, sizes, s.of)))
		}
		rows = append(rows, row)
	}
	p.table(header, rows)
	p.image(r.chart(s.file))
}

// lastAgainstFirst is the figure at the largest size that the line has, divided by
// that at its smallest.
func (r *report) lastAgainstFirst(kind result.Kind, of series, sizes []int, f figure) spread {
	var there []result.Job
	for _, n := range sizes {
		if j := of.job(kind, n); r.figures.spread(j, f).N > 0 {
			there = append(there, j)
		}
	}
	if len(there) < 2 {
		return spread{}
	}
	return r.figures.ratio(there[len(there)-1], there[0], f)
}

func (r *report) curveCell(j result.Job, n int, s shown) string {
	text := r.figures.cell(j, s.of, s.format)
	if s.terse {
		text = r.figures.terse(j, s.of, s.format)
	}
	found := r.figures.spread(j, s.of)
	if found.N > 1 {
		text += "<br>" + span(found, s.format)
	}
	if found.N > 0 && s.extra != nil {
		text += "<br>" + s.extra(found.Median, n)
	}
	if s.beside == nil {
		return text
	}
	if other := r.figures.spread(j, s.beside); other.N > 0 {
		text += "<br>" + s.name + " " + s.format(other.Median)
		text += ": " + r.ratioCell(r.figures.quotient(j, j, s.of, s.beside))
	}
	return text
}
