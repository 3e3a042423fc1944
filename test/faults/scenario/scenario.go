package scenario

import (
	"slices"
	"time"

	"github.com/leat-io/leat/internal/history"
	"github.com/leat-io/leat/test/faults/child"
	"github.com/leat-io/leat/test/faults/nemesis"
	"github.com/leat-io/leat/test/faults/world"
)

// Scenario is something that is tried.
type Scenario struct {
	// Name is how it is called on the command line; Title says what it tries.
	Name, Title string
	Servers     world.Plan
	// Leases are the workers' leases: the seed chooses one for a round.
	Leases []time.Duration
	// Workers and Producers are how many there are at a time.
	Workers, Producers int
	Worker             child.Worker
	Producer           child.Producer
	// Tracks are the faults. Tracks run beside each other.
	Tracks []Track
	// Rules adapts what is checked.
	Rules func(*history.Rules)
	// Change adapts the task of a child, whose number is that of its role; nil leaves it.
	Change func(number int, t *child.Task)
	// LooseStored leaves out that the whole stream is read in the end: for rounds of millions.
	LooseStored bool
	// Length is how long faults go on, where nothing else is asked for.
	Length time.Duration
	// Representative: how long it takes until what a killed worker had is taken over says something about leases, since few are killed
	// and the others have time for it.
	Representative bool
	// Weight is how often a soak runs it while it runs others once; 0 is 1.
	Weight int
}

// Track is faults that happen one after the other.
type Track struct {
	// Every is the time from the end of a fault to the next, on average.
	Every time.Duration
	// Lanes is how many are under way at a time; 0 is 1.
	Lanes int
	// Most is how many there are in all, in each lane; 0 is no limit. When every track has come to its end, the round has.
	Most int
	// Faults are those from which one is chosen each time.
	Faults []nemesis.Fault
}

// serverFaults are the names of faults that disturb servers.
func (s *Scenario) serverFaults() map[string]bool {
	names := map[string]bool{}
	for _, t := range s.Tracks {
		for _, f := range t.Faults {
			if f.Servers {
				names[f.Name] = true
			}
		}
	}
	return names
}

// does tells whether a fault is one of the scenario's.
func (s *Scenario) does(fault string) bool {
	for _, t := range s.Tracks {
		if slices.ContainsFunc(t.Faults, func(f nemesis.Fault) bool { return f.Name == fault }) {
			return true
		}
	}
	return false
}

// complete fills in what the scenario leaves open.
func (s Scenario) complete() Scenario {
	def(&s.Servers.Kind, world.Memory)
	if len(s.Leases) == 0 {
		s.Leases = []time.Duration{500 * time.Millisecond}
	}
	def(&s.Workers, 5)
	def(&s.Producers, 1)
	def(&s.Length, 30*time.Second)
	w := &s.Worker
	def(&w.Concurrency, 8)
	def(&w.Shutdown, 5*time.Second)
	def(&w.Backoff, 50*time.Millisecond)
	def(&w.Poll, 100*time.Millisecond)
	def(&w.ConsumerIdle, 5*time.Second)
	def(&w.MaxAttempts, 5)
	def(&w.MaxDeliveries, 100)
	p := &s.Producer
	def(&p.Size, 100)
	def(&p.Pending, 10_000)
	def(&p.Retry, 20*time.Second)
	def(&p.Close, 30*time.Second)
	return s
}

func def[T comparable](to *T, value T) {
	var zero T
	if *to == zero {
		*to = value
	}
}
