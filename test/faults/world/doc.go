// Package world is the servers that a run is about: a standalone Redis, sentinels or a cluster, started by internal/redistest,
// also from a program that is no test.
package world
