package demo

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/stream"
)

// seen is what the handler finds out about an item: the area of its footprint, and
// how much of that is free of clouds, in square kilometres.
type seen struct{ area, clear float64 }

// item is what the handler reads of a STAC item.
type item struct {
	Type     string    `json:"type"`
	Version  string    `json:"stac_version"`
	ID       string    `json:"id"`
	BBox     []float64 `json:"bbox"`
	Geometry *struct {
		Type        string        `json:"type"`
		Coordinates [][][]float64 `json:"coordinates"`
	} `json:"geometry"`
	Properties struct {
		Datetime   string   `json:"datetime"`
		CloudCover *float64 `json:"eo:cloud_cover"`
	} `json:"properties"`
}

// errStore is what a flaky event meets.
var errStore = errors.New("read the cloud mask: the store answers 503 Service Unavailable")

// work is the handler's work: it reads the item, checks it, and measures its
// footprint. What is wrong with an item stays wrong: it is Permanent.
func work(d *stream.Delivery) (seen, error) {
	var it item
	if err := json.Unmarshal(d.Data, &it); err != nil {
		return seen{}, consumer.Permanent(fmt.Errorf("decode item: %w", err))
	}
	found, err := it.measure()
	if err != nil {
		return seen{}, consumer.Permanent(err)
	}
	if n, _ := strconv.Atoi(d.Extensions[faults]); d.Attempt <= n {
		return seen{}, errStore
	}
	return found, nil
}

func (it *item) measure() (seen, error) {
	cloud := it.Properties.CloudCover
	switch {
	case it.Type != "Feature" || it.Version == "" || it.ID == "" || it.Properties.Datetime == "":
		return seen{}, errors.New("not a STAC item: type, stac_version, id or datetime is missing")
	case it.Geometry == nil:
		return seen{}, errors.New("item has no geometry")
	case it.Geometry.Type != "Polygon" || len(it.Geometry.Coordinates) != 1:
		return seen{}, fmt.Errorf("footprint is a %s, want a Polygon of one ring", it.Geometry.Type)
	case cloud == nil || *cloud < 0 || *cloud > 100:
		return seen{}, fmt.Errorf("eo:cloud_cover is %s, want 0 to 100", number(cloud))
	}
	ring := it.Geometry.Coordinates[0]
	if err := it.check(ring); err != nil {
		return seen{}, err
	}
	km2 := ringArea(ring)
	if km2 <= 0 {
		return seen{}, fmt.Errorf("footprint has an area of %.1f km², want one that runs counter-clockwise", km2)
	}
	return seen{km2, km2 * (100 - *cloud) / 100}, nil
}

func number(x *float64) string {
	if x == nil {
		return "missing"
	}
	return strconv.FormatFloat(*x, 'g', -1, 64)
}

// check finds what is wrong with the footprint's ring, or with the box around it.
func (it *item) check(ring [][]float64) error {
	if len(ring) < 4 {
		return fmt.Errorf("footprint has %d positions, want 4 at the least", len(ring))
	}
	if len(it.BBox) != 4 {
		return fmt.Errorf("bbox has %d numbers, want 4", len(it.BBox))
	}
	for i, p := range ring {
		switch {
		case len(p) < 2:
			return fmt.Errorf("footprint: position %d has %d numbers, want 2", i, len(p))
		case math.Abs(p[0]) > 180 || math.Abs(p[1]) > 90:
			return fmt.Errorf("footprint: position %d is at longitude %g, latitude %g", i, p[0], p[1])
		case p[0] < it.BBox[0] || p[1] < it.BBox[1] || p[0] > it.BBox[2] || p[1] > it.BBox[3]:
			return fmt.Errorf("footprint: position %d is outside the bbox", i)
		}
	}
	first, last := ring[0], ring[len(ring)-1]
	if first[0] != last[0] || first[1] != last[1] {
		return errors.New("footprint: the ring is not closed")
	}
	return nil
}

// meanRadius of the Earth in km.
const meanRadius = 6371.0088

// ringArea is the area that a ring encloses on the sphere, in square kilometres;
// negative when it runs clockwise.
func ringArea(ring [][]float64) float64 {
	sum := 0.0
	for i := 1; i < len(ring); i++ {
		a, b := ring[i-1], ring[i]
		sum += (b[0] - a[0]) * (math.Sin(a[1]*math.Pi/180) + math.Sin(b[1]*math.Pi/180))
	}
	return -sum * math.Pi / 180 * meanRadius * meanRadius / 2
}
