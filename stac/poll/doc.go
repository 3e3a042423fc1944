// Package poll discovers every item that appears in a STAC API or in a static
// catalog, every new version of one, and every deletion, and publishes one event
// for each to a Redis stream.
//
//	p, err := poll.New(conn, poll.Config{
//		Stream: "items", Producer: "discovery",
//		Sources: []poll.Source{{
//			Client:    stac.ClientConfig{URL: "https://stac.example.com/v1"},
//			Query:     stac.Query{Collections: []string{"sentinel-2-l2a"}},
//			Start:     poll.FromNow(),
//			Reconcile: 24 * time.Hour,
//		}},
//	})
//	if err != nil {
//		return err
//	}
//	defer p.Close()
//	return p.Run(ctx)
//
// # How items are found
//
// A probe of the server decides, and [Choose] says why: [Updated] asks for what
// has changed since a watermark on properties.updated, [Rescan] asks for the
// images of the last days again and again. Both look back by an overlap that
// is sized by the publication lag that is measured, for each collection. What
// they cannot find (old images that come late, deletions) a sweep finds,
// [Source.Reconcile]: all of the source, in parts of time that can be gone on with
// after a crash.
//
// # Once, and nothing lost
//
// What is published is remembered as (source, collection, item, version) in the
// hash slot of the stream. One script publishes a batch: it compares the token of
// the lease, adds the entries whose versions are not remembered, remembers them, and
// writes the state of the pass. The watermark moves behind a complete pass alone.
// So a poller that is killed anywhere loses nothing and publishes nothing twice,
// and one that has lost its lease without knowing publishes nothing at all.
//
// The ID of an event is a hash of its source, the item's ID and its version: should
// something be published twice all the same (what is remembered was lost with
// Redis, or [Backfill.Again]) it has the ID that it had. An item that comes
// back after its deletion has events of its own, whose IDs end with how often it
// did.
//
// # Deletions
//
// An item is published as deleted when a sweep that was complete has not seen it,
// and the server, asked for that item alone, says that there is none. A sweep that
// misses more of the items than [Source.MaxDeleted] is not believed at all.
package poll
