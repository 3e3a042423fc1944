// Package scenario is what is tried: each [Scenario] is servers, workers and producers, a load, and the faults that happen
// meanwhile. [Run] runs a round of one: faults by a seeded schedule, then time to recover, then the check of what everybody wrote
// down against what is in Redis.
//
// The seed decides what is done to whom and when; what comes of it depends on the machine, too, so that a round that is run again
// with its seed is alike and not the same. That is why the histories of a round in which something went wrong are kept.
package scenario
