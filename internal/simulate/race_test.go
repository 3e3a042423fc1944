//go:build race

package simulate

// usualSeeds: the race detector makes each history ten times as slow. `make histories`
// runs the others.
const usualSeeds = 100
