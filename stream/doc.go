// Package stream is the vocabulary of Redis Streams as leat uses it: what an
// [Event] is and how it is laid out in an entry, how one consumer is handed it
// (a [Delivery]), the keys that belong to a stream, the connection, and every
// command and script that reads, settles, reclaims or inspects entries.
//
// It knows nothing of handlers, loops or goroutines: package producer adds
// events, package consumer works them off, and both do so only through the
// operations of this package. Whoever wants to know what leat sends to Redis
// finds all of it here, the Lua scripts in scripts/.
//
// # Tokens
//
// An entry of a consumer group's pending entries list belongs to a consumer
// name and carries a delivery count. The pair (consumer, count) is the token
// with which a worker settles: every fenced operation of [Group] compares it
// inside a script before it writes, so a worker that lost an entry to another
// one cannot settle it any more. Consumer names are used by one process run
// only, which is what makes the pair unique.
//
// # Parking
//
// An entry that nobody works on (it waits for its next try, or was handed back
// by a worker that stopped) stays in the pending entries list under the name
// [Parked]; when it may be taken is written in the group's retry set.
package stream
