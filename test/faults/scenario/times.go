package scenario

import (
	"time"

	"github.com/leat-io/leat/internal/history"
	"github.com/leat-io/leat/test/faults/child"
	"github.com/leat-io/leat/test/faults/nemesis"
	"github.com/leat-io/leat/test/faults/world"
)

// ofTimes are scenarios about when something is tried again, and who has it until then. Times are asked for with leases and
// backoffs so far apart that no load of the machine can be taken for a mistake.
func ofTimes() []Scenario {
	kills := Track{Every: 600 * time.Millisecond, Faults: []nemesis.Fault{nemesis.KillWorker}}
	return []Scenario{
		{
			Name: "backoff", Title: "what fails waits for several leases, while workers are killed", Producer: child.Producer{Rate: 800, Fails: 5},
			Worker: child.Worker{Busy: time.Millisecond, Backoff: 2 * time.Second}, Leases: []time.Duration{300 * time.Millisecond, 500 * time.Millisecond},
			Rules: func(r *history.Rules) { r.Backoff = 2 * time.Second }, Tracks: []Track{kills},
		},
		{
			Name: "prompt", Title: "connections are closed all the time, and nothing waits for a lease, which is long", Producer: child.Producer{Rate: 1500, Fails: 20},
			Worker: child.Worker{Busy: time.Millisecond}, Leases: []time.Duration{40 * time.Second}, Length: 15 * time.Second,
			Rules:  func(r *history.Rules) { r.Prompt = 20 * time.Second },
			Tracks: []Track{{Every: 50 * time.Millisecond, Faults: []nemesis.Fault{nemesis.KillClients}}},
		},
		{
			Name: "parked", Title: "what killed workers had is behind thousands that wait for their next try", Producer: child.Producer{Rate: 1200, Fails: 2},
			Worker: child.Worker{Busy: time.Millisecond, Backoff: 45 * time.Second}, Leases: []time.Duration{500 * time.Millisecond}, Length: 15 * time.Second,
			Rules: func(r *history.Rules) { r.Backoff, r.Prompt = 45*time.Second, 15*time.Second }, Tracks: []Track{kills},
		},
		{
			Name: "clock-back", Title: "the clock of Redis is set back by minutes, and what killed workers had waits no longer for that", Producer: child.Producer{Rate: 400},
			Worker: child.Worker{Busy: 10 * time.Millisecond}, Leases: []time.Duration{500 * time.Millisecond}, Servers: world.Plan{Clock: true},
			Rules:  func(r *history.Rules) { r.Prompt = 20 * time.Second },
			Tracks: []Track{{Every: time.Second, Faults: []nemesis.Fault{nemesis.ClockBack}}, kills},
		},
		{
			Name: "claimed", Title: "somebody claims what waits for its next try", Producer: child.Producer{Rate: 800, Fails: 5},
			Worker: child.Worker{Busy: time.Millisecond, Backoff: 200 * time.Millisecond}, Leases: []time.Duration{2 * time.Second},
			Tracks: []Track{{Every: 20 * time.Millisecond, Lanes: 3, Faults: []nemesis.Fault{nemesis.ClaimByHand}}},
		},
		{
			Name: "failures", Title: "two workers stand still in turn, while most of what they handle fails", Producer: child.Producer{Rate: 600, Fails: 2, Permanent: 7},
			Worker: child.Worker{Busy: 30 * time.Millisecond, Concurrency: 32, Backoff: 100 * time.Millisecond, MaxAttempts: 8}, Workers: 2,
			Leases: []time.Duration{300 * time.Millisecond},
			Tracks: []Track{{Every: 50 * time.Millisecond, Lanes: 2, Faults: []nemesis.Fault{nemesis.StopWorker}}},
		},
		{
			Name: "farewell", Title: "workers that have stood still for longer than their lease are told to end", Producer: child.Producer{Rate: 1500, Fails: 53},
			Worker: child.Worker{Busy: 10 * time.Millisecond, Concurrency: 4, Prefetch: 60}, Leases: []time.Duration{300 * time.Millisecond, 500 * time.Millisecond},
			Tracks: []Track{{Every: 300 * time.Millisecond, Lanes: 2, Faults: []nemesis.Fault{nemesis.Farewell}}},
		},
	}
}
