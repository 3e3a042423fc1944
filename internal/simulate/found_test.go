//go:build !race

package simulate

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What was found by a seed once, as the smallest plan that showed it. Not with the race
// detector: the order of goroutines is a part of it.

// The server stands still for longer than a lease before a consumer has reclaimed
// anything: its first reclaim waits in the server meanwhile, and must not take from the
// consumer itself what it works on.
func TestFirstReclaimBehindAStall(t *testing.T) { //nolint:paralleltest // one processor: see TestMain
	const lease = 259 * time.Millisecond
	h := Run(t, newBroker(t), Plan{
		Seed: 26924, Events: 3, Every: 31 * time.Millisecond, Workers: 1, Lease: lease, Concurrency: 1, Prefetch: -1, MaxAttempts: 3, Backoff: lease / 5,
		Faults: []Fault{{At: 37298455 * time.Nanosecond, Kind: Stall, For: 343125983 * time.Nanosecond}},
	})
	starts := map[string]int{}
	for _, l := range h.Lines {
		if l.What == "start" {
			starts[l.Event]++
		}
	}
	require.Equal(t, map[string]int{"e0": 1, "e1": 1, "e2": 1}, starts, h)
}

// The reply of a read is lost, and there is room for a part of what it brought only:
// that is taken again, all of it, before anything newer of the same key is read.
func TestOrderBehindALostReply(t *testing.T) { //nolint:paralleltest // one processor: see TestMain
	const lease = 458 * time.Millisecond
	h := Run(t, newBroker(t), Plan{
		Seed: 64906, Events: 12, Every: 64 * time.Millisecond, Workers: 1, Lease: lease, Concurrency: 4, Prefetch: 2, MaxAttempts: 3, Backoff: lease / 5, Ordered: true,
		Faults: []Fault{
			{At: 278639272 * time.Nanosecond, Kind: Kill, For: 235945796 * time.Nanosecond},
			{At: 286602976 * time.Nanosecond, Kind: LoseReply, Command: "XREADGROUP"},
			{At: 685889294 * time.Nanosecond, Kind: CutReply, Command: "XPENDING"},
		},
	})
	require.Empty(t, h.Violations, h)
}
