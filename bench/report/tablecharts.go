package report

import (
	"fmt"
	"image/color"

	"gonum.org/v1/plot/vg/draw"

	"github.com/leat-io/leat/bench/result"
)

// barKey is a measure of a grouped chart and its colour.
type barKey struct {
	name  string
	kind  result.Kind
	of    figure
	color color.Color
}

// throughputChart: what contenders do in a second.
func (r *report) throughputChart() chart {
	return r.groupedChart("throughput.png", "Messages a second", rate, []barKey{
		{"publish", result.Publish, perSecond, sky},
		{"consume", result.Consume, perSecond, blue},
		{"end to end", result.EndToEnd, perSecond, green},
	}, "More is better.")
}

// latencyChart: what a message waits.
func (r *report) latencyChart() chart {
	return r.groupedChart("latency.png", "From publish to handler, at 1,000 messages a second", micros, []barKey{
		{"p50", result.Latency, p50, sky},
		{"p99", result.Latency, p99, blue},
		{"p99.9", result.Latency, p999, vermilion},
	}, "Less is better.")
}

// groupedChart has a group for each contender that tried any of the keys, and a
// bar for each key, on a logarithmic axis.
func (r *report) groupedChart(file, title string, format func(float64) string, keys []barKey, better string) chart {
	c := chart{file: file, alt: title + ": bars for each contender, as in the table"}
	s := sheet{title: title, note: better + " Medians with minimum and maximum; logarithmic axis."}
	if r.run.Rounds == 1 {
		s.note = better + " One round; logarithmic axis."
	}
	for _, k := range keys {
		if r.figures.has(k.kind) {
			s.keys = append(s.keys, key{name: k.name, color: k.color})
		}
	}
	var b bars
	for _, contender := range r.contenders {
		if g := r.group(contender.Name, keys, format); len(g.bars) > 0 {
			b.groups = append(b.groups, g)
		}
	}
	least, most := b.extremes()
	if most == 0 {
		return c
	}
	c.draw = func() ([]byte, error) {
		return s.draw(b.height(), func(canvas draw.Canvas) { b.draw(canvas, logScale(least, most, 0.13), format) })
	}
	return c
}

func (r *report) group(contender string, keys []barKey, format func(float64) string) group {
	g := group{name: contender}
	for _, k := range keys {
		j := at(contender, k.kind)
		if r.figures.samples[j] == nil {
			continue
		}
		found := r.figures.spread(j, k.of)
		switch {
		case found.N > 0:
			g.bars = append(g.bars, bar{
				parts: []part{{found.Median, k.color}},
				min:   found.Min, max: found.Max, text: format(found.Median),
			})
		case len(r.figures.failed(j)) > 0:
			g.bars = append(g.bars, bar{text: "failed"})
		}
	}
	return g
}

// cpuOf is a chart of what a message costs.
type cpuOf struct {
	kind        result.Kind
	file, title string
}

var (
	consumeCPU = cpuOf{result.Consume, "cpu-consume.png", "CPU time to consume a message"}
	publishCPU = cpuOf{result.Publish, "cpu-publish.png", "CPU time to publish a message"}
)

// cpuChart stacks client and server. Where some contenders need so much more than
// others that these cannot be seen, a second panel magnifies the others.
func (r *report) cpuChart(of cpuOf) chart {
	c := chart{file: of.file, alt: of.title + ": client and server for each contender, as in the table"}
	var all bars
	for _, contender := range r.contenders {
		j := at(contender.Name, of.kind)
		client, server := r.figures.spread(j, clientCPU), r.figures.spread(j, serverCPU)
		if client.N == 0 || server.N == 0 {
			continue
		}
		all.groups = append(all.groups, group{contender.Name, []bar{{
			parts: []part{{client.Median, blue}, {server.Median, orange}},
			text:  fmt.Sprintf("%s + %s", micros(client.Median), micros(server.Median)),
		}}})
	}
	if len(all.groups) == 0 {
		return c
	}
	least, most := all.extremes()
	small := all.below(min(most/5, 6*least))
	s := sheet{
		title: of.title, note: "Less is better. Medians, in microseconds.",
		keys: []key{{name: "client", color: blue}, {name: "redis-server", color: orange}},
	}
	height := all.height()
	if len(small.groups) > 0 {
		height += small.height() + panelGap
		s.note += " Below: the shortest ones, magnified."
	}
	c.draw = func() ([]byte, error) {
		return s.draw(height, func(canvas draw.Canvas) {
			if len(small.groups) == 0 {
				all.draw(canvas, linearScale(most, 0.2, 1), micros)
				return
			}
			_, little := small.extremes()
			all.draw(draw.Crop(canvas, 0, 0, px(small.height()+panelGap), 0), linearScale(most, 0.2, 1), micros)
			small.draw(draw.Crop(canvas, 0, 0, 0, -px(all.height()+panelGap)), linearScale(little, 0.2, 1), micros)
		})
	}
	return c
}

// panelGap is between two plots of one chart, in pixels.
const panelGap = 24.

// below are the groups whose bars end below a limit.
func (b bars) below(limit float64) bars {
	var few bars
	for _, g := range b.groups {
		if g.bars[0].end() < limit {
			few.groups = append(few.groups, g)
		}
	}
	return few
}
