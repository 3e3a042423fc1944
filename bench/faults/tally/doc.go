// Package tally counts what came of a round: from what everybody wrote down (internal/history), and from what is left in Redis.
//
// It counts by the IDs of messages alone, so that it means the same for libraries that store messages in different ways. A
// message that was acknowledged to its producer and never handled to the end is lost when it is gone, and late when it still is in
// Redis where its library may get to it. One that was handled to the end twice is a duplicate, whatever made it so.
package tally
