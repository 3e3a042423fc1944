package stac

import (
	"encoding/json"
	"net/url"
	"strings"
)

// Link is a link of a landing page, catalog, collection or page.
type Link struct {
	// Rel is what it leads to.
	Rel string
	// Href is absolute: resolved against the URL of the answer that it was in.
	Href string
	// Type and Title are as sent.
	Type, Title string
	// Method is GET or POST, in capitals; GET where it is missing.
	Method string
	// Header is to be sent along. A value is a string or a list of them.
	Header map[string][]string
	// Body is to be posted, as it was sent.
	Body json.RawMessage
	// Merge lays Header and Body over the original request's.
	Merge bool
}

// find is the first link with that relation, nil if there is none.
func find(links []Link, rel string) *Link {
	for i := range links {
		if links[i].Rel == rel && links[i].Href != "" {
			return &links[i]
		}
	}
	return nil
}

// resolve makes href absolute; empty when it is no URL.
func resolve(base *url.URL, href string) string {
	u, err := base.Parse(strings.TrimSpace(href))
	if err != nil {
		return ""
	}
	u.Fragment, u.RawFragment = "", ""
	return u.String()
}

// wireLink is a link as JSON has it.
type wireLink struct {
	Rel     string                     `json:"rel"`
	Href    string                     `json:"href"`
	Type    string                     `json:"type"`
	Title   string                     `json:"title"`
	Method  string                     `json:"method"`
	Headers map[string]json.RawMessage `json:"headers"`
	Body    json.RawMessage            `json:"body"`
	Merge   bool                       `json:"merge"`
}

func (w *wireLink) link(base *url.URL) Link {
	l := Link{Rel: w.Rel, Href: resolve(base, w.Href), Type: w.Type, Title: w.Title, Method: strings.ToUpper(w.Method), Body: w.Body, Merge: w.Merge}
	if l.Method == "" {
		l.Method = "GET"
	}
	for name, raw := range w.Headers {
		var one string
		var many []string
		if json.Unmarshal(raw, &one) == nil {
			many = []string{one}
		} else if json.Unmarshal(raw, &many) != nil {
			continue
		}
		if l.Header == nil {
			l.Header = map[string][]string{}
		}
		l.Header[name] = many
	}
	if string(l.Body) == "null" {
		l.Body = nil
	}
	return l
}

// decodeLinks reads an array of links. Members of another type than they should
// have make that link be left out, not all of them.
func decodeLinks(raw json.RawMessage, base *url.URL) []Link {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		return nil
	}
	links := make([]Link, 0, len(list))
	for _, one := range list {
		var w wireLink
		if json.Unmarshal(one, &w) == nil {
			links = append(links, w.link(base))
		}
	}
	return links
}
