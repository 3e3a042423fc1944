// Reliability writes docs/reliability.md from what the runs have left in
// docs/reliability: what was promised, tried, found and lost.
//
//	go run ./test/reliability
//
// The figures are those of the JSON files there; docs/reliability/found.md is what was
// found, written by hand, a line for each, with the test that keeps it from coming
// back. A file that is missing is said to be.
package main
