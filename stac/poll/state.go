package poll

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/leat-io/leat/stac"
)

// state is what a source has come to, one JSON document in Redis. It is written by
// the script that publishes, behind the same fence.
type state struct {
	// Query is the fingerprint of the query that all of it is about.
	Query string `json:"query"`
	// Since is from when on items are published, the zero time for all.
	Since time.Time `json:"since"`
	// Floor: an unknown item with a time before it was there before the source was
	// polled. Settled: a sweep has been through, so that no unknown item was.
	Floor   time.Time `json:"floor"`
	Settled bool      `json:"settled"`

	// Watermark is the newest updated that a complete pass has seen, but not
	// after the beginning of that pass: an item may claim to come from the future.
	Watermark time.Time `json:"watermark"`
	// PassAt is when the last complete pass began.
	PassAt time.Time `json:"pass_at"`

	// Pass is the number of the last sweep that has begun; SweptAt is when the last
	// one began that went to its end; Sweep is the one under way.
	Pass    int64     `json:"pass"`
	SweptAt time.Time `json:"swept_at"`
	Sweep   *sweep    `json:"sweep,omitempty"`

	Rhythm rhythm `json:"rhythm"`

	Plan     *Plan     `json:"plan,omitempty"`
	ProbedAt time.Time `json:"probed_at"`
	// Asked is the strategy that Plan was the answer to.
	Asked Strategy `json:"asked"`
}

// sweep is a reconciling pass under way: where it goes on after its poller died.
type sweep struct {
	At time.Time `json:"at"`
	// From and To are the time in which most items are expected. What is before
	// and behind is asked for, too, each in one piece.
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	// Stage is the part that comes next, Next the beginning of that part inside of
	// From and To, and Step how long it is.
	Stage stage         `json:"stage"`
	Next  time.Time     `json:"next"`
	Step  time.Duration `json:"step"`
	// Expected is what the server counted at the beginning, -1 when it does not.
	Expected int `json:"expected"`
	// Missing are the items that the sweep had to publish, by day.
	Missing map[string]int `json:"missing,omitempty"`
	// Sum are the items so far, for the report.
	Sum tally `json:"sum"`
}

type stage uint8

const (
	before stage = iota
	within
	behind
	rest // all of it in one piece: something was not found by time
	last // what was not found is deleted
)

// new tells whether an item that is not known is one to publish: it was taken,
// created or updated after the source's start, or it was not there when a pass
// looked before.
func (s *state) new(item *stac.Item) bool {
	if s.Settled || s.Floor.IsZero() {
		return true
	}
	for _, t := range []time.Time{item.Updated, item.Created, item.Datetime, item.End, item.Start} {
		if !t.IsZero() && !t.Before(s.Floor) {
			return true
		}
	}
	return false
}

// lower moves the floor down: a pass has seen everything from there on.
func (s *state) lower(to time.Time) {
	if to.Before(s.Floor) {
		s.Floor = to
	}
}

// encode is the state of a source or of a backfill, as it is kept.
func encode(state any) ([]byte, error) {
	text, err := json.Marshal(state)
	if err != nil {
		return nil, fmt.Errorf("encode the state: %w", err)
	}
	return text, nil
}

// intersect is the part of time that is in both; false where there is none.
func intersect(a, b stac.Interval) (stac.Interval, bool) {
	if a.Start.IsZero() || b.Start.After(a.Start) {
		a.Start = b.Start
	}
	if a.End.IsZero() || !b.End.IsZero() && b.End.Before(a.End) {
		a.End = b.End
	}
	return a, a.Start.IsZero() || a.End.IsZero() || !a.End.Before(a.Start)
}
