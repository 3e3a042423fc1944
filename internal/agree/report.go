package agree

import (
	"encoding/json"
	"fmt"
	"os"
)

// A Summary is what came of many sequences with one server.
type Summary struct {
	Server       string         `json:"server"` // "redis 7.0.15"
	Clock        string         `json:"clock"`  // "exact" where times were compared, else "its own"
	Operations   int            `json:"operations"`
	Sequences    int            `json:"sequences"`
	Seeds        [2]uint64      `json:"seeds"` // the first and the last
	Differences  int            `json:"differences"`
	KnownChanges map[string]int `json:"knownChanges,omitempty"` // sequences that ended early, by what newer servers do otherwise
	Masked       []string       `json:"masked,omitempty"`       // what of newer servers' replies was left out of the comparison
	Seconds      float64        `json:"seconds"`
	// Commands is what was compared, by command and by script of leat.
	Commands map[string]Tally `json:"commands"`
}

// add counts one more sequence.
func (s *Summary) add(seed uint64, r Result) {
	if s.Sequences == 0 {
		s.Seeds[0] = seed
	}
	s.Seeds[1] = seed
	s.Sequences++
	s.Operations += len(r.Operations)
	if r.Known != "" {
		if s.KnownChanges == nil {
			s.KnownChanges = map[string]int{}
		}
		s.KnownChanges[r.Known]++
	}
	if r.Difference != nil {
		s.Differences++
	}
	if s.Commands == nil {
		s.Commands = map[string]Tally{}
	}
	for name, t := range r.Tallies {
		sum := s.Commands[name]
		s.Commands[name] = Tally{sum.Answers + t.Answers, sum.Errors + t.Errors}
	}
}

// Run tries sequences from seed on until so many operations were compared. It
// ends at the first difference, shrunk.
func (l *Lab) Run(seed uint64, operations int, scripts []Script) (Summary, *Difference, error) {
	s := Summary{Server: l.Kind + " " + l.Version, Clock: "its own"}
	if l.Exact() {
		s.Clock = "exact"
	}
	for _, m := range l.rules.masks {
		s.Masked = append(s.Masked, m.reason)
	}
	for ; s.Operations < operations; seed++ {
		r, err := l.Try(NewGenerator(seed, scripts, l))
		if err != nil {
			return s, nil, fmt.Errorf("seed %d: %w", seed, err)
		}
		if r.Difference != nil {
			again, err := l.confirm(r.Difference)
			if err != nil {
				return s, nil, err
			}
			r.Difference = again
		}
		s.add(seed, r)
		if r.Difference != nil {
			r.Difference.Seed = seed
			d, err := l.Shrink(r.Difference)
			return s, d, err
		}
	}
	return s, nil, nil
}

// replays is how often a difference must show again where clocks are not the
// same: what came in one millisecond to the model may have come in two to the
// server, which changes IDs and the order of times.
const replays = 5

// confirm is nil when a difference was one of clocks only.
func (l *Lab) confirm(d *Difference) (*Difference, error) {
	if l.Exact() {
		return d, nil
	}
	for range replays {
		r, err := l.Replay(d.Operations)
		if err != nil || r.Difference == nil {
			return nil, err
		}
	}
	return d, nil
}

// WriteReport writes summaries as JSON.
func WriteReport(path string, list []Summary) error {
	text, err := json.MarshalIndent(list, "", "  ")
	if err == nil {
		err = os.WriteFile(path, append(text, '\n'), 0o644) //nolint:gosec // it is published
	}
	if err != nil {
		return fmt.Errorf("write report of the agreement: %w", err)
	}
	return nil
}
