// Package rolling rolls real `leat worker` processes over under load, as Kubernetes does it: a new one is started, when it is
// ready an old one gets SIGTERM, and so on around. Their webhook is the test itself, which knows what was handled, how often and
// when, whatever Redis says.
//
// What `go test ./test/rolling` does is short. The figures of docs/operations.md are those of
//
//	go test ./test/rolling -v -count=1 -rolling.times 10 -rolling.for 30s -rolling.gap 2s
//
// A gap says something of leat alone on a machine that does nothing else.
package rolling
