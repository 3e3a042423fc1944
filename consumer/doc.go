// Package consumer works the entries of Redis Streams off as a member of a
// consumer group, and loses none: what is read is handled to completion or ends
// in the dead-letter stream, whatever worker dies in between.
//
//	mux := consumer.NewMux()
//	mux.Handle("stac.item.created", consumer.Typed(ingest))
//	c, err := consumer.New(conn, mux.Dispatch, consumer.Config{Group: "ingest", Streams: []string{"items"}})
//	if err != nil {
//		return err
//	}
//	return c.Run(ctx) // cancel ctx to drain; returns nil then
//
// # The loops
//
// Data flows one way: fetcher (XREADGROUP) to queue to executor (handlers) to
// acker (XACK, many entries a call). Beside it each stream has a leaser, which
// extends the leases of what is held; a reclaimer, which takes over what others
// left (XAUTOCLAIM); and a retrier, which takes what is due again. A janitor
// removes the names of dead consumers. Each is a file of its name.
//
// The room bounds what is taken: Concurrency plus Prefetch entries, never more.
// The ledger knows what is held, from the reply that brought it until its
// settlement holds.
//
// # Fences
//
// A worker owns an entry by its token: its own name, and the delivery count. Every
// write that settles compares the token inside a script, except for plain XACK,
// which is used only while the lease cannot have run out. See package stream.
package consumer
