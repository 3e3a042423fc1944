//go:build !race

package simulate

// usualSeeds is how many histories a test run has.
const usualSeeds = 10_000
