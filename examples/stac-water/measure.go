package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/producer"
	"github.com/leat-io/leat/stac"
	"github.com/leat-io/leat/stac/poll"
	"github.com/leat-io/leat/stream"
)

// What the first worker publishes.
const (
	measured  = "example.water.measured"
	withdrawn = "example.water.withdrawn"
)

// link is the data of the poller's events.
type link struct {
	Href string `json:"href"`
}

// area is the data of this worker's.
type area struct {
	Scene    string    `json:"scene"`
	Updated  time.Time `json:"updated"`
	Latitude float64   `json:"latitude"`
	Water    float64   `json:"water_km2"`
	Share    float64   `json:"share"`
}

// measurer is the first worker.
type measurer struct {
	items    *stac.Client // refuses what the catalog has no business to point to
	assets   *http.Client
	producer *producer.Producer
	areas    string // the stream
}

// measurers is a handler for each type of the poller's events.
func (m *measurer) mux() *consumer.Mux {
	mux := consumer.NewMux()
	mux.Handle(poll.Created, consumer.Typed(m.measure))
	mux.Handle(poll.Replaced, consumer.Typed(m.measure))
	mux.Handle(poll.Deleted, m.withdraw)
	return mux
}

// local lets the client connect to this machine, where the example's catalog is. Of a
// catalog on the internet nothing has to be allowed.
func local(url string) stac.ClientConfig {
	return stac.ClientConfig{URL: url, AllowNetworks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
}

// measure publishes the area of water of one scene. It may be called twice for an
// event, when a worker has died; what it publishes then has the same ID.
func (m *measurer) measure(ctx context.Context, l link, d *stream.Delivery) error {
	item, err := m.items.Item(ctx, l.Href)
	if err != nil {
		return fmt.Errorf("read the item: %w", err) // the server may be away: tried again
	}
	found, err := m.area(ctx, item)
	if err != nil {
		return err
	}
	return m.publish(ctx, measured, found, d)
}

// withdraw publishes that a scene is gone.
func (m *measurer) withdraw(ctx context.Context, d *stream.Delivery) error {
	return m.publish(ctx, withdrawn, area{Scene: d.Extensions["stacitem"]}, d)
}

func (m *measurer) publish(ctx context.Context, eventType string, a area, d *stream.Delivery) error {
	e, err := stream.JSON(eventType, a)
	if err != nil {
		return consumer.Permanent(err)
	}
	// Made of the ID of what it answers: whoever reads it can tell that it came twice.
	e.ID, e.Source, e.Subject = d.ID+"-water", "examples/stac-water", a.Scene
	_, err = m.producer.Publish(ctx, m.areas, e)
	return err
}

// area reads the bands of an item and measures the water. What an item says wrong is
// permanent: the entry becomes a dead letter.
func (m *measurer) area(ctx context.Context, item *stac.Item) (area, error) {
	var doc struct {
		Properties struct {
			Code      string    `json:"proj:code"`
			Transform []float64 `json:"proj:transform"`
		} `json:"properties"`
		Assets map[string]struct{ Href string } `json:"assets"`
	}
	if err := json.Unmarshal(item.Raw, &doc); err != nil {
		return area{}, consumer.Permanent(fmt.Errorf("item %s: %w", item.ID, err))
	}
	g, err := gridOf(doc.Properties.Code, doc.Properties.Transform)
	if err != nil {
		return area{}, consumer.Permanent(fmt.Errorf("item %s: %w", item.ID, err))
	}
	var bands [2]image.Image
	for i, name := range []string{"green", "nir"} {
		if bands[i], err = m.band(ctx, item.Href, doc.Assets[name].Href); err != nil {
			return area{}, fmt.Errorf("item %s: asset %s: %w", item.ID, name, err)
		}
	}
	water, seen, err := waterArea(bands[0], bands[1], g)
	if err != nil {
		return area{}, consumer.Permanent(fmt.Errorf("item %s: %w", item.ID, err))
	}
	middle := g.north - g.height*float64(bands[0].Bounds().Dy())/2
	return area{Scene: item.ID, Updated: item.Updated, Latitude: middle, Water: water, Share: water / seen}, nil
}

// maxAsset is how large a band may be.
const maxAsset = 16 << 20

// band reads one picture. It has to be where its item is: an item must not make a
// worker read from elsewhere.
func (m *measurer) band(ctx context.Context, item, href string) (image.Image, error) {
	base, err := url.Parse(item)
	if err != nil {
		return nil, consumer.Permanent(err)
	}
	at, err := base.Parse(href)
	if err != nil || href == "" || at.Host != base.Host || at.Scheme != base.Scheme {
		return nil, consumer.Permanent(fmt.Errorf("href %q is not at %s", href, base.Host))
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), http.NoBody)
	if err != nil {
		return nil, consumer.Permanent(err)
	}
	resp, err := m.assets.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, errors.New(resp.Status)
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAsset))
	if err != nil {
		return nil, err
	}
	picture, err := png.Decode(bytes.NewReader(text))
	if err != nil {
		return nil, consumer.Permanent(err)
	}
	return picture, nil
}
