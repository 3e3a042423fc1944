// Package growth measures what happens to the rate, to latency and to memory when
// something grows: the backlog, the events, what a dead consumer left, groups,
// streams, processes, the retry set.
//
// A job has two steps, each in a process of its own: [Fill] makes what is there
// when the measurement begins, [Do] measures. [Jobs] are the points of the curves.
package growth
