// Package streamtest is what the tests of producers and consumers share: a lab
// with a stream and a group of its own, consumers that run in it and are ended
// with it, conditions that are waited for with a deadline, and faults on the way
// to Redis.
package streamtest
