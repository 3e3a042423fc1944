package stactest

import (
	"encoding/json"
	"fmt"
	"time"
)

// Item is what a server knows of one item.
type Item struct {
	ID, Collection string
	// Datetime is null when it is zero; then Start and End are sent.
	Datetime, Start, End time.Time
	// Created and Updated are left out when they are zero.
	Created, Updated time.Time
	BBox             []float64
	// Properties are added to the properties.
	Properties map[string]any
	// Assets are hrefs by name.
	Assets map[string]string
	// UpdatedText is sent for updated as it is.
	UpdatedText string
}

// Items makes n items of a collection, one every step from start on, updated an
// hour after they were taken.
func Items(collection string, n int, start time.Time, step time.Duration) []Item {
	items := make([]Item, n)
	for i := range items {
		at := start.Add(time.Duration(i) * step).UTC()
		items[i] = Item{
			ID: fmt.Sprintf("%s-%06d", collection, i), Collection: collection, Datetime: at, Created: at.Add(time.Hour), Updated: at.Add(time.Hour),
			BBox: []float64{float64(i%360) - 180, 10, float64(i%360) - 179, 11},
		}
	}
	return items
}

const layout = "2006-01-02T15:04:05.999999999Z"

func text(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(layout)
}

// JSON is the item with these links.
func (i *Item) JSON(links []map[string]any) map[string]any {
	properties := map[string]any{"datetime": text(i.Datetime), "platform": "sentinel-2a", "eo:cloud_cover": 12.5}
	for name, t := range map[string]time.Time{"start_datetime": i.Start, "end_datetime": i.End, "created": i.Created, "updated": i.Updated} {
		if !t.IsZero() {
			properties[name] = text(t)
		}
	}
	if i.UpdatedText != "" {
		properties["updated"] = i.UpdatedText
	}
	for name, value := range i.Properties {
		properties[name] = value
	}
	assets := map[string]any{}
	for name, href := range i.Assets {
		assets[name] = map[string]any{"href": href, "type": "image/tiff; application=geotiff"}
	}
	item := map[string]any{
		"type": "Feature", "stac_version": "1.0.0", "stac_extensions": []string{}, "id": i.ID, "properties": properties, "assets": assets,
		"links": links, "geometry": nil,
	}
	if i.Collection != "" {
		item["collection"] = i.Collection
	}
	if len(i.BBox) == 4 {
		w, s, e, n := i.BBox[0], i.BBox[1], i.BBox[2], i.BBox[3]
		item["bbox"] = i.BBox
		item["geometry"] = map[string]any{"type": "Polygon", "coordinates": [][][2]float64{{{w, s}, {e, s}, {e, n}, {w, n}, {w, s}}}}
	}
	return item
}

// updated is what is compared in filters.
func (i *Item) updated() string {
	if i.UpdatedText != "" {
		return i.UpdatedText
	}
	if i.Updated.IsZero() {
		return ""
	}
	return i.Updated.UTC().Format(layout)
}

func encode(v any) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err) // only what is written in this package comes here
	}
	return raw
}
