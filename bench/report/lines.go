package report

import (
	"image/color"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// point of a line.
type point struct {
	x int
	y spread
}

// line is a series over the sizes of a curve, with the band between minimum and maximum.
type line struct {
	key
	points []point
}

// lines is a plotter of them; those that are added first lie below.
type lines []line

// plotHeight of a growth curve, in pixels.
const plotHeight = 340.

// curveChart draws one figure of a curve for all contenders that have it.
func (r *report) curveChart(c curve, s shown) chart {
	drawn := chart{file: s.file, alt: s.title + ": lines for each contender, as in the table"}
	ls := r.linesOf(c, s)
	sizes := ls.sizes()
	if len(sizes) < 2 {
		return drawn // one size is no curve; the table has it
	}
	head := sheet{title: s.title, note: "Medians, and the band from minimum to maximum; where there is no band, points were measured once."}
	if ls.scale(s.unit()).log {
		head.note += " Both axes are logarithmic."
	}
	for _, l := range ls {
		head.keys = append(head.keys, l.key)
	}
	drawn.draw = func() ([]byte, error) {
		return head.draw(plotHeight, func(canvas draw.Canvas) { ls.draw(canvas, c, s) })
	}
	return drawn
}

// linesOf has a line for each series, and one more for what is shown beside it.
func (r *report) linesOf(c curve, s shown) lines {
	var all lines
	sizes := r.sizesOf(c.kind)
	found := r.seriesOf(c.kind)
	single := !slices.ContainsFunc(found, func(s series) bool { return s.contender != found[0].contender })
	for i, one := range found {
		tone, dashed := lineColor(one, i, single), !single && i > 0 && found[i-1].contender == one.contender
		add := func(name string, of figure, dashed bool) {
			l := line{key: key{name: name, color: tone, dashed: dashed, line: true}}
			for _, n := range sizes {
				if y := r.figures.spread(one.job(c.kind, n), of); y.N > 0 && n > 0 {
					l.points = append(l.points, point{n, y})
				}
			}
			if len(l.points) > 0 {
				all = append(all, l)
			}
		}
		add(one.label(), s.of, dashed)
		if s.beside != nil {
			add(one.label()+", "+s.name, s.beside, true)
		}
	}
	return all
}

// lineColor is the contender's, or where there is only one contender one for each line.
func lineColor(s series, i int, single bool) color.Color {
	if own, ok := colours[s.contender]; ok && !single {
		return own
	}
	return palette[i%len(palette)]
}

// sizes that any of the lines has.
func (ls lines) sizes() []int {
	var all []int
	for _, l := range ls {
		for _, p := range l.points {
			if !slices.Contains(all, p.x) {
				all = append(all, p.x)
			}
		}
	}
	slices.Sort(all)
	return all
}

// scale of the values: from 0, unless the lines are so far apart that the lower
// ones would lie on the axis.
func (ls lines) scale(unit float64) scale {
	least, most, lowest, highest := 0., 0., 0., 0.
	for _, l := range ls {
		for _, p := range l.points {
			if least == 0 || p.y.Min < least {
				least = p.y.Min
			}
			if lowest == 0 || p.y.Median < lowest {
				lowest = p.y.Median
			}
			most, highest = max(most, p.y.Max), max(highest, p.y.Median)
		}
	}
	if highest > 15*lowest {
		return logScale(least, most, 0.03)
	}
	return linearScale(most, 0.06, unit)
}

func (ls lines) draw(c draw.Canvas, of curve, s shown) {
	p := plot.New()
	p.BackgroundColor = nil
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.Padding, a.Width, a.Tick.Length = px(6), 0, 0
		tick := lettering(12, muted)
		tick.XAlign, tick.YAlign = a.Tick.Label.XAlign, a.Tick.Label.YAlign
		a.Tick.Label = tick
	}
	label := lettering(labelSize, ink)
	label.XAlign, label.YAlign = draw.XCenter, draw.YBottom
	p.X.Label.TextStyle, p.X.Label.Text, p.X.Label.Padding = label, of.axis+" (logarithmic)", px(4)
	values := ls.scale(s.unit())
	values.apply(&p.Y, s.format)
	sizes := ls.sizes()
	across := scale{log: true, min: float64(sizes[0]), max: float64(sizes[len(sizes)-1])}
	for _, n := range sizes {
		across.marks = append(across.marks, float64(n))
	}
	across.apply(&p.X, func(v float64) string { return of.sizeText(int(v)) })
	p.Add(ls)
	p.Draw(c)
}

// Plot implements plot.Plotter: grid, then all bands, then all lines.
func (ls lines) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	for _, t := range p.Y.Tick.Marker.Ticks(p.Y.Min, p.Y.Max) {
		c.StrokeLine2(draw.LineStyle{Color: rule, Width: px(1)}, c.Min.X, y(t.Value), c.Max.X, y(t.Value))
	}
	for _, l := range ls {
		for _, part := range l.measuredOften() {
			var upper, lower []vg.Point
			for _, pt := range part {
				upper = append(upper, vg.Point{X: x(float64(pt.x)), Y: y(pt.y.Max)})
				lower = append(lower, vg.Point{X: x(float64(pt.x)), Y: y(pt.y.Min)})
			}
			slices.Reverse(lower)
			c.FillPolygon(faint(l.color), append(upper, lower...))
		}
	}
	for _, l := range ls {
		var path []vg.Point
		for _, pt := range l.points {
			at := vg.Point{X: x(float64(pt.x)), Y: y(pt.y.Median)}
			path = append(path, at)
			c.DrawGlyphNoClip(draw.GlyphStyle{Color: l.color, Radius: px(4), Shape: draw.CircleGlyph{}}, at)
		}
		if len(path) > 1 {
			c.StrokeLines(stroke(l.color, l.dashed), path)
		}
	}
}

// measuredOften are the stretches of the line whose points have a minimum and a
// maximum. A single sample has no band: it would look as sure as it is not.
func (l line) measuredOften() [][]point {
	var parts [][]point
	begins := true
	for _, pt := range l.points {
		if pt.y.N < 2 {
			begins = true
			continue
		}
		if begins {
			parts = append(parts, nil)
		}
		parts[len(parts)-1] = append(parts[len(parts)-1], pt)
		begins = false
	}
	return slices.DeleteFunc(parts, func(p []point) bool { return len(p) < 2 })
}

// faint is the colour of a band.
func faint(c color.Color) color.Color {
	r, g, b, _ := c.RGBA()
	return color.NRGBA{R: uint8(r >> 8), G: uint8(g >> 8), B: uint8(b >> 8), A: 0x2b}
}
