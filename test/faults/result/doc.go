// Package result is what came of rounds: the counts, the faults, the times and the violations of each, kept as one JSON file a
// round in a folder, and their sums.
package result
