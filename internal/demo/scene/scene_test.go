package scene

import (
	"encoding/json"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Values of PROJ (EPSG:32631 and 32632).
func TestProjectLikePROJ(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		zone int
		at   geo
		e, n float64
	}{
		{31, geo{6, 0}, 833978.556919, 0},
		{31, geo{3, 84}, 500000, 9328093.830561},
		{32, geo{12.5, 41.9}, 790334.839833, 4644599.535429},
	} {
		z := zone{number: test.zone}
		g := z.project(test.at)
		assert.InDelta(t, test.e, g.e, 0.001)
		assert.InDelta(t, test.n, g.n, 0.001)
		back := z.locate(g)
		assert.InDelta(t, test.at.lon, back.lon, 1e-8)
		assert.InDelta(t, test.at.lat, back.lat, 1e-8)
	}
}

// Names as another implementation of MGRS gives them.
func TestTileNames(t *testing.T) {
	t.Parallel()
	for name, at := range map[string]geo{
		"33TTG": {12.3, 41.9}, "32TPQ": {11.3, 44.5}, "34HBH": {18.6, -33.9}, "32VKN": {5.3, 60.4}, "20MRB": {-60.02, -3.1},
		"54SUE": {139.7, 35.68}, "27WVM": {-21.9, 64.1}, "60GUV": {174.8, -41.3},
	} {
		z := zoneOf(at)
		g := z.project(at)
		tl := tile{z, int(g.e / square), int(g.n / square)}
		assert.Equal(t, name, tl.name())
	}
}

// The satellite is where the orbit's description says.
func TestOrbit(t *testing.T) {
	t.Parallel()
	all := passes(FirstDay)
	assert.InDelta(t, 2*14.3, len(all), 1.5)
	for i, p := range all {
		at := p.below(0)
		assert.InDelta(t, 0, at.lat, 1e-9)
		local := math.Mod(p.node.Sub(FirstDay).Hours()+at.lon/15+24, 24)
		assert.InDelta(t, nodeHour, local, 0.01, "local solar time at the equator")
		assert.InDelta(t, 180-inclination, p.below(-period/4).lat, 1e-6, "the northernmost point")
		assert.Negative(t, p.below(time.Minute).lat, "going south")
		if i > 0 {
			assert.False(t, p.node.Before(all[i-1].node))
		}
	}
	// The same ground track comes again after 10 days, by the same satellite.
	later := passes(FirstDay.AddDate(0, 0, 10))
	for i, p := range later {
		assert.Equal(t, all[i].orbit, p.orbit)
		assert.Equal(t, all[i].platform, p.platform)
		assert.InDelta(t, all[i].nodeLon, p.nodeLon, 1e-6)
	}
	// And after 5 by the other one: orbits and places go together.
	place := map[int]float64{}
	for day := range 10 {
		for _, p := range passes(FirstDay.AddDate(0, 0, day)) {
			if lon, known := place[p.orbit]; known {
				assert.InDelta(t, 0, wrap(lon-p.nodeLon), 1e-6, "orbit %d", p.orbit)
			}
			place[p.orbit] = p.nodeLon
		}
	}
	assert.Len(t, place, revolutions, "in 10 days every orbit is flown")
	for _, p := range all {
		if p.platform == "B" && p.orbit == tiedOrbit {
			assert.Equal(t, tiedNode, p.node)
			return
		}
	}
	t.Errorf("orbit %d is not flown on the day it is tied to", tiedOrbit)
}

var idForm = regexp.MustCompile(`^S2[BC]_\d{2}[C-HJ-NP-X][A-HJ-NP-Z][A-HJ-NP-V]_\d{8}T\d{6}_L2A$`)

func TestScenesOfADay(t *testing.T) {
	t.Parallel()
	scenes := slices.Collect(Take(10_000))
	require.Len(t, scenes, 10_000, "more than one day has")
	ids := map[string]bool{}
	last := map[string]Scene{} // of the pass: satellite and orbit
	for i := range scenes {
		s := &scenes[i]
		id := s.ID()
		assert.Regexp(t, idForm, id)
		assert.False(t, ids[id], "%s is there twice", id)
		ids[id] = true
		key := s.Platform + string(rune(s.Orbit))
		if before, ok := last[key]; ok {
			assert.False(t, s.Sensed.Before(before.Sensed), "%s comes before %s in its orbit", id, before.ID())
			assert.Less(t, s.Sensed.Sub(before.Sensed), time.Hour)
		}
		last[key] = *s
		checkPlace(t, s)
		assert.False(t, s.Datatake.After(s.Sensed))
		assert.Greater(t, s.Created.Sub(s.Sensed), 2*time.Hour)
		assert.True(t, s.Cloud >= 0 && s.Cloud <= 100, s.Cloud)
		assert.True(t, s.Covered >= leastCovered && s.Covered <= 1+1e-9, s.Covered)
	}
}

