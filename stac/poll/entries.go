package poll

import (
	"context"
	"fmt"
	"strings"

	"github.com/leat-io/leat/stream"
)

// entriesAtOnce is how many entries one XRANGE reads.
const entriesAtOnce = 1000

// inStream are the items as the entries of the stream tell of them, the last one
// of each. Items that were passed over at the source's start are in no entry: they
// are taken from what is remembered.
func (s *source) inStream(ctx context.Context) (map[string]record, error) {
	all, err := s.remembered(ctx)
	if err != nil {
		return nil, err
	}
	for field, r := range all {
		if r.state != 'k' {
			delete(all, field)
		}
	}
	for from := "-"; ; {
		reply, err := s.store.conn.Do(ctx, s.src.Stream, "XRANGE", s.src.Stream, from, "+", "COUNT", entriesAtOnce)
		if err != nil {
			return nil, fmt.Errorf("read stream %s: %w", s.src.Stream, err)
		}
		entries, _ := reply.([]any)
		for _, one := range entries {
			entry, _ := one.([]any)
			if len(entry) != 2 {
				return nil, fmt.Errorf("read stream %s: XRANGE answers %v", s.src.Stream, one)
			}
			id, _ := entry[0].(string)
			from = "(" + id
			s.replay(all, entry[1])
		}
		if len(entries) < entriesAtOnce {
			return all, nil
		}
	}
}

// replay takes one entry into account, if it is about an item of the source's
// server.
func (s *source) replay(all map[string]record, fields any) {
	pairs, _ := fields.([]any)
	by := map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		name, _ := pairs[i].(string)
		by[name], _ = pairs[i+1].(string)
	}
	what, ours := strings.CutPrefix(by["type"], eventType+".")
	collection, id := by["staccollection"], by["stacitem"]
	if !ours || by["specversion"] != stream.SpecVersion || by["source"] != s.client.Source(collection) {
		return
	}
	field := fieldOf(collection, id)
	if what == "delete" {
		delete(all, field)
		return
	}
	r := record{field: field, state: 'c', day: noDay, version: by["stacitemversion"]}
	if taken := by["datetime"]; len(taken) >= len(dayFormat) {
		r.day = taken[:len(dayFormat)]
	}
	all[field] = r
}
