package durability

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"
)

// Table is what was measured. Its JSON is docs/reliability/durability.json.
type Table struct {
	Measured    time.Time `json:"measured"`
	Server      string    `json:"server"` // "redis 7.0.15"
	Newer       string    `json:"newer"`  // the one for WAITAOF
	System      string    `json:"system"`
	CPUs        int       `json:"cpus"`
	Repetitions int       `json:"repetitions"`
	Load        float64   `json:"load_seconds"` // at the least, and up to half as much again
	Lag         float64   `json:"lag_seconds"`
	LagBytes    int       `json:"lag_bytes"`
	Seed        uint64    `json:"seed"`
	Faults      []Fault   `json:"faults"`
	Levels      []Level   `json:"levels"`
	Cells       []Cell    `json:"cells"`
}

// Cell is one fault at one level, with events of one size.
type Cell struct {
	Fault   string `json:"fault"`
	Level   string `json:"level"`
	Payload int    `json:"payload_bytes"`
	Server  string `json:"server"`
	// LosesNothing is that the level promises so.
	LosesNothing bool `json:"loses_nothing"`
	// LeftOut is why the cell is not measured anywhere, Unavailable why not on this machine.
	LeftOut     string `json:"left_out,omitempty"`
	Unavailable string `json:"unavailable,omitempty"`

	Acknowledged Spread `json:"acknowledged"`
	Lost         Spread `json:"lost"`
	Window       Spread `json:"window_ms"`
	Weak         Spread `json:"weak"`
	Throughput   Spread `json:"throughput"`
	Ratio        Spread `json:"ratio"` // of the throughput to that of D0 in the same repetition; 0 where there is none

	Rounds []Round  `json:"rounds"`
	Failed []string `json:"failed,omitempty"` // rounds that could not be carried out
}

// Spread is of one figure over the rounds.
type Spread struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
}

// spread is that of a figure of the rounds.
func spread(rounds []Round, figure func(*Round) float64) Spread {
	all := make([]float64, len(rounds))
	for i := range rounds {
		all[i] = figure(&rounds[i])
	}
	slices.Sort(all)
	n := len(all)
	if n == 0 {
		return Spread{}
	}
	return Spread{(all[(n-1)/2] + all[n/2]) / 2, all[0], all[n-1]}
}

// sum fills in what follows from the rounds.
func (t *Table) sum() {
	for i := range t.Cells {
		c := &t.Cells[i]
		c.Acknowledged = spread(c.Rounds, func(r *Round) float64 { return float64(r.Acknowledged) })
		c.Lost = spread(c.Rounds, func(r *Round) float64 { return float64(r.Lost) })
		c.Window = spread(c.Rounds, func(r *Round) float64 { return r.Window })
		c.Weak = spread(c.Rounds, func(r *Round) float64 { return float64(r.Weak) })
		c.Throughput = spread(c.Rounds, func(r *Round) float64 { return r.Throughput })
	}
	for i := range t.Cells {
		c := &t.Cells[i]
		c.Ratio = t.ratio(c)
	}
}

// ratio compares what was measured soon after each other, so that what else the machine did is in both.
func (t *Table) ratio(c *Cell) Spread {
	base := t.Cell(c.Fault, "D0", c.Payload)
	if base == nil {
		return Spread{}
	}
	at := map[int]float64{}
	for i := range base.Rounds {
		at[base.Rounds[i].Repetition] = base.Rounds[i].Throughput
	}
	paired := slices.DeleteFunc(slices.Clone(c.Rounds), func(r Round) bool { return at[r.Repetition] == 0 })
	return spread(paired, func(r *Round) float64 { return r.Throughput / at[r.Repetition] })
}

// Cell finds a cell; nil when there is none.
func (t *Table) Cell(fault, level string, payload int) *Cell {
	for i := range t.Cells {
		if c := &t.Cells[i]; c.Fault == fault && c.Level == level && c.Payload == payload {
			return c
		}
	}
	return nil
}

// has tells whether there is nothing left to do for the cell in that repetition.
func (c *Cell) has(repetition int) bool {
	return c.Unavailable != "" || slices.ContainsFunc(c.Rounds, func(r Round) bool { return r.Repetition == repetition })
}

// take makes the rounds of another run the cell's own.
func (c *Cell) take(from *Table) {
	if before := from.Cell(c.Fault, c.Level, c.Payload); before != nil && before.Server == c.Server {
		c.Rounds, c.Failed = append(c.Rounds, before.Rounds...), append(c.Failed, before.Failed...)
	}
}

// Broken are the cells that promise to lose nothing and lost something.
func (t *Table) Broken() (cells []Cell) {
	for _, c := range t.Cells {
		if c.LosesNothing && c.Lost.Max > 0 {
			cells = append(cells, c)
		}
	}
	return cells
}

// WriteJSON writes the table.
func (t *Table) WriteJSON(to io.Writer) error {
	out := json.NewEncoder(to)
	out.SetIndent("", "\t")
	if err := out.Encode(t); err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	return nil
}

// ReadJSON reads what WriteJSON has written.
func ReadJSON(from io.Reader) (t Table, err error) {
	if err := json.NewDecoder(from).Decode(&t); err != nil {
		return t, fmt.Errorf("read a table: %w", err)
	}
	return t, nil
}
