// Package bare speaks to Redis Streams with nothing in between: commands are
// encoded into one buffer, replies are parsed where they lie, nothing is allocated
// for an entry. It is the limit of the protocol, against which leat and others are
// measured, and has no other use: it does not reconnect, retry, reclaim or extend
// leases.
//
//	c, err := bare.Dial(ctx, bare.Config{Addr: "127.0.0.1:6379"})
//	if err != nil {
//		return err
//	}
//	defer c.Close()
//	err = c.Publish(ctx, bare.Publishing{Key: "orders", N: 100_000, Pairs: 1, Fields: func(dst []byte, _ int) []byte {
//		return bare.AppendPair(dst, "data", payload)
//	}})
//
// # Why it is fast
//
// The server is what bounds the rate, so it never waits: [Conn.Publish] writes
// pipelines while the replies to others come in; [Conn.Consume] asks for a batch
// while the one before it is on its way, and acknowledges a batch in the write that
// asks for another. Consume needs one goroutine alone: none has to be woken by
// another. Entries are handled as they arrive, each while it is in the processor's
// cache, and not once a reply is complete.
package bare
