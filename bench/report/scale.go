package report

import (
	"math"

	"gonum.org/v1/plot"
)

// scale is what an axis of values shows: from where to where, and which marks.
type scale struct {
	min, max float64
	marks    []float64
	log      bool
}

// apply the scale to an axis whose marks are written by format.
func (s scale) apply(a *plot.Axis, format func(float64) string) {
	a.Min, a.Max = s.min, s.max
	a.Scale = plot.LinearScale{}
	if s.log {
		a.Scale = plot.LogScale{}
	}
	var ticks []plot.Tick
	write := mark(format)
	for _, v := range s.marks {
		ticks = append(ticks, plot.Tick{Value: v, Label: write(v)})
	}
	a.Tick.Marker = plot.ConstantTicks(ticks)
}

// logScale covers values above 0, from below the least of them, with the share of
// its length that is given left free beyond the greatest.
func logScale(least, most, free float64) scale {
	s := scale{log: true, min: nice(least / 1.6)}
	s.max = most * math.Pow(most/s.min, free/(1-free))
	steps := []float64{1}
	if s.max/s.min < 1000 {
		steps = []float64{1, 2, 5}
	}
	for decade := math.Floor(math.Log10(s.min)); math.Pow(10, decade) <= s.max; decade++ {
		for _, step := range steps {
			if v := step * math.Pow(10, decade); v >= s.min*0.999 && v <= s.max {
				s.marks = append(s.marks, v)
			}
		}
	}
	return s
}

// linearScale begins at 0. Its marks are even multiples of the unit: of a MiB, say.
func linearScale(most, free, unit float64) scale {
	s := scale{max: most / (1 - free)}
	step := unit * nice(s.max/unit/4)
	for v := 0.; v <= s.max*1.0001; v += step {
		s.marks = append(s.marks, v)
	}
	return s
}

// nice is the next 1, 2 or 5 times a power of ten that is not above v.
func nice(v float64) float64 {
	base := math.Pow(10, math.Floor(math.Log10(v)))
	best := base
	for _, step := range []float64{2, 5, 10} {
		if step*base <= v*1.0001 {
			best = step * base
		}
	}
	return best
}