// checkPlace checks that footprint, box, tile and local time fit together.
func checkPlace(t *testing.T, s *Scene) {
	t.Helper()
	id := s.ID()
	assert.GreaterOrEqual(t, len(s.Footprint), 4, id)
	assert.Equal(t, s.Footprint[0], s.Footprint[len(s.Footprint)-1], id)
	z := zone{number: s.EPSG % 100, south: s.EPSG >= 32700}
	for _, p := range s.Footprint {
		assert.True(t, p[0] >= s.BBox[0] && p[0] <= s.BBox[2] && p[1] >= s.BBox[1] && p[1] <= s.BBox[3], "%s: bbox contains the footprint", id)
		g := z.project(geo{p[0], p[1]})
		const slack = 1.0
		assert.True(t, g.e > s.Easting-slack && g.e < s.Easting+tileSize+slack && g.n < s.Northing+slack && g.n > s.Northing-tileSize-slack,
			"%s: the footprint is inside the tile", id)
	}
	middle := z.locate(grid{s.Easting + tileSize/2, s.Northing - tileSize/2})
	assert.Equal(t, s.Tile[:2], id[4:6])
	if math.Abs(middle.lat) < 50 { // nearer to the pole the swath spans hours
		local := math.Mod(s.Sensed.Sub(FirstDay).Hours()+middle.lon/15+48, 24)
		assert.InDelta(t, 10.6, local, 1.2, "%s: local solar time", id)
	}
}

// Fewer than a day's are spread over it.
func TestTakeSpreads(t *testing.T) {
	t.Parallel()
	scenes := slices.Collect(Take(24))
	require.Len(t, scenes, 24)
	assert.Less(t, scenes[0].Sensed.Sub(FirstDay), 2*time.Hour)
	assert.Greater(t, scenes[23].Sensed.Sub(FirstDay), 18*time.Hour)
	assert.Equal(t, scenes, slices.Collect(Take(24)), "the same each time")
	assert.Empty(t, slices.Collect(Take(0)))
	for s := range Take(10_000) {
		assert.NotEmpty(t, s.Tile)
		break // may end early
	}
}

// An item has what STAC 1.0 requires of one, and the extensions that it names.
func TestItemIsSTAC(t *testing.T) {
	t.Parallel()
	for s := range Take(50) {
		data, err := json.Marshal(s.Item())
		require.NoError(t, err)
		var item map[string]any
		require.NoError(t, json.Unmarshal(data, &item))
		for _, required := range []string{"type", "stac_version", "id", "geometry", "bbox", "properties", "links", "assets", "collection"} {
			assert.Contains(t, item, required)
		}
		assert.Equal(t, "Feature", item["type"])
		assert.Equal(t, "1.0.0", item["stac_version"])
		assert.Equal(t, s.ID(), item["id"])
		properties := item["properties"].(map[string]any) //nolint:errcheck,forcetypeassert // a panic fails the test as well
		for _, name := range []string{"datetime", "created", "updated"} {
			at, err := time.Parse(time.RFC3339, properties[name].(string)) //nolint:errcheck,forcetypeassert // as above
			assert.NoError(t, err)
			assert.Equal(t, time.UTC, at.Location())
		}
		rels := map[string]bool{}
		for _, l := range s.Item().Links {
			rels[l.Rel] = true
			assert.True(t, strings.HasPrefix(l.Href, "https://"))
		}
		assert.True(t, rels["self"] && rels["collection"] && rels["root"] && rels["parent"], "an item of a collection links to it")
		for name, a := range s.Item().Assets {
			assert.Contains(t, a.Href, s.ID(), name)
			assert.NotEmpty(t, a.Type, name)
			assert.NotEmpty(t, a.Roles, name)
		}
		assert.Contains(t, s.product(), "_T"+s.Tile+"_")
	}
}
