package simulate

import (
	"encoding/json"
	"errors"
	"os"
	"time"
)

// Summary is what runs of seeds came to. It adds up over runs.
type Summary struct {
	From       uint64         `json:"from"` // the first seed
	Next       uint64         `json:"next"` // the one behind the last
	Histories  uint64         `json:"histories"`
	Seconds    float64        `json:"seconds"`
	Simulated  float64        `json:"simulated_seconds"`
	Events     int            `json:"events"`
	Starts     int            `json:"starts"`
	Faults     map[string]int `json:"faults"`
	Violations int            `json:"violations"`
	Seeds      []uint64       `json:"violating_seeds,omitempty"`
}

// resume is the summary in the file, or a new one.
func resume(path string) (*Summary, error) {
	s := &Summary{Faults: map[string]int{}}
	if path == "" {
		return s, nil
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, err
	}
	return s, json.Unmarshal(text, s)
}

func (s *Summary) save(path string) error {
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}

func (s *Summary) add(h *History, took time.Duration) {
	s.Histories++
	s.Next = h.Plan.Seed + 1
	s.Seconds += took.Seconds()
	s.Simulated += h.Lines[len(h.Lines)-1].At.Seconds()
	s.Events += h.Plan.Events
	for _, l := range h.Lines {
		if l.What == "start" {
			s.Starts++
		}
	}
	for _, f := range h.Plan.Faults {
		s.Faults[f.Kind.String()]++
	}
	if len(h.Violations) > 0 {
		s.Violations++
		s.Seeds = append(s.Seeds, h.Plan.Seed)
	}
}
