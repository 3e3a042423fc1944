package demo

import (
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
)

// Summary is what came of a demo. As JSON it is what `leat demo --output json`
// prints: the first seven members are fixed.
type Summary struct {
	// Published are the events whose XADD was acknowledged.
	Published int `json:"published"`
	// Handled are those whose handler completed and that Redis has settled.
	Handled int `json:"handled"`
	// Duplicates are those whose handler completed more than once.
	Duplicates int `json:"duplicates"`
	// Reclaimed are the entries that workers took over from one that did not
	// extend its lease any more.
	Reclaimed int `json:"reclaimed"`
	// Dead are the dead letters, Lost the published events that are neither
	// handled nor in the dead-letter stream.
	Dead int `json:"dead"`
	Lost int `json:"lost"`
	// Seconds is the time from the first event to when all was settled.
	Seconds float64 `json:"seconds"`

	// Redelivered are the events whose handler was started more than once, Retried
	// the failures that were followed by another try.
	Redelivered int `json:"redelivered"`
	Retried     int `json:"retried"`
	// Killed workers, how many entries they held, and how many seconds later the
	// last of these was taken over.
	Killed   int     `json:"killed"`
	Held     int     `json:"held"`
	TakeOver float64 `json:"takeover_seconds"`
	// Throughput is in handled events a second.
	Throughput float64 `json:"throughput"`
	// P50, P99 and Slowest are from before the publishing to after the acknowledgement, in
	// milliseconds.
	P50     float64 `json:"p50_ms"`
	P99     float64 `json:"p99_ms"`
	Slowest float64 `json:"max_ms"`
	// Area is what the handlers measured, in square kilometres, and Clear the part
	// of it without clouds.
	Area  float64 `json:"area_km2"`
	Clear float64 `json:"clear_km2"`
	// Stream and Group are what was used, Kept whether they are still there.
	Stream string `json:"stream"`
	Group  string `json:"group"`
	Kept   bool   `json:"kept"`
	// DeadLetters lists the dead letters, LostEvents the lost events.
	DeadLetters []DeadLetter `json:"dead_letters"`
	LostEvents  []string     `json:"lost_events,omitempty"`
}

// DeadLetter is an event that was given up.
type DeadLetter struct {
	// ID is the item's.
	ID string `json:"id"`
	// Reason is one of the stream package's Reason constants, Error the last error.
	Reason   string `json:"reason"`
	Error    string `json:"error"`
	Attempts int    `json:"attempts"`
}

// ErrLost is wrapped by [Summary.Err].
var ErrLost = errors.New("events were lost")

// Err is nil when nothing was lost.
func (s *Summary) Err() error {
	if s.Lost == 0 {
		return nil
	}
	return fmt.Errorf("%w: %d of %d are neither handled nor dead letters", ErrLost, s.Lost, s.Published)
}

func (r *run) summarize(t truth, seconds float64) *Summary {
	s := t.judge(r.published, r.tally)
	s.Seconds = math.Round(seconds*1000) / 1000
	s.Throughput = math.Round(10*float64(s.Handled)/seconds) / 10
	s.Killed, s.Held, s.TakeOver = r.kill.killed, r.kill.held, math.Round(r.kill.took.Seconds()*1000)/1000
	s.Area, s.Clear = math.Round(s.Area), math.Round(s.Clear)
	s.Stream, s.Group, s.Kept = r.group.Stream(), r.group.Name(), r.cfg.Keep
	return &s
}

// shown is how many dead letters, or lost events, the text lists.
const shown = 10

// noteColumn is where the notes behind the numbers begin.
const noteColumn = 22 + 1 + 8 + 2

// WriteText writes the summary for people.
func (s *Summary) WriteText(w io.Writer, d Display) {
	row := func(st style, name string, value any, note string) {
		line := d.paint(st, fmt.Sprintf("%-22s %8v", name, value))
		if note != "" {
			line += "  " + d.paint(dim, d.fold(note, noteColumn))
		}
		fmt.Fprintln(w, line)
	}
	lost := green
	if s.Lost > 0 {
		lost = red
	}
	row(plain, "published", s.Published, "")
	row(plain, "handled", s.Handled, fmt.Sprintf("%.0f a second", s.Throughput))
	row(plain, "handled more than once", s.Duplicates, s.duplicatesNote())
	row(plain, "redelivered", s.Redelivered, "started again, after the kill or a failure")
	row(plain, "reclaimed", s.Reclaimed, s.killNote())
	row(plain, "dead-lettered", s.Dead, "")
	row(lost, "lost", s.Lost, "")
	row(plain, "publish to ack, p50", whole(s.P50), "ms")
	row(plain, "publish to ack, p99", whole(s.P99), fmt.Sprintf("ms; the slowest %s", whole(s.Slowest)))
	row(plain, "seconds", fmt.Sprintf("%.1f", s.Seconds), "")
	if s.Area > 0 {
		row(plain, "measured", million(s.Area), fmt.Sprintf("million km², %.0f %% of it free of clouds", 100*s.Clear/s.Area))
	}
	s.writeLists(w, d)
}

func (s *Summary) duplicatesNote() string {
	if s.Duplicates == 0 {
		return ""
	}
	return "done by the killed worker, not acknowledged yet"
}

func whole(ms float64) string { return fmt.Sprintf("%.0f", ms) }

func (s *Summary) killNote() string {
	switch {
	case s.Killed == 0:
		return "no worker was killed"
	case s.Held == 0:
		return "the worker killed held nothing"
	}
	return fmt.Sprintf("%.1f s after the kill", s.TakeOver)
}

func million(x float64) string { return fmt.Sprintf("%.1f", x/1e6) }

func (s *Summary) writeLists(w io.Writer, d Display) {
	if len(s.DeadLetters) > 0 {
		fmt.Fprintf(w, "\n%s\n", d.paint(strong, "dead letters"))
		for _, l := range s.DeadLetters[:min(shown, len(s.DeadLetters))] {
			fmt.Fprintf(w, "  %s  %s\n", l.ID, d.fold(l.Reason+": "+l.Error, len(l.ID)+4))
		}
		more(w, len(s.DeadLetters))
	}
	if s.Lost > 0 {
		lost := s.LostEvents[:min(shown, s.Lost)]
		fmt.Fprintf(w, "\n%s\n  %s\n", d.paint(red, "lost"), strings.Join(lost, "\n  "))
		more(w, s.Lost)
	}
	if s.Kept {
		fmt.Fprintf(w, "\nkept: leat groups %s; leat dead list %s --group %s\n", s.Stream, s.Stream, s.Group)
	}
}

func more(w io.Writer, n int) {
	if n > shown {
		fmt.Fprintf(w, "  and %d more\n", n-shown)
	}
}

// count is n things in words.
func count(n int, thing string) string {
	switch {
	case n == 1:
	case strings.HasSuffix(thing, "y"):
		thing = strings.TrimSuffix(thing, "y") + "ies"
	default:
		thing += "s"
	}
	return fmt.Sprintf("%d %s", n, thing)
}
