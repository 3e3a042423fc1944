package scenario

import (
	"time"

	"github.com/leat-io/leat/internal/history"
	"github.com/leat-io/leat/test/faults/child"
	"github.com/leat-io/leat/test/faults/nemesis"
	"github.com/leat-io/leat/test/faults/world"
)

// ofOwners are scenarios in which whoever works on something keeps it, whatever happens to the servers meanwhile.
func ofOwners() []Scenario {
	keeps := func(r *history.Rules) { r.Keeps = true }
	// Handlers take longer than an outage, so that what is held when Redis answers again is still worked on.
	slow := child.Worker{Busy: 6 * time.Second, Concurrency: 60}
	return []Scenario{
		{
			Name: "outage", Title: "Redis is away until every lease has run out, and nobody who lives is robbed when it is back",
			Servers: world.Plan{Kind: world.Always}, Producer: child.Producer{Rate: 45}, Worker: slow, Rules: keeps,
			Leases: []time.Duration{3 * time.Second}, // most of one is time enough for a client to connect again
			Tracks: []Track{{Every: 1500 * time.Millisecond, Faults: []nemesis.Fault{nemesis.Outage}}},
		},
		{
			Name: "standstill", Title: "Redis stands still until every lease has run out, and nobody who lives is robbed by what was on its way",
			Producer: child.Producer{Rate: 45}, Worker: slow, Rules: keeps,
			Leases: []time.Duration{2 * time.Second},
			Change: func(_ int, t *child.Task) { t.Timeout = 10 * time.Second }, // no call fails: all are carried out, late
			Tracks: []Track{{Every: 1500 * time.Millisecond, Faults: []nemesis.Fault{nemesis.Standstill}}},
		},
		{
			Name: "handover", Title: "workers are told to end while replies are lost, and what they hand back, perhaps twice, has one owner",
			Servers: world.Plan{Tapped: true}, Producer: child.Producer{Rate: 200},
			Worker: child.Worker{Busy: 600 * time.Millisecond, Concurrency: 16, Prefetch: 60}, Rules: keeps,
			Leases: []time.Duration{10 * time.Second},
			Tracks: []Track{
				{Every: 200 * time.Millisecond, Lanes: 2, Faults: []nemesis.Fault{nemesis.TermWorker}},
				{Every: 200 * time.Millisecond, Faults: []nemesis.Fault{nemesis.LoseReplies}},
			},
		},
		{
			Name: "late", Title: "what some workers send arrives after their lease, and undoes nothing of what others have done meanwhile",
			Servers: world.Plan{ProxyCount: 3}, Producer: child.Producer{Rate: 100, Fails: 1},
			Worker: child.Worker{Busy: 10 * time.Millisecond, Concurrency: 60},
			// Every other worker takes several leases, so that what it still works on others have settled.
			Change: func(number int, t *child.Task) {
				if t.Role == child.RoleWorker && number%2 == 0 {
					t.Worker.Busy = 2 * time.Second
				}
			},
			// All fail once, so that nothing is acknowledged by a plain XACK, which may come late.
			Rules:  func(r *history.Rules) { r.NothingLate = true },
			Leases: []time.Duration{500 * time.Millisecond},
			Tracks: []Track{{Every: 500 * time.Millisecond, Faults: []nemesis.Fault{nemesis.LateRequests}}},
		},
		{
			Name: "letters", Title: "something else is under the key of the dead letters for a while", Producer: child.Producer{Rate: 800, Permanent: 7, Fails: 53},
			Worker: child.Worker{Busy: time.Millisecond}, Leases: []time.Duration{500 * time.Millisecond},
			Tracks: []Track{{Every: 500 * time.Millisecond, Faults: []nemesis.Fault{nemesis.OccupyLetters}}},
		},
		{
			Name: "returned", Title: "workers are told to end all the time, and what they hand back does not count as delivered",
			Producer: child.Producer{Rate: 2000},
			Worker:   child.Worker{Busy: 10 * time.Millisecond, Concurrency: 4, Prefetch: 60, MaxDeliveries: 2},
			Rules:    func(r *history.Rules) { r.NoneTooOften = true },
			Leases:   []time.Duration{10 * time.Second},
			Tracks:   []Track{{Every: 100 * time.Millisecond, Lanes: 2, Faults: []nemesis.Fault{nemesis.TermWorker}}},
		},
	}
}
