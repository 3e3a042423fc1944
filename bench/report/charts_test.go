package report

import (
	stdbytes "bytes"
	"flag"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"testing"

	"github.com/leat-io/leat/bench/result"
)

var look = flag.String("look", "", "a directory to write a made-up report to, so that somebody may look at it")

func TestLook(t *testing.T) {
	t.Parallel()
	if *look == "" {
		t.Skip("for people: go test ./report -run TestLook -look /tmp/report")
	}
	if err := Write(*look, madeUp(5)); err != nil {
		t.Fatal(err)
	}
}

// Charts are as wide as the page shows them, times the density of the file; the
// colours that they need are there; and nothing touches an edge, where it would
// be cut off.
func TestCharts(t *testing.T) {
	t.Parallel()
	want := map[string][]color.RGBA{
		"throughput.png": {sky, blue, green}, "latency.png": {sky, blue, vermilion},
		"cpu-consume.png": {blue, orange}, "cpu-publish.png": {blue, orange},
		"backlog.png": {blue, grey, vermilion}, "payload.png": {blue, vermilion},
		"takeover.png": {blue}, "takeover-latency.png": {blue}, "groups.png": {blue},
		"processes.png": {blue, pink}, "memory.png": {blue, vermilion, green},
	}
	r := newReport(madeUp(5), nil)
	drawn := 0
	for _, c := range r.charts {
		if c.draw == nil {
			if want[c.file] != nil {
				t.Errorf("%s is not drawn", c.file)
			}
			continue
		}
		drawn++
		img := decode(t, c)
		if b := img.Bounds(); b.Dx() != chartWidth*density || b.Dy() < 300*density || b.Dy() > 900*density {
			t.Errorf("%s is %dx%d pixels", c.file, b.Dx(), b.Dy())
		}
		for _, tone := range append(want[c.file], ink, white) {
			if n := pixels(img, tone); n < 200 {
				t.Errorf("%s has %d pixels of %v", c.file, n, tone)
			}
		}
		if at, clean := cleanEdges(img); !clean {
			t.Errorf("%s: something reaches the edge at %v", c.file, at)
		}
	}
	if drawn != len(want) {
		t.Errorf("%d charts are drawn, want %d", drawn, len(want))
	}
}

func decode(t *testing.T, c chart) *image.RGBA {
	t.Helper()
	data, err := c.draw()
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(stdbytes.NewReader(data))
	if err != nil {
		t.Fatalf("%s: %v", c.file, err)
	}
	full := image.NewRGBA(img.Bounds())
	draw.Draw(full, full.Bounds(), img, img.Bounds().Min, draw.Src)
	return full
}

// pixels counts those of exactly one colour.
func pixels(img *image.RGBA, of color.RGBA) int {
	n := 0
	for c, many := range runs(img) {
		if c == of {
			n += many
		}
	}
	return n
}

// cleanEdges tells whether the outermost pixels are white.
func cleanEdges(img *image.RGBA) (image.Point, bool) {
	const edge = 4
	b := img.Bounds()
	for _, strip := range []image.Rectangle{
		{b.Min, image.Pt(b.Max.X, edge)},
		{image.Pt(0, b.Max.Y-edge), b.Max},
		{b.Min, image.Pt(edge, b.Max.Y)},
		{image.Pt(b.Max.X-edge, 0), b.Max},
	} {
		for y := strip.Min.Y; y < strip.Max.Y; y++ {
			for x := strip.Min.X; x < strip.Max.X; x++ {
				if img.RGBAAt(x, y) != white {
					return image.Pt(x, y), false
				}
			}
		}
	}
	return image.Point{}, true
}

var white = color.RGBA{255, 255, 255, 255}

// The tallest bar has the largest value: blue pixels in a row of the picture grow
// with the rate.
func TestBarsAreAsLongAsTheirValues(t *testing.T) {
	t.Parallel()
	length := func(perSecond float64) int {
		samples := append(rates(ours, result.Consume, perSecond), rates(bare, result.Consume, 1e6)...)
		samples = append(samples, rates("asynq", result.Consume, 1e3)...)
		r := newReport(result.Run{Samples: samples}, nil)
		return pixels(decode(t, r.chart("throughput.png")), blue)
	}
	// On a logarithmic axis each tenfold adds the same.
	a, b, c := length(1e3), length(1e4), length(1e5)
	if first, second := b-a, c-b; first < 1000 || abs(first-second) > first/50 {
		t.Errorf("bars of 1k, 10k and 100k have %d, %d and %d pixels", a, b, c)
	}
}

func abs(n int) int { return max(n, -n) }

func TestScales(t *testing.T) {
	t.Parallel()
	s := logScale(9_000, 500_000, 0.1)
	if s.min != 5_000 || s.max < 500_000/0.9 || s.marks[0] != 5_000 || s.marks[1] != 10_000 {
		t.Errorf("logScale = %+v", s)
	}
	if wide := logScale(1, 1e6, 0.1); len(wide.marks) > 8 {
		t.Errorf("%d marks on an axis of six decades", len(wide.marks))
	}
	if one := logScale(7, 7, 0.1); one.min >= 7 || one.max <= 7 || len(one.marks) == 0 {
		t.Errorf("logScale of one value = %+v", one)
	}
	l := linearScale(340_000, 0.06, 1)
	if l.min != 0 || l.marks[0] != 0 || l.marks[1] != 50_000 || l.max < 340_000 {
		t.Errorf("linearScale = %+v", l)
	}
	if m := linearScale(23.5*(1<<20), 0.06, 1<<20); m.marks[1] != 5*(1<<20) {
		t.Errorf("linearScale of bytes = %+v", m)
	}
}
