package stac

import (
	"fmt"
	"strings"
	"time"
)

// sent is how times are written in requests: microseconds are what PostgreSQL
// keeps and Python reads; some servers answer 400 to nine digits.
const sent = "2006-01-02T15:04:05.999999Z"

// Interval is a part of time, both ends included. A zero end is open.
type Interval struct{ Start, End time.Time }

// IsZero tells whether both ends are open: all of time.
func (i Interval) IsZero() bool { return i.Start.IsZero() && i.End.IsZero() }

// String is the interval as requests have it: RFC 3339 in UTC with a Z, ".." for
// an open end. Fractions go down to microseconds; ends are rounded outwards.
func (i Interval) String() string {
	start, end := "..", ".."
	if !i.Start.IsZero() {
		start = i.Start.UTC().Truncate(time.Microsecond).Format(sent)
	}
	if !i.End.IsZero() {
		end = ceil(i.End, time.Microsecond).UTC().Format(sent)
	}
	return start + "/" + end
}

// Contains tells whether t is in the interval.
func (i Interval) Contains(t time.Time) bool {
	return (i.Start.IsZero() || !t.Before(i.Start)) && (i.End.IsZero() || !t.After(i.End))
}

// overlaps tells whether a part of start to end is in the interval.
func (i Interval) overlaps(start, end time.Time) bool {
	return (i.End.IsZero() || !start.After(i.End)) && (i.Start.IsZero() || !end.Before(i.Start))
}

// ParseInterval reads "a/b", "a/..", "../b" or one instant "a". Ends are as
// [ParseTime] reads them, and an empty one is open. The start must not be after
// the end.
func ParseInterval(s string) (Interval, error) {
	from, to, two := strings.Cut(s, "/")
	if !two {
		to = from
	}
	var i Interval
	for _, end := range []struct {
		text string
		to   *time.Time
	}{{from, &i.Start}, {to, &i.End}} {
		if end.text == "" || end.text == ".." {
			continue
		}
		t, err := ParseTime(end.text)
		if err != nil {
			return Interval{}, fmt.Errorf("interval %.80q: %w", s, err)
		}
		*end.to = t
	}
	if !i.Start.IsZero() && !i.End.IsZero() && i.End.Before(i.Start) {
		return Interval{}, fmt.Errorf("interval %.80q: it ends before it begins", s)
	}
	return i, nil
}

// ParseTime reads RFC 3339 as servers write it: t and z in lower case, a space
// for the T, any number of fractional digits (those past the ninth are cut off),
// and a missing time zone, which is taken for UTC. The result is in UTC.
func ParseTime(s string) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return t.UTC(), nil
	}
	text := strings.ToUpper(strings.TrimSpace(s))
	if len(text) > 10 && text[10] == ' ' {
		text = text[:10] + "T" + text[11:]
	}
	if dot := strings.IndexByte(text, '.'); dot >= 0 {
		end := dot + 1
		for end < len(text) && text[end] >= '0' && text[end] <= '9' {
			end++
		}
		text = text[:min(end, dot+10)] + text[end:]
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04:05.999999999Z07"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("time %.40q: want RFC 3339 with all of date and time, as in 2024-05-01T00:00:00Z", s)
}

func ceil(t time.Time, unit time.Duration) time.Time {
	if down := t.Truncate(unit); down.Before(t) {
		return down.Add(unit)
	}
	return t
}
