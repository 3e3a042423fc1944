package ndjson

import (
	"fmt"
	"strings"
)

// Ranges are numbers of lines, in order, in as little space as they need.
type Ranges []Range

// Range is the lines From to To, both included.
type Range struct {
	From int `json:"from"`
	To   int `json:"to"`
}

// Add adds a line behind those that are there.
func (r *Ranges) Add(line int) {
	if n := len(*r); n > 0 && (*r)[n-1].To+1 == line {
		(*r)[n-1].To = line
		return
	}
	*r = append(*r, Range{line, line})
}

// shown is how many ranges String lists.
const shown = 10

// String is "3, 7-9", cut after ten ranges.
func (r Ranges) String() string {
	var b strings.Builder
	for i, one := range r {
		switch {
		case i == shown:
			fmt.Fprintf(&b, " and %d more ranges", len(r)-shown)
			return b.String()
		case i > 0:
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%d", one.From)
		if one.To > one.From {
			fmt.Fprintf(&b, "-%d", one.To)
		}
	}
	return b.String()
}

// Lines is how many lines the ranges have.
func (r Ranges) Lines() (n int) {
	for _, one := range r {
		n += one.To - one.From + 1
	}
	return n
}
