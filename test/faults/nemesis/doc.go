// Package nemesis is the faults: what is done to processes and servers while they work, how it is undone, and what it excuses.
//
// A fault notes in the history when it begins and ends before and after it does anything, with what Redis itself may lose or
// forget by it (history.Excuse). What is not said there is held against leat.
package nemesis
