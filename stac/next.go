package stac

import (
	"encoding/json"
	"fmt"
	"hash/maphash"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// nextLink is the link that goes on from a page, nil where there is none. Where a
// server has one for each method, it is the one for the method in use.
func nextLink(links []Link, method string) *Link {
	for i := range links {
		if links[i].Rel == "next" && links[i].Href != "" && links[i].Method == method {
			return &links[i]
		}
	}
	return find(links, "next")
}

// nextRequest makes the request of a next link. With merge its headers and the
// members of its body are laid over those of the search's first request; without
// it the body is sent as it is. Parameters of pages are the server's business:
// none is made up, and none is changed.
func nextRequest(link *Link, first *request) (*request, error) {
	r := &request{method: link.Method, url: link.Href}
	var original http.Header
	if link.Merge {
		original = first.header
	}
	r.header = linkHeader(original, link.Header)
	switch link.Method {
	case http.MethodGet:
		return r, nil
	case http.MethodPost:
	default:
		return nil, &RefusedError{URL: safeRaw(link.Href), Reason: fmt.Sprintf("a next link with the method %.20q, want GET or POST", link.Method)}
	}
	r.body = link.Body
	if link.Merge {
		merged, err := mergeBody(first.body, link.Body)
		if err != nil {
			return nil, &SyntaxError{URL: safeRaw(link.Href), Reason: "body of the next link: " + err.Error()}
		}
		r.body = merged
	}
	if r.body == nil {
		r.body = []byte("{}")
	}
	return r, nil
}

func mergeBody(original, over json.RawMessage) (json.RawMessage, error) {
	members := map[string]json.RawMessage{}
	for _, body := range []json.RawMessage{original, over} {
		if len(body) == 0 {
			continue
		}
		if err := json.Unmarshal(body, &members); err != nil {
			return nil, err
		}
	}
	return json.Marshal(members)
}

// linkHeader is what of a link's headers is sent: not those that are about the
// connection, the body or who we are.
func linkHeader(original http.Header, over map[string][]string) http.Header {
	header := http.Header{}
	maps.Copy(header, original)
	for name, values := range over {
		name = http.CanonicalHeaderKey(name)
		if !sendable(name) || slices.ContainsFunc(values, func(v string) bool { return !printable(v) }) {
			continue
		}
		header[name] = values
	}
	return header
}

func sendable(name string) bool {
	for _, prefix := range [...]string{"Content-", "Proxy-", "Sec-", "X-Forwarded-", "If-"} {
		if strings.HasPrefix(name, prefix) {
			return false
		}
	}
	switch name {
	case "Authorization", "Cookie", "Host", "Connection", "Keep-Alive", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "Expect",
		"Accept-Encoding", "Accept", "User-Agent", "Forwarded", "Via", "":
		return false
	}
	return strings.IndexFunc(name, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '-' && r != '_'
	}) < 0
}

// fingerprint is the same for requests that ask for the same.
func (r *request) fingerprint(seed maphash.Seed) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	for _, s := range []string{r.method, r.url, string(r.body)} {
		_, _ = h.WriteString(s)
		_ = h.WriteByte(0)
	}
	for _, name := range slices.Sorted(maps.Keys(r.header)) {
		_, _ = h.WriteString(name + "\x00" + strings.Join(r.header[name], "\x00") + "\x00")
	}
	return h.Sum64()
}
