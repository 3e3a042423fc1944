package poll_test

import (
	"context"
	"fmt"
	"time"

	"github.com/leat-io/leat/stac"
	"github.com/leat-io/leat/stac/poll"
	"github.com/leat-io/leat/stream"
)

// A poller of one collection that runs until its context ends.
func Example() {
	run := func(ctx context.Context, conn *stream.Conn) error {
		p, err := poll.New(conn, poll.Config{
			Stream: "items", Producer: "discovery",
			Sources: []poll.Source{{
				Client:    stac.ClientConfig{URL: "https://stac.example.com/v1"},
				Query:     stac.Query{Collections: []string{"sentinel-2-l2a"}},
				Start:     poll.FromNow(),
				Reconcile: 24 * time.Hour,
			}},
		})
		if err != nil {
			return err
		}
		defer p.Close()
		fmt.Println(p.Names())
		return p.Run(ctx)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // or go on until SIGTERM
	fmt.Println(run(ctx, &stream.Conn{}))
	// Output:
	// [stac.example.com/v1/sentinel-2-l2a]
	// <nil>
}

// Why a server is polled in this way.
func ExampleChoose() {
	plan, err := poll.Choose(&stac.Facts{Kind: stac.KindSearch, Sample: 40, WithUpdated: 12}, poll.Auto)
	fmt.Println(plan.Strategy, err)
	fmt.Println(plan.Reason)
	// Output:
	// rescan <nil>
	// only 12 of 40 sampled items have updated
}

// The same version of an item always has the same event.
func ExampleEventID() {
	fmt.Println(poll.EventID("https://stac.example.com/v1/collections/c", "S2A_1", "2026-05-04T10:00:00Z"))
	// Output: 30635d9c16828a2c50c7823c569d1420a9f44aece976de0e07eebf13b67b5319
}
