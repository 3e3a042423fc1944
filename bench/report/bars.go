package report

import (
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// part of a bar; several parts stand one behind the other.
type part struct {
	value float64
	color color.Color
}

// bar is one bar with what is written at its end. Without parts, the text alone is
// shown: "failed".
type bar struct {
	parts    []part
	min, max float64 // whiskers; none where they are equal
	text     string
}

func (b bar) end() float64 {
	end := 0.
	for _, p := range b.parts {
		end += p.value
	}
	return end
}

// group is the bars of one contender.
type group struct {
	name string
	bars []bar
}

// Pixels of a bar chart.
const (
	barHeight  = 15.
	barGap     = 2.
	groupGap   = 14.
	axisHeight = 26.
	nameGap    = 10.
)

// bars is a plotter of horizontal bars, the first group at the top.
type bars struct {
	groups []group
}

func (b bars) height() float64 {
	h := axisHeight
	for _, g := range b.groups {
		h += groupHeight(g)
	}
	return h
}

func groupHeight(g group) float64 { return float64(len(g.bars))*(barHeight+barGap) + groupGap }

// extremes are the least and the greatest value that the axis must hold.
func (b bars) extremes() (least, most float64) {
	for _, g := range b.groups {
		for _, x := range g.bars {
			if len(x.parts) == 0 {
				continue
			}
			low, high := x.end(), x.end()
			if x.min < x.max {
				low, high = min(low, x.min), max(high, x.max)
			}
			if least == 0 || low < least {
				least = low
			}
			most = max(most, high)
		}
	}
	return least, most
}

// draw the bars over an axis, with the names of the groups at the left.
func (b bars) draw(c draw.Canvas, s scale, format func(float64) string) {
	p := plot.New()
	p.BackgroundColor = nil
	p.HideY()
	p.Y.Min, p.Y.Max, p.Y.Padding = 0, 1, 0
	p.X.Padding, p.X.Width, p.X.Tick.Length = 0, 0, 0
	p.X.Tick.Label = lettering(12, muted)
	p.X.Tick.Label.XAlign, p.X.Tick.Label.YAlign = draw.XCenter, draw.YTop
	s.apply(&p.X, format)
	p.Add(b)
	p.Draw(draw.Crop(c, b.nameWidth(), 0, 0, 0))
}

func (b bars) nameWidth() vg.Length {
	style, widest := bold(lettering(labelSize, ink)), vg.Length(0)
	for _, g := range b.groups {
		widest = max(widest, style.Width(g.name))
	}
	return widest + px(nameGap)
}

// Plot implements plot.Plotter.
func (b bars) Plot(c draw.Canvas, p *plot.Plot) {
	x, _ := p.Transforms(&c)
	for _, t := range p.X.Tick.Marker.Ticks(p.X.Min, p.X.Max) {
		c.StrokeLine2(draw.LineStyle{Color: rule, Width: px(1)}, x(t.Value), c.Min.Y, x(t.Value), c.Max.Y)
	}
	y := c.Max.Y
	for _, g := range b.groups {
		height := px(groupHeight(g))
		style := lettering(labelSize, ink)
		if g.name == ours {
			style = bold(style)
		}
		style.XAlign, style.YAlign = draw.XRight, draw.YCenter
		c.FillText(style, vg.Point{X: c.Min.X - px(nameGap), Y: y - height/2 + px(2)}, g.name)
		top := y - px(groupGap/2)
		for _, one := range g.bars {
			one.draw(c, x, p.X.Min, top)
			top -= px(barHeight + barGap)
		}
		y -= height
	}
}

// draw one bar below top.
func (b bar) draw(c draw.Canvas, x func(float64) vg.Length, from float64, top vg.Length) {
	bottom, middle := top-px(barHeight), top-px(barHeight/2)
	left, end := x(from), 0.
	for _, p := range b.parts {
		end += p.value
		right := x(end)
		fillBox(c, p.color, left, bottom, right, top)
		left = right
	}
	style := lettering(12, ink)
	if len(b.parts) == 0 {
		style.Color = muted
	} else if b.min < b.max {
		whisker := draw.LineStyle{Color: ink, Width: px(1)}
		low, high := x(max(b.min, from)), x(b.max)
		c.StrokeLine2(whisker, low, middle, high, middle)
		c.StrokeLine2(whisker, low, middle-px(3), low, middle+px(3))
		c.StrokeLine2(whisker, high, middle-px(3), high, middle+px(3))
		left = max(left, high)
	}
	style.YAlign = draw.YCenter
	c.FillText(style, vg.Point{X: left + px(5), Y: middle + px(1)}, b.text)
}
