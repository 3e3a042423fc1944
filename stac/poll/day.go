package poll

import (
	"maps"
	"slices"
)

// Day is how complete one day is.
type Day struct {
	// Day is like 2026-05-04, in UTC; "-" for items without a time.
	Day string `json:"day"`
	// Server is how many items the server has, Published how many of them are
	// published (or known, and from before the source's start).
	Server    int `json:"server"`
	Published int `json:"published"`
	// Missing are not published, Outdated published in another version, Extra
	// published and not there any more.
	Missing  int `json:"missing"`
	Outdated int `json:"outdated"`
	Extra    int `json:"extra"`
	// Truncated: the server did not send all that it has, so that the figures are
	// too low.
	Truncated bool `json:"truncated"`
	// Examples are the first few items that are not as they should be: "missing
	// collection/id".
	Examples []string `json:"examples,omitempty"`
}

// Complete tells whether nothing is wrong with the day.
func (d *Day) Complete() bool {
	return d.Missing == 0 && d.Outdated == 0 && d.Extra == 0 && !d.Truncated
}

// tell reports what a sweep has found, day by day: what was missing before it.
func (l *lead) tell(s *survey, sw *sweep) {
	days := maps.Clone(s.days)
	for day := range s.gone {
		days[day] += 0
	}
	for _, day := range slices.Sorted(maps.Keys(days)) {
		missing := min(sw.Missing[day], s.days[day])
		l.cfg.Hooks.Counted(l.src.Name, Day{Day: day, Server: s.days[day], Published: s.days[day] - missing, Missing: missing, Extra: s.gone[day]})
	}
}
