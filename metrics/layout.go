package metrics

import "math"

// schema is the resolution of the native histograms: eight buckets from a power of
// two to the next, each 9 % wider than the one before.
const (
	schema    = 3
	perOctave = 1 << schema
)

// layout says which cell of a histogram counts a value. A cell is a bucket of the
// native histogram, or a part of one that a bound of a classic bucket divides: so the
// same counts are both, exactly. There is a fixed number of them, whatever comes.
type layout struct {
	classic []float64 // upper bounds of the classic buckets
	// scale is one unit of what is observed, in the unit of the metric.
	scale float64
	// Native buckets are from first to first+len(places)-1. Below is the zero bucket,
	// which is cell 0; what is above counts in the last one.
	first  int
	places []place
	ends   []int32 // for each cell the native bucket that it is of; 0 for cell 0
	behind []int32 // for each classic bound the first cell above it
	tops   []int64 // for each cell the most units that it counts
}

// place is where a native bucket is: the cell of what is up to split, and the next
// for the rest.
type place struct {
	split float64
	cell  int32
}

// newLayout is one from the power of two low to the power of two high, whose classic
// bounds are at the least a native bucket apart and lie between both.
func newLayout(low, high int, scale float64, classic ...float64) *layout {
	l := &layout{classic: classic, scale: scale, first: low*perOctave + 1, ends: []int32{0}}
	next := 0
	for key := l.first; key <= high*perOctave; key++ {
		p := place{split: math.Inf(1), cell: int32(len(l.ends))}
		l.ends = append(l.ends, int32(key))
		if next < len(classic) && classic[next] <= upperOf(key) {
			p.split = classic[next]
			l.ends = append(l.ends, int32(key))
			l.behind = append(l.behind, p.cell+1)
			next++
		}
		l.places = append(l.places, p)
	}
	l.tops = make([]int64, len(l.ends))
	for cell := range l.tops {
		l.tops[cell] = l.topOf(int32(cell))
	}
	return l
}

// topOf looks for the most units that are not in a higher cell.
func (l *layout) topOf(cell int32) int64 {
	if int(cell) == len(l.ends)-1 {
		return math.MaxInt64
	}
	below, above := int64(0), int64(math.MaxInt64) // the top is not below the one, and below the other
	if cell > 0 {
		below = l.tops[cell-1]
		above = 2*below + 2 // no cell is wider than an octave
	}
	for above-below > 1 {
		if n := below + (above-below)/2; l.cell(n) <= cell {
			below = n
		} else {
			above = n
		}
	}
	return below
}

// spanOf is what a cell counts: more units than above, up to upTo.
func (l *layout) spanOf(cell int32) (above, upTo int64) {
	above = math.MinInt64
	if cell > 0 {
		above = l.tops[cell-1]
	}
	return above, l.tops[cell]
}

// upperOf is the inclusive upper bound of a native bucket.
func upperOf(key int) float64 { return math.Ldexp(fractions[mod(key)]*2, (key-mod(key))/perOctave) }

func mod(key int) int { return (key%perOctave + perOctave) % perOctave }

// fractions are the powers of two from -1 to 0 that bound native buckets, the last
// one left out.
var fractions = func() (f [perOctave]float64) {
	for i := range f {
		f[i] = math.Exp2(float64(i)/perOctave - 1)
	}
	return f
}()

// chunks divides an octave so finely that there is one bound in a chunk at the most.
const chunkBits = 8

// nearest has for each chunk of an octave how many bounds are below it, and the next
// one's mantissa.
var nearest = func() (n [1 << chunkBits]struct {
	above    uint64
	mantissa uint64
},
) {
	for i := range n {
		from := uint64(i) << (52 - chunkBits)
		for n[i].above < perOctave && mantissaOf(fractions[n[i].above]) < from {
			n[i].above++
		}
		n[i].mantissa = math.MaxUint64
		if n[i].above < perOctave {
			n[i].mantissa = mantissaOf(fractions[n[i].above])
		}
	}
	return n
}()

func mantissaOf(v float64) uint64 { return math.Float64bits(v) & (1<<52 - 1) }

// keyOf is the native bucket of a value above 0.
func keyOf(v float64) int {
	bits := math.Float64bits(v)
	mantissa := bits & (1<<52 - 1)
	n := &nearest[mantissa>>(52-chunkBits)]
	sub := int(n.above)
	if mantissa > n.mantissa {
		sub++
	}
	return (int(bits>>52)-1023)*perOctave + sub
}

// cell is the one that counts n units.
func (l *layout) cell(n int64) int32 {
	if n <= 0 {
		return 0
	}
	v := float64(n) * l.scale
	at := keyOf(v) - l.first
	switch {
	case at < 0:
		return 0
	case at >= len(l.places):
		at = len(l.places) - 1
	}
	p := &l.places[at]
	if v > p.split {
		return p.cell + 1
	}
	return p.cell
}
