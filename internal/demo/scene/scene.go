package scene

import (
	"fmt"
	"hash/fnv"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// Scene is one tile as one satellite saw it in one pass.
type Scene struct {
	// Platform is the satellite: S2B or S2C.
	Platform string
	// Tile is the tile's MGRS name: 32TQM.
	Tile string
	// Orbit is the relative orbit, 1 to 143.
	Orbit int
	// Sensed is when the satellite was nearest to the middle of the tile, and
	// Datatake when the recording began of which the scene is a part. UTC.
	Sensed, Datatake time.Time
	// Created is when the product was in the catalog, some hours later.
	Created time.Time
	// Footprint is the part of the tile that the swath covers: a closed ring of
	// longitude and latitude in degrees, counter-clockwise.
	Footprint [][2]float64
	// BBox is the footprint's west, south, east and north, in degrees.
	BBox [4]float64
	// Covered is the footprint's share of the tile, above 0 up to 1.
	Covered float64
	// Cloud is the cloud cover in percent.
	Cloud float64
	// EPSG is the code of the tile's UTM zone; Easting and Northing are the
	// upper left corner of its pixels there, in metres.
	EPSG              int
	Easting, Northing float64
}

// ID names the scene: S2B_32TQM_20260704T101559_L2A.
func (s *Scene) ID() string {
	return fmt.Sprintf("%s_%s_%s_L2A", s.Platform, s.Tile, s.Sensed.Format(compact))
}

const compact = "20060102T150405"

// FirstDay is the UTC day on which [Take] begins.
var FirstDay = time.Date(2026, 7, 4, 0, 0, 0, 0, time.UTC)

// Take is n scenes: of one day, spread evenly over it, as long as the day has as
// many; else all of that day and of those after it. Scenes come pass by pass, in
// the order of their times inside each.
func Take(n int) iter.Seq[Scene] {
	return func(yield func(Scene) bool) {
		day, scenes := FirstDay, firstDay()
		if n <= len(scenes) {
			for i := range n {
				if !yield(scenes[i*len(scenes)/n]) {
					return
				}
			}
			return
		}
		for left := n; left > 0; {
			for _, s := range scenes[:min(left, len(scenes))] {
				if !yield(s) {
					return
				}
			}
			left -= len(scenes)
			day = day.AddDate(0, 0, 1)
			if left > 0 {
				scenes = Day(day)
			}
		}
	}
}

// firstDay is computed once: it is all that most programs need.
var firstDay = sync.OnceValue(func() []Scene { return Day(FirstDay) })

// Day is all scenes of the passes that cross the equator on the UTC day that
// begins at day, in the order that [Take] says.
func Day(day time.Time) []Scene {
	var all []Scene
	for _, p := range passes(day) {
		all = append(all, p.scenes()...)
	}
	return all
}

const (
	// The sunlit land, as time from the equator.
	fromNorth, toSouth = -76 * period / 360, 56 * period / 360
	// along and across are how finely the swath is looked at for tiles.
	along, across = 6 * time.Second, 40.0
	// maxNorth keeps away from where UTM has its exceptions.
	maxNorth = 71.5
	// leastCovered: less of a tile is not made a product of.
	leastCovered = 0.03
	// gap ends a recording: over the sea the camera is off.
	gap = 45 * time.Second
)

// scenes are the tiles that the pass sees.
func (p pass) scenes() []Scene {
	seen := map[tile]bool{}
	var out []Scene
	for dt := fromNorth; dt <= toSouth; dt += along {
		for km := -halfSwath + 10; km <= halfSwath-10; km += across {
			at := p.beside(dt, km)
			if at.lat > maxNorth || !onLand(at) {
				continue
			}
			t, ok := tileAt(at)
			if !ok || seen[t] {
				continue
			}
			seen[t] = true
			if s, ok := p.see(t, dt); ok {
				out = append(out, s)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Scene) int { return a.Sensed.Compare(b.Sensed) })
	start := time.Time{}
	for i := range out {
		if i == 0 || out[i].Sensed.Sub(out[i-1].Sensed) > gap {
			start = out[i].Sensed.Add(-9 * time.Second).Truncate(time.Second)
		}
		out[i].Datatake = start
	}
	return out
}

// see is the tile as the pass sees it; not ok when hardly anything of it is in
// the swath, and across the 180th meridian.
func (p pass) see(t tile, guess time.Duration) (Scene, bool) {
	dt := p.closest(t.center(), guess)
	a, b := t.zone.project(p.below(dt-10*time.Second)), t.zone.project(p.below(dt+10*time.Second))
	length := math.Hypot(b.e-a.e, b.n-a.n)
	ne, nn := -(b.n-a.n)/length, (b.e-a.e)/length
	seen := clip(clip(t.outline(), a, ne, nn, halfSwath*1000), a, -ne, -nn, halfSwath*1000)
	origin := t.origin()
	s := Scene{
		Platform: "S2" + p.platform, Tile: t.name(), Orbit: p.orbit,
		Sensed:  p.node.Add(dt).Truncate(time.Millisecond),
		Covered: area(seen) / sq(tileSize), EPSG: t.zone.epsg(), Easting: origin.e, Northing: origin.n,
	}
	if len(seen) < 3 || s.Covered < leastCovered {
		return s, false
	}
	s.outline(t.zone, seen)
	s.invent(t.center())
	return s, s.BBox[2]-s.BBox[0] < 180
}

// outline sets the footprint and its box, to a millionth of a degree (10 cm).
func (s *Scene) outline(z zone, polygon []grid) {
	s.BBox = [4]float64{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}
	for _, g := range polygon {
		p := z.locate(g)
		lon, lat := round(p.lon, 1e6), round(p.lat, 1e6)
		s.Footprint = append(s.Footprint, [2]float64{lon, lat})
		s.BBox = [4]float64{min(s.BBox[0], lon), min(s.BBox[1], lat), max(s.BBox[2], lon), max(s.BBox[3], lat)}
	}
	s.Footprint = append(s.Footprint, s.Footprint[0])
}

func round(x, unit float64) float64 { return math.Round(x*unit) / unit }

// invent makes up the weather, which is much alike for neighbours, and how long
// the ground segment took.
func (s *Scene) invent(at geo) {
	h := fnv.New64a()
	_, _ = h.Write([]byte(s.ID())) // never fails
	random := rand.New(rand.NewPCG(h.Sum64(), 1))
	weather := math.Sin(at.lon/7+3*math.Sin(at.lat/11)) + math.Cos(at.lat/6-at.lon/19) + 0.6*random.NormFloat64()
	s.Cloud = round(100/(1+math.Exp(-1.6*weather)), 1e6)
	s.Created = s.Sensed.Add(3*time.Hour + time.Duration(random.Int64N(int64(80*time.Minute)))).Truncate(time.Millisecond)
}
