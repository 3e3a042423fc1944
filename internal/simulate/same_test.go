//go:build !race

package simulate

import (
	"fmt"
	"hash/fnv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Not with the race detector: it lets goroutines run in an order of its own on purpose.

// The same seed gives the same history, line by line.
func TestSameSeedSameHistory(t *testing.T) { //nolint:paralleltest // one processor: see TestMain
	broker := newBroker(t)
	for s := uint64(1); s <= usualSeeds/50; s++ {
		first, second := Run(t, broker, NewPlan(s)), Run(t, broker, NewPlan(s))
		for range 3 { // the system may have taken the processor away in the middle of a moment
			if fingerprint(first) != fingerprint(second) {
				first, second = Run(t, broker, NewPlan(s)), Run(t, broker, NewPlan(s))
			}
		}
		if fingerprint(first) == fingerprint(second) {
			continue
		}
		at := 0
		for at < len(first.Lines) && at < len(second.Lines) && first.Lines[at].String() == second.Lines[at].String() {
			at++
		}
		require.Failf(t, "not the same", "seed %d, line %d:\n%s%s\nand\n%s", s, at, first.Plan, near(first, at), near(second, at))
	}
}

// near are the lines around one.
func near(h *History, at int) string {
	var b strings.Builder
	for _, l := range h.Lines[max(0, at-6):min(len(h.Lines), at+6)] {
		b.WriteString(l.String() + "\n")
	}
	return b.String()
}

func fingerprint(h *History) uint64 {
	sum := fnv.New64a()
	for _, l := range h.Lines {
		_, _ = fmt.Fprintln(sum, l)
	}
	return sum.Sum64()
}
