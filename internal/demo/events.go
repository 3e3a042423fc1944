package demo

import (
	"iter"
	"strconv"
	"time"

	"github.com/leat-io/leat/internal/demo/scene"
	"github.com/leat-io/leat/stream"
)

const (
	eventType = "stac.item.created"
	// faults is the extension that says how often the handler must fail before it
	// may succeed.
	faults = "demofaults"
	// faultCount: twice is seen, and over in a second.
	faultCount = 2
)

// poison is how many of n events are broken for good, flaky how many fail at first.
func poison(n int) int {
	if n < 3 {
		return 0
	}
	return min(max(n/500, 1), 20)
}

func flaky(n int) int { return min(n/5, 2) }

// spread tells which of count events, spread evenly over n, is the i-th, or -1. No
// two of different phases (0 and 1) are the same as long as there are two of n for
// each.
func spread(i, n, count, phase int) int {
	for k := range count {
		if i == (2*k+1)*n/(2*count)+phase-1 {
			return k
		}
	}
	return -1
}

// kind is what is wrong with the i-th of n events: the number of a flaw, or that it
// is flaky.
func kind(i, n int) (flaw int, isFlaky bool) {
	flaw = spread(i, n, poison(n), 0)
	return flaw, flaw < 0 && spread(i, n, flaky(n), 1) >= 0
}

// events are n events of a Sentinel-2 day.
func events(n int) iter.Seq2[stream.Event, error] {
	return func(yield func(stream.Event, error) bool) {
		i := 0
		for s := range scene.Take(n) {
			flaw, isFlaky := kind(i, n)
			i++
			item := s.Item()
			if flaw >= 0 {
				spoil(&item, flaw)
			}
			e, err := event(&s, &item)
			if isFlaky {
				e.Extensions[faults] = strconv.Itoa(faultCount)
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

func event(s *scene.Scene, item *scene.Item) (stream.Event, error) {
	e, err := stream.JSON(eventType, item)
	if err != nil {
		return stream.Event{}, err
	}
	e.ID, e.Source, e.Subject = "created/"+item.ID, scene.Source, item.ID
	e.Time = s.Created.Add(time.Second)
	e.DataContentType = "application/geo+json"
	e.Extensions = map[string]string{"producer": "leat-demo", "href": s.Href()}
	return e, nil
}

// spoil breaks an item in one of the ways in which catalogs do.
func spoil(item *scene.Item, flaw int) {
	ring := item.Geometry.Coordinates[0]
	switch flaw % 4 {
	case 0: // the last position, which closes the ring, was left out
		item.Geometry.Coordinates[0] = ring[:len(ring)-1]
	case 1: // degrees and minutes mixed up
		broken := append([][2]float64(nil), ring...)
		broken[1][1] += 100
		item.Geometry.Coordinates[0] = broken
	case 2: // the footprint was never computed
		item.Geometry = nil
	case 3:
		item.Properties.CloudCover = 173.2
	}
}
