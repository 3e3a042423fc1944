// Package producer adds events to Redis Streams and says truthfully what became
// of each.
//
//	p, err := producer.New(conn, producer.Config{Source: "https://example.org/shop"})
//	if err != nil {
//		return err
//	}
//	defer p.Close(ctx)
//	ids, err := p.Publish(ctx, "orders", event)
//
// [Producer.Publish] adds one or many events in one pipeline and returns when
// they are stored. [Producer.Send] hands an event to the background, where it is
// batched with others, and gives a [Receipt] for it; its memory is bounded, and
// it blocks when there is no room.
//
// A lone event is one command and one round trip either way. Under load, Send is
// what to use: it encodes the event at once, while the pipeline before is on its
// way, so that the next one is ready when Redis is.
//
// # What an error means
//
// An event has one of three fates, and there is no fourth:
//
//   - Stored: it has an ID and no error.
//   - Unknown: the error wraps [stream.ErrUnknownOutcome]. It was sent and the
//     reply never came: it may be in the stream or not. It is never sent again,
//     since that could add it twice. Who sends it again risks a second entry with
//     the same event ID, which a consumer can recognise. Where the error wraps
//     [stream.ErrNotDurable] as well, it has an ID: the master has stored it, but not
//     as many replicas, or disks, have it as [Config.Replicas] and [Config.Fsync] ask
//     for. Consumers may see it, and a failover may lose it.
//   - Not stored: any other error. Sending it again cannot make two of it.
//
// What Redis says that it did not execute (OOM, LOADING, READONLY, MOVED,
// CLUSTERDOWN, no connection, ...) is sent again with growing pauses until
// [Config.RetryFor] is over. What it will refuse again (WRONGTYPE, NOPERM, ...)
// ends at once.
//
// # Order
//
// The events of one Publish, and the Sends of one goroutine to one stream, are
// added in their order as long as nothing has to be sent again. A pipeline is no
// transaction: where Redis refused one event of it and stored later ones, the
// refused one comes behind them when it is sent again. Between streams, between
// goroutines, and between Publish and Send there is no order.
package producer
