package scene

import (
	"fmt"
	"math"
)

// A tile is a 100 km square of MGRS, made larger to the east and the south so
// that neighbours overlap.
const (
	square   = 100_000.0
	tileSize = 109_800.0
	// tileShift moves the upper left corner so that pixels of 60 m fit.
	tileShift = 40.0
)

// tile is one square: the column and row count 100 km from the zone's origin.
type tile struct {
	zone     zone
	col, row int
}

// tileAt is the tile whose square has the place in it; not ok near the edge of a
// zone, where the centre of the square is in the next one.
func tileAt(p geo) (t tile, ok bool) {
	z := zoneOf(p)
	g := z.project(p)
	t = tile{z, int(math.Floor(g.e / square)), int(math.Floor(g.n / square))}
	return t, zoneOf(t.center()) == z
}

func (t tile) center() geo {
	return t.zone.locate(grid{(float64(t.col) + 0.5) * square, (float64(t.row) + 0.5) * square})
}

const (
	bandLetters = "CDEFGHJKLMNPQRSTUVWX"
	rowLetters  = "ABCDEFGHJKLMNPQRSTUV"
)

// columnLetters repeat every third zone.
var columnLetters = [3]string{"STUVWXYZ", "ABCDEFGH", "JKLMNPQR"}

// name is the tile as MGRS writes it: 32TQM.
func (t tile) name() string {
	band := bandLetters[min(int(math.Floor((t.center().lat+80)/8)), len(bandLetters)-1)]
	col := columnLetters[t.zone.number%3][t.col-1]
	row := t.row
	if t.zone.number%2 == 0 {
		row += 5
	}
	return fmt.Sprintf("%02d%c%c%c", t.zone.number, band, col, rowLetters[row%len(rowLetters)])
}

// origin is the upper left corner of the tile's pixels.
func (t tile) origin() grid {
	return grid{float64(t.col)*square - tileShift, float64(t.row+1)*square + tileShift}
}

// outline is the tile's corners, counter-clockwise.
func (t tile) outline() []grid {
	o := t.origin()
	return []grid{o, {o.e, o.n - tileSize}, {o.e + tileSize, o.n - tileSize}, {o.e + tileSize, o.n}}
}

// clip is the part of a convex polygon on the side of the line through at to
// which (ne, nn) points, no further back than behind metres.
func clip(polygon []grid, at grid, ne, nn, behind float64) []grid {
	inside := func(p grid) float64 { return (p.e-at.e)*ne + (p.n-at.n)*nn + behind }
	var out []grid
	for i, p := range polygon {
		q := polygon[(i+1)%len(polygon)]
		a, b := inside(p), inside(q)
		if a >= 0 {
			out = append(out, p)
		}
		if (a < 0) != (b < 0) {
			f := a / (a - b)
			out = append(out, grid{p.e + f*(q.e-p.e), p.n + f*(q.n-p.n)})
		}
	}
	return out
}

// area of a polygon in square metres of the grid.
func area(polygon []grid) float64 {
	sum := 0.0
	for i, p := range polygon {
		q := polygon[(i+1)%len(polygon)]
		sum += p.e*q.n - q.e*p.n
	}
	return math.Abs(sum) / 2
}
