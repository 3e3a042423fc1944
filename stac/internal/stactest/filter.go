package stactest

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// expression is as much of CQL2 as the tests need: and, comparisons of updated.
type expression struct {
	Op   string            `json:"op"`
	Args []json.RawMessage `json:"args"`
}

var comparison = regexp.MustCompile(`updated (>=|<=) (TIMESTAMP\()?'([^']*)'\)?`)

// filter is what the parameters filter and query ask for.
func (s *Server) filter(m members) (func(*Item) bool, error) {
	var keeps []func(*Item) bool
	if raw, ok := m["query"]; ok && s.shape.Query {
		var query map[string]map[string]any
		if err := json.Unmarshal(raw, &query); err != nil {
			return nil, fmt.Errorf("query: %w", err)
		}
		for op, value := range query["updated"] {
			keeps = append(keeps, byTime(map[string]string{"gte": ">=", "lte": "<="}[op], fmt.Sprint(value)))
		}
	}
	if raw, ok := m["filter"]; ok {
		keep, err := s.cql(raw)
		if err != nil {
			return nil, err
		}
		keeps = append(keeps, keep)
	}
	return func(i *Item) bool {
		for _, keep := range keeps {
			if !s.faults.IgnoreFilter && !keep(i) {
				return false
			}
		}
		return true
	}, nil
}

func (s *Server) cql(raw json.RawMessage) (func(*Item) bool, error) {
	if !s.shape.Timestamp && !s.shape.Text {
		return func(*Item) bool { return true }, nil // ignored with a 200
	}
	var text string
	if json.Unmarshal(raw, &text) == nil && !strings.HasPrefix(text, "{") {
		keep := func(*Item) bool { return true }
		for _, found := range comparison.FindAllStringSubmatch(text, -1) {
			next, err := s.compare(found[1], found[3], found[2] != "")
			if err != nil {
				return nil, err
			}
			before := keep
			keep = func(i *Item) bool { return before(i) && next(i) }
		}
		return keep, nil
	}
	if text != "" {
		raw = json.RawMessage(text)
	}
	var e expression
	if err := json.Unmarshal(raw, &e); err != nil {
		return nil, fmt.Errorf("filter: %w", err)
	}
	if e.Op == "and" {
		var keeps []func(*Item) bool
		for _, arg := range e.Args {
			keep, err := s.cql(arg)
			if err != nil {
				return nil, err
			}
			keeps = append(keeps, keep)
		}
		return func(i *Item) bool {
			for _, keep := range keeps {
				if !keep(i) {
					return false
				}
			}
			return true
		}, nil
	}
	return s.leaf(&e)
}

func (s *Server) leaf(e *expression) (func(*Item) bool, error) {
	var property struct{ Property string }
	if len(e.Args) != 2 || json.Unmarshal(e.Args[0], &property) != nil {
		return nil, errors.New("filter: want a property and a literal")
	}
	if property.Property != "updated" {
		return func(*Item) bool { return true }, nil
	}
	var literal string
	var timestamp struct{ Timestamp string }
	if json.Unmarshal(e.Args[1], &literal) == nil {
		return s.compare(e.Op, literal, false)
	}
	if json.Unmarshal(e.Args[1], &timestamp) != nil {
		return nil, errors.New("filter: want a literal")
	}
	return s.compare(e.Op, timestamp.Timestamp, true)
}

// compare is the heart of the matter: some take timestamps, some compare text.
func (s *Server) compare(op, literal string, timestamp bool) (func(*Item) bool, error) {
	if timestamp {
		if !s.shape.Timestamp {
			return nil, errors.New("filter: operator does not exist: text >= timestamp with time zone")
		}
		return byTime(op, literal), nil
	}
	if !s.shape.Text {
		return nil, errors.New("filter: want a timestamp literal")
	}
	return func(i *Item) bool {
		u := i.updated()
		return u != "" && (op == ">=" && u >= literal || op == "<=" && u <= literal)
	}, nil
}

func byTime(op, literal string) func(*Item) bool {
	at, err := time.Parse(time.RFC3339Nano, literal)
	return func(i *Item) bool {
		if err != nil || i.Updated.IsZero() {
			return false
		}
		return op == ">=" && !i.Updated.Before(at) || op == "<=" && !i.Updated.After(at)
	}
}
