// Package round breaks one library in one way: it starts a Redis, workers and a producer, does the faults of a [Scenario] to them,
// gives everything time to be settled, and counts (package tally).
//
// Processes, servers and faults are those with which leat itself is broken: test/faults/crew, world, nemesis and network.
package round
