// Package contender says what every library in the comparison must do: publish
// events of a size and work them off, at least once, in its own best way.
//
// A contender does no measuring. Package measure runs each piece of work in a
// process of its own and counts what it costs.
package contender

import "context"

// Setup is where the work is done. Each measurement has a Redis database that was
// empty before.
type Setup struct {
	Addr  string // host:port of redis-server
	Queue string // the stream, or whatever the contender calls it
	Group string // the consumer group, where there is such a thing
}

// Info is what the report says of a contender.
type Info struct {
	Name     string // as in the tables: "leat", "watermill-redisstream"
	Module   string // the Go module whose version the report names; empty for our own code
	Settings string // how it is tuned, in a sentence a user of that library understands
	// Peer is true for other projects, false for leat, and for the bare protocol and the
	// plain clients, which are the limit and the reference.
	Peer bool
}

// Contender is one library, tuned as well as its documentation allows.
type Contender interface {
	Info() Info
	// Publisher opens a publisher. It is used by one goroutine at a time.
	Publisher(ctx context.Context, s Setup) (Publisher, error)
	// Prepare makes what must exist before the first event is published so that
	// all are consumed later: the group, at the beginning of the stream. It may do nothing.
	Prepare(ctx context.Context, s Setup) error
	// Consume works events off until ctx ends, with as many handlers at once as
	// Work says, and returns when what was handled is acknowledged. An event whose handler has not
	// returned must never be acknowledged.
	Consume(ctx context.Context, s Setup, w Work) error
}

// Work is what is done with the events.
type Work struct {
	// Concurrency is how many handlers may run at once. 0: the contender's own
	// best for handlers that do next to nothing.
	Concurrency int
	// Handle is the handler: it gets the event's data, which it does not keep. Safe for
	// concurrent use.
	Handle func(data []byte)
}

// Publisher publishes events.
type Publisher interface {
	// Many publishes n events, each with this data, as fast as the library can, and
	// returns when Redis has confirmed all of them.
	Many(ctx context.Context, n int, data []byte) error
	// One publishes one event and returns when Redis has confirmed it: what a
	// request handler of a web server would do.
	One(ctx context.Context, data []byte) error
	Close() error
}
