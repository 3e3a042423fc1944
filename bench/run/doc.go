// Package run makes a whole run of the benchmark: it starts a redis-server, finds
// out how many messages each contender gets, has every measurement made by a
// process of its own, and keeps to a time budget.
//
// Rounds are interleaved: every contender does a piece of work once, in an order
// drawn anew each time, before any does it again. What disturbs the machine for a
// while disturbs all of them.
package run
