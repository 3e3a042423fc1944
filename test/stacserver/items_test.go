package stacserver

import (
	"fmt"
	"time"
)

// stamp is how times are written here.
const stamp = "2006-01-02T15:04:05.000000Z"

// item is what the tests know of an item.
type item struct {
	collection, id string
	taken          time.Time
	updated        time.Time // zero: the item has none
	state          int       // something else that changes
}

func (i *item) path() string { return "/collections/" + i.collection + "/items" }

func (i *item) json() map[string]any {
	properties := map[string]any{"datetime": i.taken.UTC().Format(stamp), "test:state": i.state}
	if !i.updated.IsZero() {
		properties["updated"] = i.updated.UTC().Format(stamp)
		properties["created"] = i.taken.Add(time.Hour).UTC().Format(stamp)
	}
	return map[string]any{
		"type": "Feature", "stac_version": "1.0.0", "id": i.id, "collection": i.collection, "links": []any{},
		"geometry": map[string]any{"type": "Point", "coordinates": []float64{8.5, 47.4}}, "bbox": []float64{8.5, 47.4, 8.5, 47.4},
		"properties": properties,
		"assets":     map[string]any{"image": map[string]any{"href": "https://images.example/" + i.id + ".tif", "type": "image/tiff"}},
	}
}

func collection(id string) map[string]any {
	return map[string]any{
		"type": "Collection", "stac_version": "1.0.0", "id": id, "description": "of a test", "license": "other", "links": []any{},
		"extent": map[string]any{
			"spatial":  map[string]any{"bbox": [][]float64{{-180, -90, 180, 90}}},
			"temporal": map[string]any{"interval": [][]any{{"2015-06-27T10:25:31Z", nil}}},
		},
	}
}

// archive is that many items, the last of which was taken just now. Their distances differ, as those of images do.
func archive(collection string, n int, dated bool) []item {
	items := make([]item, n)
	at := time.Now().UTC().Truncate(time.Second)
	for k := range items {
		at = at.Add(-time.Duration(3+k*k%13) * time.Minute)
		items[k] = item{collection: collection, id: fmt.Sprintf("%s-%05d", collection, k), taken: at}
		if dated {
			items[k].updated = at.Add(2 * time.Minute)
		}
	}
	return items
}
