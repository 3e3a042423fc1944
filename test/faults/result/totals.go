package result

import (
	"reflect"
	"time"

	"github.com/leat-io/leat/internal/history"
	"github.com/leat-io/leat/test/faults/crew"
)

// Totals are the sums of rounds.
type Totals struct {
	Rounds       int               `json:"rounds"`
	Took         time.Duration     `json:"took"`
	Processes    crew.Counts       `json:"processes"`
	Faults       map[string]int    `json:"faults"`
	ServerFaults int               `json:"server_faults"`
	Counts       history.Counts    `json:"counts"`
	Violations   int               `json:"violations"`
	Errors       int               `json:"errors"`
	Times        map[string]*Times `json:"times"`
}

// Add adds a round.
func (t *Totals) Add(r *Result) {
	t.Rounds++
	t.Took += r.Took
	addFields(&t.Processes, &r.Processes)
	addFields(&t.Counts, &r.Counts)
	t.ServerFaults += r.ServerFaults
	t.Violations += len(r.Violations)
	t.Errors += len(r.Errors)
	if t.Faults == nil {
		t.Faults, t.Times = map[string]int{}, map[string]*Times{}
	}
	for name, n := range r.Faults {
		t.Faults[name] += n
	}
	for what, times := range r.Times {
		if t.Times[what] == nil {
			t.Times[what] = &Times{}
		}
		t.Times[what].Merge(*times)
	}
}

// addFields adds all fields of a struct of ints, so that none is forgotten when one is added.
func addFields[T any](to, from *T) {
	sum, more := reflect.ValueOf(to).Elem(), reflect.ValueOf(from).Elem()
	for i := range sum.NumField() {
		sum.Field(i).SetInt(sum.Field(i).Int() + more.Field(i).Int())
	}
}

// Sum are the totals of all rounds, and of each scenario.
type Sum struct {
	All       Totals             `json:"all"`
	Scenarios map[string]*Totals `json:"scenarios"`
}

// Add adds a round.
func (s *Sum) Add(r *Result) {
	s.All.Add(r)
	if s.Scenarios == nil {
		s.Scenarios = map[string]*Totals{}
	}
	if s.Scenarios[r.Scenario] == nil {
		s.Scenarios[r.Scenario] = &Totals{}
	}
	s.Scenarios[r.Scenario].Add(r)
}
