package stactest

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Catalog writes a self-contained static catalog below dir: catalog.json, a folder
// for each collection, a catalog for each month in it, and the items, all of them
// with relative links and without self links. It is what was written; the files
// are an hour old.
func Catalog(tb testing.TB, dir string, collections, each int) []Item {
	tb.Helper()
	var all []Item
	links := []map[string]any{{"rel": "root", "href": "./catalog.json", "type": "application/json"}}
	for n := range collections {
		id := fmt.Sprintf("collection-%d", n)
		items := Items(id, each, time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), 12*time.Hour)
		all = append(all, items...)
		links = append(links, map[string]any{"rel": "child", "href": "./" + id + "/collection.json", "type": "application/json"})
		collection(tb, filepath.Join(dir, id), id, items)
	}
	WriteJSON(tb, filepath.Join(dir, "catalog.json"), map[string]any{
		"type": "Catalog", "id": "root", "stac_version": "1.0.0", "description": "a static catalog", "links": links,
	})
	Age(tb, dir, time.Now().Add(-time.Hour))
	return all
}

// Age makes all files below dir as old as that.
func Age(tb testing.TB, dir string, at time.Time) {
	tb.Helper()
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		return os.Chtimes(path, at, at) //nolint:gosec // G122: the folder is the test's own
	})
	if err != nil {
		tb.Fatal(err)
	}
}

func collection(tb testing.TB, dir, id string, items []Item) {
	tb.Helper()
	months := map[string][]map[string]any{}
	for i := range items {
		month := items[i].Datetime.Format("2006-01")
		WriteItem(tb, dir, &items[i])
		months[month] = append(months[month], map[string]any{"rel": "item", "href": "./" + items[i].ID + ".json", "type": "application/geo+json"})
	}
	links := []map[string]any{{"rel": "root", "href": "../catalog.json"}, {"rel": "parent", "href": "../catalog.json"}}
	for month, inside := range months {
		links = append(links, map[string]any{"rel": "child", "href": month + "/catalog.json"})
		inside = append(inside, map[string]any{"rel": "parent", "href": "../collection.json"}, map[string]any{"rel": "root", "href": "../../catalog.json"})
		WriteJSON(tb, filepath.Join(dir, month, "catalog.json"), map[string]any{
			"type": "Catalog", "id": id + "-" + month, "stac_version": "1.0.0", "description": month, "links": inside,
		})
	}
	WriteJSON(tb, filepath.Join(dir, "collection.json"), map[string]any{
		"type": "Collection", "id": id, "stac_version": "1.0.0", "description": id, "license": "CC-BY-4.0", "links": links,
		"extent": map[string]any{"spatial": map[string]any{"bbox": [][]float64{{-180, -90, 180, 90}}}, "temporal": map[string]any{"interval": [][]any{{"2024-01-01T00:00:00Z", nil}}}},
	})
}

// WriteItem writes one item to where Catalog has it; dir is the collection's.
func WriteItem(tb testing.TB, dir string, item *Item) {
	tb.Helper()
	month := item.Datetime.Format("2006-01")
	WriteJSON(tb, filepath.Join(dir, month, item.ID+".json"), item.JSON([]map[string]any{
		{"rel": "root", "href": "../../catalog.json"}, {"rel": "collection", "href": "../collection.json"}, {"rel": "parent", "href": "./catalog.json"},
	}))
}

// WriteJSON writes a file and the folders above it.
func WriteJSON(tb testing.TB, path string, v any) {
	tb.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // nginx' workers run as another user
		tb.Fatal(err)
	}
	if err := os.WriteFile(path, encode(v), 0o644); err != nil { //nolint:gosec // as above
		tb.Fatal(err)
	}
}

// WriteFile writes a file.
func WriteFile(tb testing.TB, path, content string) {
	tb.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		tb.Fatal(err)
	}
}
