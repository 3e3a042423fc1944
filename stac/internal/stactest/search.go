package stactest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// members are the parameters of a search, whatever way they came.
type members map[string]json.RawMessage

func (s *Server) search(w http.ResponseWriter, r *http.Request, body []byte) {
	m := members{}
	if r.Method == http.MethodPost {
		if err := json.Unmarshal(body, &m); err != nil {
			refuse(w, "body: %v", err)
			return
		}
	} else {
		m = fromQuery(r.URL.Query())
	}
	s.page(w, r, m, "/search")
}

func (s *Server) items3(w http.ResponseWriter, r *http.Request, collection string) {
	m := fromQuery(r.URL.Query())
	m["collections"] = encode([]string{collection})
	s.page(w, r, m, r.URL.Path)
}

func fromQuery(q url.Values) members {
	m := members{}
	for name, values := range q {
		switch value := values[0]; name {
		case "collections", "ids":
			m[name] = encode(strings.Split(value, ","))
		case "bbox":
			m[name] = json.RawMessage("[" + value + "]")
		case "limit", "query", "intersects":
			m[name] = json.RawMessage(value)
		default:
			m[name] = encode(value)
		}
	}
	return m
}

func (m members) text(name string) string {
	var s string
	_ = json.Unmarshal(m[name], &s)
	return s
}

func (m members) list(name string) (list []string) {
	_ = json.Unmarshal(m[name], &list)
	return list
}

// page answers one page of a search.
func (s *Server) page(w http.ResponseWriter, r *http.Request, m members, path string) {
	limit := 10
	if raw, ok := m["limit"]; ok {
		if err := json.Unmarshal(raw, &limit); err != nil || limit < 1 {
			refuse(w, "limit: %s", raw)
			return
		}
	}
	if s.shape.MaxLimit > 0 && limit > s.shape.MaxLimit {
		refuse(w, "limit: %d is more than %d", limit, s.shape.MaxLimit)
		return
	}
	if s.faults.SlowAbove > 0 && limit > s.faults.SlowAbove {
		answer(w, http.StatusGatewayTimeout, map[string]any{"message": "Endpoint request timed out"})
		return
	}
	found, err := s.matching(m)
	if err != nil {
		refuse(w, "%v", err)
		return
	}
	size := limit
	if s.shape.Cap > 0 {
		size = min(size, s.shape.Cap)
	}
	if s.faults.IgnoreLimit {
		size = 25
	}
	offset, empty := place(m, r)
	s.answers++
	page := found[min(offset, len(found)):min(offset+size, len(found))]
	after := offset + len(page)
	if empty < s.faults.Empty && len(page) > 0 {
		page, after, empty = nil, offset, empty+1
	} else {
		empty = 0
	}
	doc := map[string]any{"type": "FeatureCollection", "features": s.features(page), "numberReturned": len(page)}
	links := []map[string]any{{"rel": "root", "href": s.href("/"), "type": "application/json"}}
	ends := s.faults.EndAfter > 0 && after >= s.faults.EndAfter
	if s.faults.Loop && offset > 0 {
		after = offset
	}
	if (after < len(found) || s.faults.Loop) && !ends {
		token := fmt.Sprintf("next:%d:%d", after, empty)
		if s.faults.Churn {
			token += fmt.Sprintf(":%d", s.answers)
		}
		links = append(links, s.next(r, m, path, token))
	}
	doc["links"] = links
	if s.shape.Matched {
		doc["numberMatched"] = len(found) + s.faults.Count
	}
	if s.shape.Context {
		doc["context"] = map[string]any{"matched": len(found) + s.faults.Count, "returned": len(page), "limit": limit}
	}
	answer(w, http.StatusOK, doc)
}

// place is where a page begins, and how many empty ones came before it.
func place(m members, r *http.Request) (offset, empty int) {
	token := m.text("token") + m.text("next") + r.Header.Get("X-Token")
	parts := strings.Split(token, ":")
	if len(parts) < 3 {
		return 0, 0
	}
	offset, _ = strconv.Atoi(parts[1])
	empty, _ = strconv.Atoi(parts[2])
	return offset, empty
}

