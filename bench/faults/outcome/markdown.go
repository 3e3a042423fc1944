package outcome

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/leat-io/leat/bench/faults/tally"
)

// Markdown is the table, what its columns mean, and how everybody was configured.
func (r *Run) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d worker processes of %d handlers, which take %v for a message; %d messages a second; faults for %v, or four leases of the library "+
		"where they hang on that, the same seed for all; each library on a redis-server %s of its own (AOF, synced before each reply). The rows of one fault "+
		"are of the same minutes, on %d cores with other work to do: times tell one library from another, and nothing else.\n\n",
		r.Load.Workers, r.Load.Concurrency, r.Load.Busy, r.Load.Rate, r.Length, r.Redis, r.Cores)
	row := func(cells ...string) { fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | ")) }
	row("fault", "library", "done to it", "published", "unknown", "lost", "not handled in time", "handled twice", "stored twice", "poison", "takeover p50, max",
		"delay p99, max", "died")
	row("---", "---", "---", "--:", "--:", "--:", "--:", "--:", "--:", "---", "--:", "--:", "--:")
	for _, s := range r.Scenarios {
		title := s.Title
		for _, round := range r.Rounds {
			if round.Scenario != s.Name {
				continue
			}
			row(append([]string{title}, round.cells()...)...)
			title = ""
		}
	}
	b.WriteString(columns)
	for _, l := range r.Libraries {
		fmt.Fprintf(&b, "- **%s** %s. Promised: %s. Settings: %s. Others take over after %v; settled %v after the last fault, or not in time.\n",
			l.Name, l.Version, l.Promise, l.Settings, l.Lease, l.Deadline)
	}
	return b.String()
}

const columns = `
*published*: acknowledged to the producer, those whose handler always fails left out; *unknown*: publishes that ended in an error,
and in brackets how many of them were stored all the same. *lost*: acknowledged, never handled to the end, and neither in Redis any more nor kept among the dead. *not handled in time*: acknowledged, and still in
Redis unhandled at the deadline, or given up though its handler never failed. *handled twice*: messages whose handler ended well more than once, and in
brackets how often beyond once; *stored twice*: messages that are in more than one entry, which makes them be handled twice, too (asynq deletes what is done,
so it cannot be seen there). *poison*: what became of messages whose handler always fails, and of entries that are no messages. *takeover*: from the
death of a worker until somebody else started what it had started and not done. *delay*: from the acknowledgement of a publish to the end of its first
handling. *died*: workers that ended by themselves and were replaced at once; in brackets those that were told to end and did so late or with an error.

`

func (r *Round) cells() []string {
	done := r.done()
	if r.Error != "" {
		return []string{r.Library, done, "", "", "", "", "", "", r.Error, "", "", ""}
	}
	c := &r.Counts
	unknown := fmt.Sprint(c.Unknown)
	if c.Unknown > 0 {
		unknown += fmt.Sprintf(" (%d)", c.Appeared)
	}
	stored := "?"
	if c.StoredTwice != nil {
		stored = fmt.Sprint(*c.StoredTwice)
	}
	died := fmt.Sprint(r.Died)
	if r.EndedBadly > 0 {
		died += fmt.Sprintf(" (%d)", r.EndedBadly)
	}
	twice := fmt.Sprint(c.Twice)
	if c.More > 0 {
		twice += fmt.Sprintf(" (%d)", c.More)
	}
	return []string{
		r.Library, done, fmt.Sprint(c.Published), unknown, strong(c.Gone), late(c), twice, stored, r.poison(),
		pair(c.Takeover, c.Takeover.P50), pair(c.Delay, c.Delay.P99), died,
	}
}

// done is what was done to it.
func (r *Round) done() string {
	var words []string
	for _, name := range slices.Sorted(maps.Keys(r.Faults)) {
		words = append(words, fmt.Sprintf("%d %s", r.Faults[name], name))
	}
	return strings.Join(words, ", ")
}

func late(c *tally.Counts) string {
	if c.Open+c.Buried == 0 {
		return "0"
	}
	var words []string
	for _, where := range slices.Sorted(maps.Keys(c.OpenAs)) {
		words = append(words, fmt.Sprintf("%d %s", c.OpenAs[where], where))
	}
	if c.Buried > 0 {
		words = append(words, fmt.Sprintf("%d given up", c.Buried))
	}
	return strong(c.Open+c.Buried) + ": " + strings.Join(words, ", ")
}

// poison is what became of what nobody can handle.
func (r *Round) poison() string {
	var words []string
	if f := r.Counts.Failing; f.Published > 0 {
		words = append(words, fmt.Sprintf("of %d kept %d, open %d, gone %d; %.1f tries each", f.Published, f.Buried, f.Open, f.Gone,
			float64(f.Tries)/float64(f.Published)))
	}
	if r.Faults[Malformed] > 0 {
		words = append(words, fmt.Sprintf("%d of %d malformed open", r.Counts.Strange, r.Faults[Malformed]))
	}
	return strings.Join(words, "; ")
}

// Malformed is the name of the fault that adds entries that are no messages.
const Malformed = "malformed"

// strong is a number that stands out unless it is 0.
func strong(n int) string {
	if n == 0 {
		return "0"
	}
	return fmt.Sprintf("**%d**", n)
}

func pair(t tally.Times, of time.Duration) string {
	if t.N == 0 {
		return ""
	}
	return seconds(of) + ", " + seconds(t.Max)
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
