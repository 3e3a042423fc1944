package poll

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/leat-io/leat/stac"
)

// Check is what a server is compared with, and which part of it.
type Check struct {
	// Since and Until are when the items were taken: all days from the one to the
	// other, both included. Required.
	Since, Until time.Time
	// Stream compares with the entries that are in the stream, each of them read,
	// instead of with what the poller remembers to have published. Entries that
	// were trimmed are missing then.
	Stream bool
}

// Report is how complete a source is published, day by day.
type Report struct {
	// Source is its name, Stream where its events are.
	Source string `json:"source"`
	Stream string `json:"stream"`
	// Days are in their order; days with nothing on either side are left out.
	Days []Day `json:"days"`
	// Complete: nothing is missing, outdated, extra or truncated.
	Complete bool `json:"complete"`
}

// maxExamples is how many items a day names.
const maxExamples = 5

// checkDays is how many days a check may have.
const checkDays = 4000

// Check compares a source's server with what is published. It publishes nothing,
// and needs no lease. The server is asked for each day by itself; a static catalog
// is read once.
func (p *Poller) Check(ctx context.Context, name string, c Check) (*Report, error) {
	s, err := p.source(name)
	if err != nil {
		return nil, err
	}
	k := &checker{source: s, days: map[string]*Day{}, seen: map[string]bool{}}
	k.since, k.until = c.Since.UTC().Truncate(minStep), c.Until.UTC().Truncate(minStep)
	if days := k.until.Sub(k.since) / minStep; days < 0 || days >= checkDays {
		return nil, fmt.Errorf("check source %s: from %s to %s are %d days, want 1 to %d", s.src.Name, k.since.Format(dayFormat), k.until.Format(dayFormat), days+1, checkDays)
	}
	if c.Stream {
		k.published, err = s.inStream(ctx)
	} else {
		k.published, err = s.remembered(ctx)
	}
	if err == nil {
		err = k.compare(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("check source %s: %w", s.src.Name, err)
	}
	return k.report(), nil
}

// checker is one check under way.
type checker struct {
	*source
	since, until time.Time // the first and the last day
	published    map[string]record
	days         map[string]*Day
	seen         map[string]bool // items that the server has sent
}

func (k *checker) compare(ctx context.Context) error {
	landing, err := k.plain.Landing(ctx)
	if err != nil {
		return err
	}
	q := k.src.Query
	if landing.Kind() == stac.KindCatalog {
		return k.read(ctx, q, k.since, k.until)
	}
	for day := k.since; !day.After(k.until); day = day.Add(minStep) {
		if err := k.read(ctx, q, day, day); err != nil {
			return err
		}
	}
	return nil
}

// read looks at the items of some days. A server that ends early is a finding, and
// no error.
func (k *checker) read(ctx context.Context, q stac.Query, from, to time.Time) error {
	var some bool
	if q.Datetime, some = intersect(q.Datetime, stac.Interval{Start: from, End: to.Add(minStep - time.Nanosecond)}); !some {
		return nil
	}
	got := map[string]bool{}
	for page, err := range k.plain.Sweep(ctx, q) {
		if errors.Is(err, stac.ErrIncomplete) {
			k.truncated(from, to)
			break
		}
		if err != nil {
			return fmt.Errorf("%s: %w", q.Datetime, err)
		}
		for i := range page.Items {
			got[fieldOf(page.Items[i].Collection, page.Items[i].ID)] = true
			k.item(&page.Items[i])
		}
	}
	// Items of other days that reach into this one count with the server as well.
	if n, err := k.plain.Count(ctx, q); err == nil && n > len(got) && from.Equal(to) {
		k.truncated(from, to)
	}
	return nil
}

func (k *checker) truncated(from, to time.Time) {
	for day := from; !day.After(to); day = day.Add(minStep) {
		k.day(day.Format(dayFormat)).Truncated = true
	}
}

func (k *checker) day(name string) *Day {
	d := k.days[name]
	if d == nil {
		d = &Day{Day: name}
		k.days[name] = d
	}
	return d
}

// within tells whether a day is one of those that are checked.
func (k *checker) within(day string) bool {
	return day >= k.since.Format(dayFormat) && day <= k.until.Format(dayFormat)
}

// item compares one item of the server.
func (k *checker) item(item *stac.Item) {
	field, name := fieldOf(item.Collection, item.ID), dayOf(item)
	if !k.within(name) || k.seen[field] {
		return
	}
	k.seen[field] = true
	d := k.day(name)
	d.Server++
	r, ok := k.published[field]
	switch {
	case !ok:
		d.Missing++
		d.example("missing", field)
	case r.version != item.Version():
		d.Outdated++
		d.Published++
		d.example("outdated", field)
	default:
		d.Published++
	}
}

func (d *Day) example(what, field string) {
	if len(d.Examples) < maxExamples {
		d.Examples = append(d.Examples, what+" "+field)
	}
}

// report adds what is published and not on the server.
func (k *checker) report() *Report {
	for _, field := range slices.Sorted(maps.Keys(k.published)) {
		if r := k.published[field]; !k.seen[field] && k.within(r.day) {
			d := k.day(r.day)
			d.Extra++
			d.example("extra", field)
		}
	}
	out := &Report{Source: k.src.Name, Stream: k.src.Stream, Days: []Day{}, Complete: true}
	for _, name := range slices.Sorted(maps.Keys(k.days)) {
		d := k.days[name]
		out.Days = append(out.Days, *d)
		out.Complete = out.Complete && d.Complete()
		k.cfg.Hooks.Counted(k.src.Name, *d)
	}
	return out
}

// remembered are the items that are known and not deleted.
func (s *source) remembered(ctx context.Context) (map[string]record, error) {
	all := map[string]record{}
	for r, err := range s.store.records(ctx) {
		if err != nil {
			return nil, err
		}
		if r.state != 'd' {
			all[r.field] = r
		}
	}
	return all, nil
}
