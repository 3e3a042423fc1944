package main

import (
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"time"
)

const (
	// side is how many pixels a scene is wide and high.
	side = 96
	// cell is a pixel's width and height in degrees: a scene is some 50 km high.
	cell = 0.005
)

// catalog is a static STAC catalog in a folder, and what is true of it.
type catalog struct {
	dir    string
	scenes []string // that the catalog links to
	// truth is the area of water of each scene in km².
	truth map[string]float64
	// changes makes each version of a scene later than the one before.
	changes int
}

// newCatalog writes a catalog of n scenes, from the equator to far north.
func newCatalog(dir string, n int) (*catalog, error) {
	c := &catalog{dir: dir, truth: map[string]float64{}}
	for i := range n {
		name := fmt.Sprintf("scene-%03d", i)
		if err := c.write(name, i); err != nil {
			return nil, err
		}
		c.scenes = append(c.scenes, name)
	}
	return c, c.link()
}

// write makes a scene, or another version of it: bands, item and truth.
func (c *catalog) write(name string, seed int) error {
	c.changes++
	dir := filepath.Join(c.dir, "lakes", name)
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	random := rand.New(rand.NewPCG(uint64(seed), 0)) //nolint:gosec // G115: not negative
	west, north := float64(seed%36)*10-180, math.Mod(float64(seed)*7, 75)+cell*side
	water := lakes(random)
	green, nir := bands(water, random)
	for file, band := range map[string]image.Image{"green.png": green, "nir.png": nir} {
		if err := writePNG(filepath.Join(dir, file), band); err != nil {
			return err
		}
	}
	c.truth[name] = truth(water, north)
	return writeJSON(filepath.Join(dir, "item.json"), itemOf(name, west, north, c.changes))
}

// lakes are where water is: three ellipses.
func lakes(random *rand.Rand) (water [side][side]bool) {
	for range 3 {
		x, y := random.Float64()*side, random.Float64()*side
		a, b := 6+random.Float64()*20, 6+random.Float64()*20
		for row := range side {
			for col := range side {
				dx, dy := (float64(col)-x)/a, (float64(row)-y)/b
				water[row][col] = water[row][col] || dx*dx+dy*dy < 1
			}
		}
	}
	return water
}

// bands are what a satellite sees: water is darker in the near infrared than in
// green, land is brighter.
func bands(water [side][side]bool, random *rand.Rand) (green, nir *image.Gray16) {
	green, nir = image.NewGray16(image.Rect(0, 0, side, side)), image.NewGray16(image.Rect(0, 0, side, side))
	for row := range side {
		for col := range side {
			g, n := 500+random.IntN(500), 1500+random.IntN(2000)
			if water[row][col] {
				g, n = 600+random.IntN(600), 50+random.IntN(400)
			}
			green.SetGray16(col, row, color.Gray16{Y: uint16(g)}) //nolint:gosec // G115: below 65,536
			nir.SetGray16(col, row, color.Gray16{Y: uint16(n)})   //nolint:gosec // G115: below 65,536
		}
	}
	return green, nir
}

// truth is the area of the water in km²: each cell as a flat rectangle at its own
// latitude, which is another way than the worker's.
func truth(water [side][side]bool, north float64) (area float64) {
	for row := range side {
		latitude := (north - (float64(row)+0.5)*cell) * math.Pi / 180
		height := earthRadius * cell * math.Pi / 180
		for col := range side {
			if water[row][col] {
				area += height * height * math.Cos(latitude)
			}
		}
	}
	return area
}

// itemOf is a scene's STAC item.
func itemOf(name string, west, north float64, change int) map[string]any {
	east, south := west+cell*side, north-cell*side
	taken := time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)
	asset := func(file string) map[string]any {
		return map[string]any{"href": "./" + file, "type": "image/png", "roles": []string{"data"}}
	}
	return map[string]any{
		"type": "Feature", "stac_version": "1.0.0", "id": name, "collection": "lakes",
		"bbox": []float64{west, south, east, north},
		"geometry": map[string]any{"type": "Polygon", "coordinates": [][][]float64{{
			{west, south}, {east, south}, {east, north}, {west, north}, {west, south},
		}}},
		"properties": map[string]any{
			"datetime": taken.Format(time.RFC3339), "updated": taken.Add(time.Duration(change) * time.Minute).Format(time.RFC3339),
			"proj:code": "EPSG:4326", "proj:shape": []int{side, side}, "proj:transform": []float64{cell, 0, west, 0, -cell, north},
		},
		"assets": map[string]any{"green": asset("green.png"), "nir": asset("nir.png")},
		"links": []map[string]string{
			{"rel": "root", "href": "../../catalog.json"}, {"rel": "parent", "href": "../collection.json"}, {"rel": "collection", "href": "../collection.json"},
		},
	}
}

// link writes the catalog and the collection, which link to the scenes.
func (c *catalog) link() error {
	links := []map[string]string{{"rel": "root", "href": "../catalog.json"}, {"rel": "parent", "href": "../catalog.json"}}
	for _, name := range c.scenes {
		links = append(links, map[string]string{"rel": "item", "href": "./" + name + "/item.json", "type": "application/geo+json"})
	}
	err := writeJSON(filepath.Join(c.dir, "lakes", "collection.json"), map[string]any{
		"type": "Collection", "stac_version": "1.0.0", "id": "lakes", "description": "lakes that nobody has bathed in", "license": "CC0-1.0", "links": links,
		"extent": map[string]any{
			"spatial":  map[string]any{"bbox": [][]float64{{-180, -90, 180, 90}}},
			"temporal": map[string]any{"interval": [][]any{{"2026-05-04T00:00:00Z", nil}}},
		},
	})
	if err != nil {
		return err
	}
	return writeJSON(filepath.Join(c.dir, "catalog.json"), map[string]any{
		"type": "Catalog", "stac_version": "1.0.0", "id": "root", "description": "made by stac-water",
		"links": []map[string]string{{"rel": "root", "href": "./catalog.json"}, {"rel": "child", "href": "./lakes/collection.json"}},
	})
}

// change floods the first scene anew and takes the last one away.
func (c *catalog) change() error {
	if err := c.write(c.scenes[0], len(c.scenes)+1000); err != nil {
		return err
	}
	gone := c.scenes[len(c.scenes)-1]
	c.scenes = slices.Clip(c.scenes[:len(c.scenes)-1])
	delete(c.truth, gone)
	return c.link()
}

func writeJSON(path string, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.WriteFile(path, text, 0o600)
}

func writePNG(path string, picture image.Image) (err error) {
	file, err := os.Create(path) //nolint:gosec // G304: in a folder of our own
	if err != nil {
		return err
	}
	defer func() {
		if end := file.Close(); err == nil {
			err = end
		}
	}()
	return png.Encode(file, picture)
}
