package stac

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// searchBody is a search as it is posted.
type searchBody struct {
	Collections []string        `json:"collections,omitempty"`
	IDs         []string        `json:"ids,omitempty"`
	BBox        []float64       `json:"bbox,omitempty"`
	Intersects  json.RawMessage `json:"intersects,omitempty"`
	Datetime    string          `json:"datetime,omitempty"`
	Limit       int             `json:"limit"`
	Query       json.RawMessage `json:"query,omitempty"`
	FilterLang  string          `json:"filter-lang,omitempty"`
	Filter      any             `json:"filter,omitempty"`
	SortBy      []sortBody      `json:"sortby,omitempty"`
}

type sortBody struct {
	Field     string `json:"field"`
	Direction string `json:"direction"`
}

// searchRequest is the first request of a search at a link. sorts tells whether
// the server says that it can sort.
func searchRequest(link *Link, q *Query, limit int, sorts bool) (*request, error) {
	if !sorts {
		plain := *q
		plain.Sort = nil
		q = &plain
	}
	extension, err := q.extension()
	if err != nil {
		return nil, err
	}
	filter, lang, err := q.filter(link.Method != http.MethodPost)
	if err != nil {
		return nil, err
	}
	if link.Method != http.MethodPost {
		return getSearch(link, q, limit, extension, filter, lang)
	}
	b := searchBody{
		Collections: q.Collections, IDs: q.IDs, BBox: q.BBox, Intersects: q.Intersects, Limit: limit, Query: extension,
	}
	if !q.Datetime.IsZero() {
		b.Datetime = q.Datetime.String()
	}
	if filter != "" {
		b.Filter, b.FilterLang = filter, lang
	}
	for _, s := range q.Sort {
		direction := "asc"
		if s.Descending {
			direction = "desc"
		}
		b.SortBy = append(b.SortBy, sortBody{s.Field, direction})
	}
	body, err := json.Marshal(b)
	if err != nil {
		return nil, fmt.Errorf("stac query: %w", err)
	}
	return &request{method: http.MethodPost, url: link.Href, header: linkHeader(nil, link.Header), body: body}, nil
}

func getSearch(link *Link, q *Query, limit int, extension json.RawMessage, filter any, lang string) (*request, error) {
	parameters := featureParameters(q, limit)
	set := func(name, value string) {
		if value != "" {
			parameters.Set(name, value)
		}
	}
	set("collections", strings.Join(q.Collections, ","))
	set("ids", strings.Join(q.IDs, ","))
	set("intersects", string(q.Intersects))
	set("query", string(extension))
	switch f := filter.(type) {
	case string:
		set("filter", f)
	case json.RawMessage:
		set("filter", string(f))
	}
	if parameters.Has("filter") {
		set("filter-lang", lang)
	}
	var keys []string
	for _, s := range q.Sort {
		// Encode writes + as %2B: a plain one would be read as a space.
		if s.Descending {
			keys = append(keys, "-"+s.Field)
		} else {
			keys = append(keys, "+"+s.Field)
		}
	}
	set("sortby", strings.Join(keys, ","))
	return getRequest(link, parameters)
}

// featureParameters are those of OGC API Features, which collections' items take.
func featureParameters(q *Query, limit int) url.Values {
	parameters := url.Values{}
	parameters.Set("limit", strconv.Itoa(limit))
	if len(q.BBox) > 0 {
		numbers := make([]string, len(q.BBox))
		for i, n := range q.BBox {
			numbers[i] = strconv.FormatFloat(n, 'f', -1, 64)
		}
		parameters.Set("bbox", strings.Join(numbers, ","))
	}
	if !q.Datetime.IsZero() {
		parameters.Set("datetime", q.Datetime.String())
	}
	return parameters
}

// getRequest lays parameters over those that the link has.
func getRequest(link *Link, parameters url.Values) (*request, error) {
	u, err := url.Parse(link.Href)
	if err != nil {
		return nil, &RefusedError{URL: "a link", Reason: "is not a URL"}
	}
	all := u.Query()
	for name, values := range parameters {
		all[name] = values
	}
	u.RawQuery = all.Encode()
	return &request{method: http.MethodGet, url: u.String(), header: linkHeader(nil, link.Header)}, nil
}
