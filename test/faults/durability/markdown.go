package durability

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// WriteMarkdown writes a table for each fault.
func (t *Table) WriteMarkdown(to io.Writer) {
	fmt.Fprintf(to, "%d rounds a cell on %s (WAITAOF: %s), %s with %d CPUs; median (least to most) over the rounds.\n", t.Repetitions, t.Server, t.Newer, t.System, t.CPUs)
	for _, f := range t.Faults {
		var rows []string
		for i := range t.Cells {
			if c := &t.Cells[i]; c.Fault == f.Name && c.LeftOut == "" {
				rows = append(rows, t.row(c))
			}
		}
		if len(rows) == 0 {
			continue
		}
		fmt.Fprintf(to, "\n### %s: %s\n%s.\n\n", f.Name, f.Title, f.Servers)
		fmt.Fprintln(to, "| level | event | acknowledged | lost | oldest lost, ms | reported as not durable | entries/s | of D0 |")
		fmt.Fprintln(to, "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
		for _, row := range rows {
			fmt.Fprintln(to, row)
		}
	}
}

func (t *Table) row(c *Cell) string {
	level := c.Level
	if i := slices.IndexFunc(t.Levels, func(l Level) bool { return l.Name == c.Level }); i >= 0 {
		level += ": " + t.Levels[i].Title
	}
	if c.Unavailable != "" {
		return fmt.Sprintf("| %s | %d B | not measured: %s | | | | | |", level, c.Payload, strings.ReplaceAll(c.Unavailable, "\n", " "))
	}
	lost := c.Lost.String()
	if c.LosesNothing && c.Lost.Max == 0 {
		lost = "**0**"
	}
	ratio := ""
	if c.Ratio.Median > 0 {
		ratio = fmt.Sprintf("%.2f", c.Ratio.Median)
	}
	return fmt.Sprintf("| %s | %d B | %s | %s | %s | %s | %.0f | %s |", level, c.Payload, c.Acknowledged, lost, c.Window, c.Weak, c.Throughput.Median, ratio)
}

// String is "median (least to most)", or the one figure that all rounds have.
func (s Spread) String() string {
	if s.Min == s.Max {
		return fmt.Sprintf("%.0f", s.Median)
	}
	return fmt.Sprintf("%.0f (%.0f to %.0f)", s.Median, s.Min, s.Max)
}
