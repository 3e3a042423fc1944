package stac_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"time"

	"github.com/leat-io/leat/stac"
)

// An API with two items, read page by page. Servers on this machine have to be
// allowed.
func ExampleClient_Items() {
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/":
			fmt.Fprint(w, `{"type":"Catalog","id":"demo","links":[{"rel":"search","href":"./search","method":"POST"}]}`)
		case r.URL.RawQuery == "":
			fmt.Fprint(w, `{"type":"FeatureCollection","links":[{"rel":"next","href":"./search?page=2","method":"GET"}],
				"features":[{"type":"Feature","id":"S2A_1","collection":"s2","properties":{"datetime":"2024-05-01T10:00:00Z","updated":"2024-05-01T11:17:00Z"}}]}`)
		default:
			fmt.Fprint(w, `{"type":"FeatureCollection","links":[],
				"features":[{"type":"Feature","id":"S2A_2","collection":"s2","properties":{"datetime":"2024-05-01T10:05:00Z","updated":"2024-05-01T11:05:00Z"}}]}`)
		}
	}))
	defer api.Close()

	c, err := stac.NewClient(stac.ClientConfig{URL: api.URL, AllowNetworks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	q := stac.Query{Collections: []string{"s2"}, Datetime: stac.Interval{Start: time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC)}}
	for item, err := range c.Items(context.Background(), q) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(item.ID, item.Version(), "after", item.Updated.Sub(item.Datetime))
	}
	// Output:
	// S2A_1 2024-05-01T11:17:00Z after 1h17m0s
	// S2A_2 2024-05-01T11:05:00Z after 1h0m0s
}

// The addresses of assets are signed for an hour or so; what is published has no
// signature.
func ExampleUnsigned() {
	fmt.Println(stac.Unsigned("https://images.blob.example/b04.tif?se=2024-05-01T11%3A00Z&sp=rl&sv=2021&sr=c&sig=0aF%3D"))
	// Output: https://images.blob.example/b04.tif
}

// Conformance classes carry versions, which servers are not agreed upon.
func ExampleConformance_Has() {
	c := stac.Conformance{"https://api.stacspec.org/v1.0.0-rc.2/item-search#filter"}
	fmt.Println(c.Has(stac.ClassFilter), c.Has(stac.ClassSort))
	// Output: true false
}

func ExampleParseInterval() {
	i, err := stac.ParseInterval("2024-05-01t02:00:00+02:00/..")
	fmt.Println(i, err)
	// Output: 2024-05-01T00:00:00Z/.. <nil>
}
