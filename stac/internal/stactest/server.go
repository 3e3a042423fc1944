package stactest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Request is one request as it came.
type Request struct {
	Method, Path, Query string
	Header              http.Header
	Body                string
}

// Server is an API.
type Server struct {
	*httptest.Server
	// Shape and Faults may be changed with Change.
	shape  Shape
	faults Faults

	mu       sync.Mutex
	items    []Item
	requests []Request
	answers  int // searches that were answered
}

// Faults is how a server misbehaves. The zero value does not.
type Faults struct {
	// Intercept answers in the place of the server when it returns true.
	Intercept func(w http.ResponseWriter, r *http.Request) bool
	// IgnoreCollections, IgnoreDatetime, IgnoreFilter and IgnoreLimit are parameters
	// that are not looked at.
	IgnoreCollections, IgnoreDatetime, IgnoreFilter, IgnoreLimit bool
	// EndAfter drops the next link once so many items of a search have been sent; 0:
	// never.
	EndAfter int
	// Loop makes next links lead to the same page again; Churn makes them new each
	// time all the same.
	Loop, Churn bool
	// Empty is how many empty pages come before each page with items.
	Empty int
	// SlowAbove is answered with 504 when a limit is above it; 0: none.
	SlowAbove int
	// Count is added to the count that is sent.
	Count int
	// Href rewrites all addresses of links.
	Href func(string) string
}

// New starts a server; it ends with the test.
func New(tb testing.TB, shape Shape, items ...Item) *Server {
	tb.Helper()
	s := &Server{shape: shape, items: slices.Clone(items)}
	s.Server = httptest.NewServer(s)
	tb.Cleanup(s.Close)
	return s
}

// Change changes how the server answers.
func (s *Server) Change(change func(*Shape, *Faults)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.shape, &s.faults)
}

// Put adds items, or puts them in the place of those with the same collection and
// ID.
func (s *Server) Put(items ...Item) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, item := range items {
		same := func(other Item) bool { return other.ID == item.ID && other.Collection == item.Collection }
		if i := slices.IndexFunc(s.items, same); i >= 0 {
			s.items[i] = item
		} else {
			s.items = append(s.items, item)
		}
	}
}

// Delete removes an item.
func (s *Server) Delete(collection, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.items = slices.DeleteFunc(s.items, func(i Item) bool { return i.Collection == collection && i.ID == id })
}

// All is a copy of the items.
func (s *Server) All() []Item {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.items)
}

// Requests are all so far.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Searches are the bodies of POSTs and the queries of GETs of searches so far.
func (s *Server) Searches() []Request {
	return slices.DeleteFunc(s.Requests(), func(r Request) bool { return r.Path != "/search" && !strings.HasSuffix(r.Path, "/items") })
}

// ServeHTTP answers.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	s.mu.Lock()
	s.requests = append(s.requests, Request{Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery, Header: r.Header.Clone(), Body: string(body)})
	intercept := s.faults.Intercept
	s.mu.Unlock()
	if intercept != nil && intercept(w, r) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case r.URL.Path == "/":
		answer(w, 200, s.landing())
	case r.URL.Path == "/conformance":
		answer(w, 200, map[string]any{"conformsTo": s.shape.Conforms})
	case r.URL.Path == "/search" && (s.shape.Post || s.shape.Get):
		s.search(w, r, body)
	case strings.HasPrefix(r.URL.Path, "/collections"):
		s.collections(w, r)
	default:
		answer(w, 404, map[string]any{"code": "NotFound", "description": "no such page"})
	}
}

func (s *Server) landing() map[string]any {
	links := []map[string]any{
		{"rel": "self", "href": s.href("/"), "type": "application/json"},
		{"rel": "data", "href": s.href("/collections"), "type": "application/json"},
		{"rel": "conformance", "href": s.href("/conformance"), "type": "application/json"},
	}
	if s.shape.Get { // as servers do that know of no other method
		links = append(links, map[string]any{"rel": "search", "href": s.href("/search"), "type": "application/geo+json"})
	}
	if s.shape.Post {
		links = append(links, map[string]any{"rel": "search", "href": s.href("/search"), "type": "application/geo+json", "method": "POST"})
	}
	page := map[string]any{
		"type": "Catalog", "id": "test", "title": "A server for tests", "stac_version": "1.0.0", "description": "rebuilt by hand", "links": links,
	}
	if !s.shape.Hidden {
		page["conformsTo"] = s.shape.Conforms
	}
	return page
}

func (s *Server) href(path string) string {
	href := s.URL + path
	if s.faults.Href != nil {
		href = s.faults.Href(href)
	}
	return href
}

func (s *Server) collections(w http.ResponseWriter, r *http.Request) {
	ids := s.collectionIDs()
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	if len(parts) > 1 && !slices.Contains(ids, parts[1]) {
		answer(w, 404, map[string]any{"code": "NotFound", "description": "Collection " + parts[1] + " does not exist"})
		return
	}
	switch len(parts) {
	case 1:
		var list []any
		for _, id := range ids {
			list = append(list, s.collection(id))
		}
		answer(w, 200, map[string]any{"collections": list, "links": []any{}, "numberMatched": len(list)})
	case 2:
		answer(w, 200, s.collection(parts[1]))
	case 3:
		s.items3(w, r, parts[1])
	case 4:
		for i := range s.items {
			if s.items[i].Collection == parts[1] && s.items[i].ID == parts[3] {
				answer(w, 200, s.item(&s.items[i]))
				return
			}
		}
		answer(w, 404, map[string]any{"code": "NotFound", "description": "no such item"})
	}
}

func (s *Server) collectionIDs() []string {
	var ids []string
	for _, i := range s.items {
		if !slices.Contains(ids, i.Collection) {
			ids = append(ids, i.Collection)
		}
	}
	slices.Sort(ids)
	return ids
}

func (s *Server) collection(id string) map[string]any {
	return map[string]any{
		"type": "Collection", "id": id, "title": "Collection " + id, "stac_version": "1.0.0", "description": id, "license": "proprietary",
		"extent": map[string]any{"spatial": map[string]any{"bbox": [][]float64{{-180, -90, 180, 90}}}, "temporal": map[string]any{"interval": [][]any{{"2015-06-27T10:25:31Z", nil}}}},
		"links": []map[string]any{
			{"rel": "self", "href": s.href("/collections/" + id), "type": "application/json"},
			{"rel": "items", "href": s.href("/collections/" + id + "/items"), "type": "application/geo+json"},
		},
	}
}

func (s *Server) item(i *Item) map[string]any {
	return i.JSON([]map[string]any{
		{"rel": "collection", "href": s.href("/collections/" + i.Collection), "type": "application/json"},
		{"rel": "self", "href": s.href("/collections/" + i.Collection + "/items/" + i.ID), "type": "application/geo+json"},
	})
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/geo+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func refuse(w http.ResponseWriter, format string, args ...any) {
	answer(w, 400, map[string]any{"code": "InvalidParameterValue", "description": fmt.Sprintf(format, args...)})
}
