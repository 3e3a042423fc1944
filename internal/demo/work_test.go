package demo

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/internal/demo/scene"
	"github.com/leat-io/leat/stream"
)

func deliver(t *testing.T, item any) *stream.Delivery {
	t.Helper()
	data, err := json.Marshal(item)
	require.NoError(t, err)
	return &stream.Delivery{Event: stream.Event{Data: data}, Attempt: 1}
}

// The area that the handler measures on the sphere is the one that the generator
// cut out of the tile in the plane.
func TestWorkMeasures(t *testing.T) {
	t.Parallel()
	for s := range scene.Take(500) {
		item := s.Item()
		found, err := work(deliver(t, item))
		require.NoError(t, err, s.ID())
		assert.InEpsilon(t, s.Covered*109.8*109.8, found.area, 0.04, s.ID())
		assert.InDelta(t, found.area*(100-s.Cloud)/100, found.clear, 1, s.ID())
	}
}

func TestWorkRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		spoil func(*scene.Item)
		says  string
	}{
		"open ring":      {func(i *scene.Item) { spoil(i, 0) }, "not closed"},
		"far north":      {func(i *scene.Item) { spoil(i, 1) }, "position 1 is at"},
		"no geometry":    {func(i *scene.Item) { spoil(i, 2) }, "no geometry"},
		"cloud":          {func(i *scene.Item) { spoil(i, 3) }, "eo:cloud_cover is 173.2"},
		"clockwise":      {func(i *scene.Item) { reverse(i.Geometry.Coordinates[0]) }, "counter-clockwise"},
		"three corners":  {func(i *scene.Item) { i.Geometry.Coordinates[0] = i.Geometry.Coordinates[0][:3] }, "3 positions"},
		"point":          {func(i *scene.Item) { i.Geometry.Type = "Point" }, "is a Point"},
		"outside":        {func(i *scene.Item) { i.BBox[2] -= 0.1 }, "outside the bbox"},
		"bbox":           {func(i *scene.Item) { i.BBox = nil }, "bbox has 0"},
		"not an item":    {func(i *scene.Item) { i.Type = "FeatureCollection" }, "not a STAC item"},
		"nameless":       {func(i *scene.Item) { i.ID = "" }, "not a STAC item"},
		"without a time": {func(i *scene.Item) { i.Properties.Datetime = "" }, "not a STAC item"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for s := range scene.Take(40) {
				if s.BBox[1] < 0 { // degrees added to the south may stay on Earth
					continue
				}
				item := s.Item()
				test.spoil(&item)
				_, err := work(deliver(t, item))
				assert.ErrorContains(t, err, test.says)
				assert.True(t, consumer.IsPermanent(err))
				return
			}
		})
	}
	_, err := work(&stream.Delivery{Event: stream.Event{Data: []byte("{")}})
	assert.True(t, consumer.IsPermanent(err))
}

func reverse(ring [][2]float64) {
	for i, j := 0, len(ring)-1; i < j; i, j = i+1, j-1 {
		ring[i], ring[j] = ring[j], ring[i]
	}
}
