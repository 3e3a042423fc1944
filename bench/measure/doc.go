// Package measure does one piece of work with one contender and counts what it
// costs. It runs in a process of its own, so that CPU time, allocations and peak
// memory are that contender's and nobody else's.
//
// What a contender needs beforehand (the group, the backlog) is made by [Fill] in
// another process: its memory must not count. A figure is given only when all is
// checked: every message was handled, and nothing is left pending.
package measure
