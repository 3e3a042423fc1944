package scene

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// Collection is the STAC collection of all items.
const Collection = "sentinel-2-l2a"

// Where the catalog and the files would be.
const (
	catalog = "https://stac.example.org"
	archive = "https://data.example.org/" + Collection
)

// Source is the CloudEvents source of the catalog's events.
const Source = catalog + "/collections/" + Collection

// Item is a STAC 1.0 item, with the members that a Sentinel-2 catalog has.
type Item struct {
	Type       string           `json:"type"`
	Version    string           `json:"stac_version"`
	Extensions []string         `json:"stac_extensions"`
	ID         string           `json:"id"`
	Collection string           `json:"collection"`
	BBox       []float64        `json:"bbox"`
	Geometry   *Geometry        `json:"geometry"`
	Properties Properties       `json:"properties"`
	Links      []Link           `json:"links"`
	Assets     map[string]Asset `json:"assets"`
}

// Geometry is a GeoJSON polygon.
type Geometry struct {
	Type        string         `json:"type"`
	Coordinates [][][2]float64 `json:"coordinates"`
}

// Properties are an item's properties.
type Properties struct {
	Datetime      string   `json:"datetime"`
	Created       string   `json:"created"`
	Updated       string   `json:"updated"`
	Platform      string   `json:"platform"`
	Constellation string   `json:"constellation"`
	Instruments   []string `json:"instruments"`
	GSD           int      `json:"gsd"`
	CloudCover    float64  `json:"eo:cloud_cover"`
	EPSG          int      `json:"proj:epsg"`
	Grid          string   `json:"grid:code"`
	OrbitState    string   `json:"sat:orbit_state"`
	Orbit         int      `json:"sat:relative_orbit"`
	Product       string   `json:"s2:product_uri"`
	Nodata        float64  `json:"s2:nodata_pixel_percentage"`
}

// Link is a link of an item.
type Link struct {
	Rel  string `json:"rel"`
	Href string `json:"href"`
	Type string `json:"type,omitempty"`
}

// Asset is a file of an item.
type Asset struct {
	Href      string    `json:"href"`
	Type      string    `json:"type"`
	Title     string    `json:"title,omitempty"`
	Roles     []string  `json:"roles"`
	GSD       int       `json:"gsd,omitempty"`
	Transform []float64 `json:"proj:transform,omitempty"`
	Shape     []int     `json:"proj:shape,omitempty"`
}

// Href is where the catalog has the scene's item.
func (s *Scene) Href() string { return Source + "/items/" + s.ID() }

// folder is where the scene's files are.
func (s *Scene) folder() string {
	return fmt.Sprintf("%s/%s/%s/%s/%d/%d/%s", archive, strings.TrimLeft(s.Tile[:2], "0"), s.Tile[2:3], s.Tile[3:],
		s.Sensed.Year(), int(s.Sensed.Month()), s.ID())
}

// product is the name of the product as the ground segment writes it.
func (s *Scene) product() string {
	return fmt.Sprintf("%s_MSIL2A_%s_N0511_R%03d_T%s_%s.SAFE", s.Platform, s.Datatake.Format(compact), s.Orbit, s.Tile,
		s.Created.Add(-11*time.Minute).Format(compact))
}

// Item is what the catalog says of the scene.
func (s *Scene) Item() Item {
	const milli = "2006-01-02T15:04:05.000Z"
	return Item{
		Type: "Feature", Version: "1.0.0", ID: s.ID(), Collection: Collection,
		Extensions: []string{
			"https://stac-extensions.github.io/eo/v1.1.0/schema.json",
			"https://stac-extensions.github.io/grid/v1.1.0/schema.json",
			"https://stac-extensions.github.io/projection/v1.1.0/schema.json",
			"https://stac-extensions.github.io/sat/v1.0.0/schema.json",
		},
		BBox:     s.BBox[:],
		Geometry: &Geometry{Type: "Polygon", Coordinates: [][][2]float64{slices.Clone(s.Footprint)}},
		Properties: Properties{
			Datetime: s.Sensed.Format(milli), Created: s.Created.Format(milli), Updated: s.Created.Format(milli),
			Platform: "sentinel-2" + strings.ToLower(s.Platform[2:]), Constellation: "sentinel-2", Instruments: []string{"msi"},
			GSD: 10, CloudCover: s.Cloud, EPSG: s.EPSG, Grid: "MGRS-" + s.Tile, OrbitState: "descending", Orbit: s.Orbit,
			Product: s.product(), Nodata: math.Max(0, round(100*(1-s.Covered), 1e4)),
		},
		Links: []Link{
			{"self", s.Href(), "application/geo+json"},
			{"parent", Source, "application/json"},
			{"collection", Source, "application/json"},
			{"root", catalog, "application/json"},
		},
		Assets: s.assets(),
	}
}

func (s *Scene) assets() map[string]Asset {
	const cog = "image/tiff; application=geotiff; profile=cloud-optimized"
	folder := s.folder()
	out := map[string]Asset{
		"thumbnail":        {Href: folder + "/preview.jpg", Type: "image/jpeg", Roles: []string{"thumbnail"}},
		"granule_metadata": {Href: folder + "/metadata.xml", Type: "application/xml", Roles: []string{"metadata"}},
	}
	for _, file := range [...]struct {
		key, name, title string
		gsd              int
	}{
		{"visual", "TCI", "True color", 10},
		{"blue", "B02", "Blue", 10},
		{"green", "B03", "Green", 10},
		{"red", "B04", "Red", 10},
		{"nir", "B08", "Near infrared", 10},
		{"scl", "SCL", "Scene classification", 20},
	} {
		pixels := int(tileSize) / file.gsd
		out[file.key] = Asset{
			Href: folder + "/" + file.name + ".tif", Type: cog, Title: file.title, Roles: []string{"data"}, GSD: file.gsd,
			Transform: []float64{float64(file.gsd), 0, s.Easting, 0, -float64(file.gsd), s.Northing}, Shape: []int{pixels, pixels},
		}
	}
	return out
}
