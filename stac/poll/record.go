package poll

import (
	"context"
	"fmt"
	"iter"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/leat-io/leat/stac"
)

// fieldOf names an item in the hash of the seen ones. The first slash ends the
// collection.
func fieldOf(collection, id string) string { return url.PathEscape(collection) + "/" + id }

// record is what is remembered of an item.
type record struct {
	field string
	// pass is the number of the last reconciling pass that saw it.
	pass int64
	// state is c (published as created), r (as replaced), k (known, and passed over)
	// or d (published as deleted).
	state byte
	// day is that of [dayOf].
	day, version string
	// href is empty where it is the usual one: see [usualHref].
	href string
}

func (r *record) names() (collection, id string) {
	collection, id, _ = strings.Cut(r.field, "/")
	if plain, err := url.PathUnescape(collection); err == nil {
		collection = plain
	}
	return collection, id
}

func parseRecord(field, value string) (record, error) {
	parts := strings.SplitN(value, " ", 5)
	if len(parts) < 4 || parts[1] == "" {
		return record{}, fmt.Errorf("seen item %.80q is %.80q, want 'PASS STATE DAY VERSION [HREF]'", field, value)
	}
	pass, err := strconv.ParseInt(parts[0], 10, 64)
	if err != nil {
		return record{}, fmt.Errorf("seen item %.80q: pass: %w", field, err)
	}
	r := record{field: field, pass: pass, state: parts[1][0], day: parts[2], version: parts[3]}
	if len(parts) == 5 {
		r.href = parts[4]
	}
	return r, nil
}

// scanCount is how many seen items one HSCAN looks at.
const scanCount = 1000

// records are all items that were seen, in no order. One may come twice.
func (s *store) records(ctx context.Context) iter.Seq2[record, error] {
	return func(yield func(record, error) bool) {
		for cursor := "0"; ; {
			reply, err := s.conn.Do(ctx, s.stream, "HSCAN", s.seen, cursor, "COUNT", scanCount)
			list, _ := reply.([]any)
			if err == nil && len(list) != 2 {
				err = fmt.Errorf("HSCAN answers %v", reply)
			}
			if err != nil {
				yield(record{}, s.wrap("scan the seen items", err))
				return
			}
			cursor, _ = list[0].(string)
			pairs, _ := list[1].([]any)
			for i := 0; i+1 < len(pairs); i += 2 {
				field, _ := pairs[i].(string)
				value, _ := pairs[i+1].(string)
				r, err := parseRecord(field, value)
				if !yield(r, s.wrap("scan the seen items", err)) || err != nil {
					return
				}
			}
			if cursor == "0" {
				return
			}
		}
	}
}

// noDay is the day of items without any time.
const noDay = "-"

const dayFormat = "2006-01-02"

// dayOf is the day in UTC on which an item's data was taken, or began to be.
func dayOf(item *stac.Item) string {
	at := takenAt(item)
	if at.IsZero() {
		return noDay
	}
	return at.UTC().Format(dayFormat)
}

func takenAt(item *stac.Item) time.Time {
	switch {
	case !item.Datetime.IsZero():
		return item.Datetime
	case !item.Start.IsZero():
		return item.Start
	}
	return item.End
}
