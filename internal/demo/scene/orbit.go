package scene

import (
	"math"
	"slices"
	"time"
)

// The orbit of both satellites.
const (
	revolutions = 143 // in repeat
	repeat      = 10 * 24 * time.Hour
	period      = repeat / revolutions
	inclination = 98.62 // degrees
	nodeHour    = 10.5  // local solar time at the equator, going south
	earthRadius = 6371.0088
	halfSwath   = 145.0 // km
)

// Where the model is tied to the world: Sentinel-2B flies relative orbit 65, over
// Italy, on 4 July 2026.
const (
	tiedOrbit = 65
	tiedLon   = -2.4
)

var tiedNode = time.Date(2026, 7, 4, 0, 0, 0, 0, time.UTC).
	Add(time.Duration((nodeHour - tiedLon/15) * float64(time.Hour))).Truncate(time.Millisecond)

// pass is the sunlit half of one revolution.
type pass struct {
	platform string // B or C
	orbit    int    // relative, 1 to 143
	node     time.Time
	nodeLon  float64
}

// passes are those that cross the equator on the UTC day that begins at day, in
// the order of their times.
func passes(day time.Time) []pass {
	var all []pass
	for _, sat := range [...]struct {
		name  string
		after time.Duration
		orbit int
	}{
		{"B", 0, tiedOrbit},
		// Half a revolution behind. Five days are 71.5 revolutions, so the
		// orbits that it flies have numbers that are 72 ahead.
		{"C", period / 2, tiedOrbit + 72},
	} {
		first := tiedNode.Add(sat.after)
		k := int(math.Ceil(float64(day.Sub(first)) / float64(period)))
		for ; ; k++ {
			node := first.Add(time.Duration(k) * period)
			if !node.Before(day.Add(24 * time.Hour)) {
				break
			}
			all = append(all, pass{
				platform: sat.name, node: node, nodeLon: wrap((nodeHour - node.Sub(day).Hours()) * 15),
				orbit: ((sat.orbit+k-1)%revolutions+revolutions)%revolutions + 1,
			})
		}
	}
	slices.SortFunc(all, func(a, b pass) int { return a.node.Compare(b.node) })
	return all
}

// below is the place under the satellite, dt after it crossed the equator
// (before: negative).
func (p pass) below(dt time.Duration) geo {
	u := 2 * math.Pi * float64(dt) / float64(period)
	i := radians(inclination)
	lon := degrees(math.Atan2(math.Cos(i)*math.Sin(u), math.Cos(u)))
	// The plane turns with the sun, the Earth under it once a day.
	turned := dt.Hours() * 15
	return geo{wrap(p.nodeLon + lon - turned), -degrees(math.Asin(math.Sin(i) * math.Sin(u)))}
}

// beside is the place that many km to the left (east) of the track.
func (p pass) beside(dt time.Duration, km float64) geo {
	at, next := p.below(dt), p.below(dt+time.Second)
	course := math.Atan2(radians(wrap(next.lon-at.lon))*math.Cos(radians(at.lat)), radians(next.lat-at.lat))
	bearing, d := course-math.Pi/2, km/earthRadius
	lat := radians(at.lat)
	lat2 := math.Asin(math.Sin(lat)*math.Cos(d) + math.Cos(lat)*math.Sin(d)*math.Cos(bearing))
	dlon := math.Atan2(math.Sin(bearing)*math.Sin(d)*math.Cos(lat), math.Cos(d)-math.Sin(lat)*math.Sin(lat2))
	return geo{wrap(at.lon + degrees(dlon)), degrees(lat2)}
}

// closest is when the satellite is nearest to a place, to a tenth of a second, at
// most half a minute from a first guess: the distance falls and then grows.
func (p pass) closest(to geo, guess time.Duration) time.Duration {
	from, until := guess-30*time.Second, guess+30*time.Second
	for until-from > 100*time.Millisecond {
		third := (until - from) / 3
		if distance(p.below(from+third), to) < distance(p.below(until-third), to) {
			until -= third
		} else {
			from += third
		}
	}
	return from + (until-from)/2
}

// distance on the sphere, in km.
func distance(a, b geo) float64 {
	h := sq(math.Sin(radians(b.lat-a.lat)/2)) + math.Cos(radians(a.lat))*math.Cos(radians(b.lat))*sq(math.Sin(radians(b.lon-a.lon)/2))
	return 2 * earthRadius * math.Asin(math.Min(1, math.Sqrt(h)))
}