func (s *Server) features(items []*Item) []any {
	list := []any{}
	for _, i := range items {
		list = append(list, s.item(i))
	}
	return list
}

// next is the link in the server's shape.
func (s *Server) next(r *http.Request, m members, path, token string) map[string]any {
	link := map[string]any{"rel": "next", "type": "application/geo+json", "href": s.href(path)}
	if r.Method == http.MethodGet || s.shape.Next == NextGet {
		query := r.URL.Query()
		query.Set("token", token)
		link["href"] = s.href(path) + "?" + query.Encode()
		return link
	}
	link["method"] = "POST"
	switch s.shape.Next {
	case NextFullBody:
		body := maps.Clone(m)
		body["token"] = encode(token)
		link["body"] = body
	case NextOwnBody:
		body := members{"next": encode(token)}
		for _, name := range []string{"collections", "limit", "datetime", "query", "ids", "bbox", "sortby"} {
			if raw, ok := m[name]; ok {
				body[name] = raw
			}
		}
		link["body"], link["merge"] = body, false
	case NextMerge:
		link["body"], link["merge"] = map[string]any{"token": token}, true
	case NextHeader:
		link["headers"], link["merge"] = map[string]any{"X-Token": token}, true
	}
	return link
}

// matching are the items that a search finds, the newest first.
func (s *Server) matching(m members) ([]*Item, error) {
	keep, err := s.filter(m)
	if err != nil {
		return nil, err
	}
	start, end, err := interval(m.text("datetime"))
	if err != nil {
		return nil, err
	}
	collections, ids := m.list("collections"), m.list("ids")
	var found []*Item
	for i := range s.items {
		item := &s.items[i]
		from, to := item.Datetime, item.Datetime
		if from.IsZero() {
			from, to = item.Start, item.End
		}
		if len(collections) > 0 && !s.faults.IgnoreCollections && !slices.Contains(collections, item.Collection) ||
			len(ids) > 0 && !slices.Contains(ids, item.ID) ||
			!s.faults.IgnoreDatetime && (!start.IsZero() && to.Before(start) || !end.IsZero() && from.After(end)) ||
			!keep(item) {
			continue
		}
		found = append(found, item)
	}
	s.sort(found, m)
	return found, nil
}

func (s *Server) sort(found []*Item, m members) {
	var keys []struct{ Field, Direction string }
	if json.Unmarshal(m["sortby"], &keys) != nil {
		for key := range strings.SplitSeq(m.text("sortby"), ",") {
			keys = append(keys, struct{ Field, Direction string }{strings.TrimLeft(key, "+-"), map[bool]string{true: "desc", false: "asc"}[strings.HasPrefix(key, "-")]})
		}
	}
	byUpdated := len(keys) > 0 && strings.TrimPrefix(keys[0].Field, "properties.") == "updated"
	slices.SortStableFunc(found, func(a, b *Item) int {
		if byUpdated {
			if keys[0].Direction == "desc" {
				a, b = b, a
			}
			return strings.Compare(a.updated(), b.updated())
		}
		return b.Datetime.Compare(a.Datetime)
	})
}

// interval is as strict as the strictest server: RFC 3339 in full, with a Z.
func interval(s string) (start, end time.Time, err error) {
	if s == "" {
		return start, end, nil
	}
	from, to, two := strings.Cut(s, "/")
	if !two {
		to = from
	}
	for text, at := range map[string]*time.Time{from: &start, to: &end} {
		if text == ".." {
			continue
		}
		if *at, err = time.Parse("2006-01-02T15:04:05.999999Z", text); err != nil {
			return start, end, fmt.Errorf("datetime: %q is not RFC 3339", text)
		}
	}
	if from == to {
		end = start
	}
	return start, end, nil
}
