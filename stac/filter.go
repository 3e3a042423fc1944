package stac

import (
	"encoding/json"
	"fmt"
	"time"
)

// bounds are the ends of an interval as a grammar writes them, empty where open.
// Text compares "00.5Z" before "00Z": whole seconds further out cover both, and
// what comes too many is left out by the matcher.
func bounds(i Interval, g Grammar) (from, to string) {
	if g == GrammarString {
		if !i.Start.IsZero() {
			i.Start = i.Start.Truncate(time.Second).Add(-time.Second)
		}
		if !i.End.IsZero() {
			i.End = ceil(i.End, time.Second).Add(time.Second)
		}
	}
	if !i.Start.IsZero() {
		from = i.Start.UTC().Truncate(time.Microsecond).Format(sent)
	}
	if !i.End.IsZero() {
		to = ceil(i.End, time.Microsecond).UTC().Format(sent)
	}
	return from, to
}

// comparison is one bound of updated.
type comparison struct{ op, name, value string }

func (q *Query) comparisons() []comparison {
	from, to := bounds(q.Updated, q.Grammar)
	var list []comparison
	if from != "" {
		list = append(list, comparison{">=", "gte", from})
	}
	if to != "" {
		list = append(list, comparison{"<=", "lte", to})
	}
	return list
}

// filter is the query's Filter and what Updated adds to it, with its language;
// empty when there is neither. A Filter in text stays text.
func (q *Query) filter(get bool) (value any, lang string, err error) {
	var compared []comparison
	if q.Grammar == GrammarTimestamp || q.Grammar == GrammarString {
		compared = q.comparisons()
	}
	if q.Filter.Text != "" || get && len(q.Filter.JSON) == 0 {
		text := q.Filter.Text
		for _, c := range compared {
			text = and(text, c.text(q.Grammar))
		}
		return text, "cql2-text", nil
	}
	var args []json.RawMessage
	if len(q.Filter.JSON) > 0 {
		args = append(args, q.Filter.JSON)
	}
	for _, c := range compared {
		args = append(args, c.json(q.Grammar))
	}
	switch len(args) {
	case 0:
		return "", "", nil
	case 1:
		return args[0], "cql2-json", nil
	}
	all, err := json.Marshal(map[string]any{"op": "and", "args": args})
	if err != nil {
		return nil, "", fmt.Errorf("stac query: filter: %w", err)
	}
	return json.RawMessage(all), "cql2-json", nil
}

func and(a, b string) string {
	if a == "" {
		return b
	}
	return "(" + a + ") AND " + b
}

func (c comparison) text(g Grammar) string {
	if g == GrammarTimestamp {
		return fmt.Sprintf("updated %s TIMESTAMP('%s')", c.op, c.value)
	}
	return fmt.Sprintf("updated %s '%s'", c.op, c.value)
}

func (c comparison) json(g Grammar) json.RawMessage {
	literal := `"` + c.value + `"`
	if g == GrammarTimestamp {
		literal = `{"timestamp":` + literal + `}`
	}
	return json.RawMessage(`{"op":"` + c.op + `","args":[{"property":"updated"},` + literal + `]}`)
}

// extension is the object of the query extension, with what Updated adds to it;
// nil when there is nothing.
func (q *Query) extension() (json.RawMessage, error) {
	var compared []comparison
	if q.Grammar == GrammarQuery {
		compared = q.comparisons()
	}
	if len(compared) == 0 {
		return q.Query, nil
	}
	members := map[string]json.RawMessage{}
	if len(q.Query) > 0 {
		if err := json.Unmarshal(q.Query, &members); err != nil {
			return nil, fmt.Errorf("stac query: query extension: %w", err)
		}
	}
	updated := map[string]any{}
	if own, ok := members["updated"]; ok {
		if err := json.Unmarshal(own, &updated); err != nil {
			return nil, fmt.Errorf("stac query: query extension: updated: %w", err)
		}
	}
	for _, c := range compared {
		if _, taken := updated[c.name]; taken {
			return nil, fmt.Errorf("stac query: query extension: updated has %s already", c.name)
		}
		updated[c.name] = c.value
	}
	raw, err := json.Marshal(updated)
	if err != nil {
		return nil, fmt.Errorf("stac query: query extension: %w", err)
	}
	members["updated"] = raw
	all, err := json.Marshal(members)
	if err != nil {
		return nil, fmt.Errorf("stac query: query extension: %w", err)
	}
	return all, nil
}
