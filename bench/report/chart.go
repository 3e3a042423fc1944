package report

import (
	"image/color"
	"slices"

	xfont "golang.org/x/image/font"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// chart is a picture beside the page.
type chart struct {
	file string
	alt  string
	draw func() ([]byte, error) // the PNG; nil: the run has nothing to draw
}

// Charts are drawn for a width of 900 pixels, with twice as many in the file, so
// that they are sharp on screens that have them.
const (
	chartWidth = 900
	density    = 2
	inch       = 96 // pixels, before density
)

// px is a length in pixels of the page.
func px(n float64) vg.Length { return vg.Length(n) * vg.Inch / inch }

var (
	ink   = color.RGBA{0x22, 0x22, 0x22, 0xff}
	muted = color.RGBA{0x66, 0x66, 0x66, 0xff}
	rule  = color.RGBA{0xe2, 0xe2, 0xe2, 0xff}
)

// Colours that can also be told apart by those who do not see all of them.
var (
	blue      = color.RGBA{0x00, 0x72, 0xb2, 0xff}
	sky       = color.RGBA{0x6b, 0xb8, 0xe6, 0xff}
	green     = color.RGBA{0x00, 0x9e, 0x73, 0xff}
	orange    = color.RGBA{0xe6, 0x9f, 0x00, 0xff}
	vermilion = color.RGBA{0xd5, 0x5e, 0x00, 0xff}
	pink      = color.RGBA{0xcc, 0x79, 0xa7, 0xff}
	brown     = color.RGBA{0x8c, 0x6d, 0x1f, 0xff}
	grey      = color.RGBA{0x55, 0x55, 0x55, 0xff}
	lightGrey = color.RGBA{0xa6, 0xa6, 0xa6, 0xff}
)

// colours of contenders, the same on every chart.
var colours = map[string]color.RGBA{
	ours: blue, bare: grey, bareThin: lightGrey, goRedis: vermilion, rueidis: orange,
	"watermill-redisstream": green, "asynq": pink, "redisqueue": sky, "taskq": brown,
}

// palette is for contenders without a colour of their own, and for lines of the
// same contender.
var palette = []color.RGBA{blue, vermilion, green, pink, orange, brown, sky, grey}

func lettering(pixels float64, c color.Color) text.Style {
	return text.Style{
		Color:   c,
		Font:    font.From(font.Font{Typeface: "Liberation", Variant: "Sans"}, px(pixels)),
		Handler: plot.DefaultTextHandler,
	}
}

func bold(s text.Style) text.Style {
	s.Font.Weight = xfont.WeightBold
	return s
}

// key is an entry of a legend.
type key struct {
	name   string
	color  color.Color
	dashed bool
	line   bool // drawn as a line, not as a box
}

// sheet is what all charts have around their plot.
type sheet struct {
	title, note string
	keys        []key
}

const (
	margin     = 16. // at all edges
	titleSize  = 18.
	noteSize   = 13.
	labelSize  = 13.
	swatch     = 22. // width of a box or a line in the legend
	legendLine = 22.
)

// legendRows breaks the legend into lines that fit.
func (s sheet) legendRows() [][]key {
	var rows [][]key
	style, room := lettering(labelSize, ink), vg.Length(0)
	for _, k := range s.keys {
		w := keyWidth(style, k)
		if len(rows) == 0 || w > room {
			rows, room = append(rows, nil), px(chartWidth-2*margin)
		}
		rows[len(rows)-1] = append(rows[len(rows)-1], k)
		room -= w
	}
	return rows
}

func keyWidth(style text.Style, k key) vg.Length {
	return px(swatch+6) + style.Width(k.name) + px(20)
}

// headHeight is what title, note and legend take, in pixels.
func (s sheet) headHeight() float64 {
	h := margin + titleSize + 10
	if s.note != "" {
		h += noteSize + 8
	}
	return h + legendLine*float64(len(s.legendRows())) + 6
}

// draw makes a PNG: the head, and below it a plot of that height in pixels.
func (s sheet) draw(height float64, body func(draw.Canvas)) ([]byte, error) {
	head := s.headHeight()
	img := vgimg.NewWith(vgimg.UseWH(px(chartWidth), px(head+height+margin)), vgimg.UseDPI(inch*density))
	c := draw.New(img)
	s.drawHead(draw.Crop(c, px(margin), -px(margin), 0, -px(margin)))
	body(draw.Crop(c, px(margin), -px(margin), px(margin), -px(head)))
	return encode(img.Image())
}

func (s sheet) drawHead(c draw.Canvas) {
	y := c.Max.Y
	line := func(style text.Style, pixels float64, content string) {
		style.YAlign = draw.YTop
		c.FillText(style, vg.Point{X: c.Min.X, Y: y}, content)
		y -= px(pixels)
	}
	line(bold(lettering(titleSize, ink)), titleSize+10, s.title)
	if s.note != "" {
		line(lettering(noteSize, muted), noteSize+8, s.note)
	}
	style := lettering(labelSize, ink)
	style.YAlign = draw.YCenter
	for _, row := range s.legendRows() {
		x, middle := c.Min.X, y-px(legendLine/2)
		for _, k := range row {
			k.drawSwatch(c, x, middle)
			c.FillText(style, vg.Point{X: x + px(swatch+6), Y: middle}, k.name)
			x += keyWidth(style, k)
		}
		y -= px(legendLine)
	}
}

func (k key) drawSwatch(c draw.Canvas, x, y vg.Length) {
	if k.line {
		c.StrokeLine2(stroke(k.color, k.dashed), x, y, x+px(swatch), y)
		return
	}
	fillBox(c, k.color, x, y-px(6), x+px(swatch), y+px(6))
}

func stroke(c color.Color, dashed bool) draw.LineStyle {
	s := draw.LineStyle{Color: c, Width: px(2.5)}
	if dashed {
		s.Dashes = []vg.Length{px(7), px(4)}
	}
	return s
}

func fillBox(c draw.Canvas, fill color.Color, x0, y0, x1, y1 vg.Length) {
	c.FillPolygon(fill, []vg.Point{{X: x0, Y: y0}, {X: x1, Y: y0}, {X: x1, Y: y1}, {X: x0, Y: y1}})
}

// chart finds one of the page's charts by its file.
func (r *report) chart(file string) chart {
	i := slices.IndexFunc(r.charts, func(c chart) bool { return c.file == file })
	return r.charts[i]
}

// allCharts of the page, those without anything to draw included.
func (r *report) allCharts() []chart {
	all := []chart{r.throughputChart(), r.latencyChart(), r.cpuChart(consumeCPU), r.cpuChart(publishCPU)}
	for _, c := range curves() {
		for _, s := range c.shown {
			all = append(all, r.curveChart(c, s))
		}
	}
	return all
}
