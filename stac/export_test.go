package stac

import (
	"net"
	"net/http"
	"net/url"
	"time"
)

// SetResolver makes the client ask another resolver for names.
func SetResolver(c *Client, r *net.Resolver) { c.guard.dialer.Resolver = r }

// NotPublic is what kind of address it is.
var NotPublic = notPublic

// ContentHash is the version of an item without updated.
var ContentHash = contentHash

// UnsignedJSON takes signatures out of a document.
var UnsignedJSON = unsignedJSON

// RetryAfter is what a header asks for.
func RetryAfter(header http.Header, now time.Time) time.Duration { return retryAfter(header, now) }

// Scan tells whether it is JSON, and whether it is only too deep.
func Scan(raw []byte) (ok, deep bool) {
	s := scanner{buf: raw}
	s.skip()
	err := s.end()
	return err == nil, s.deep
}

// Decode reads a page as a client of that URL would.
func Decode(body []byte, at string) (items []Item, links []Link, err error) {
	u, err := url.Parse(at)
	if err != nil {
		return nil, nil, err
	}
	c, err := NewClient(ClientConfig{URL: at})
	if err != nil {
		return nil, nil, err
	}
	doc, err := c.decode(&answer{url: u, reply: reply{body: body}})
	if err != nil {
		return nil, nil, err
	}
	return append(doc.features, doc.item), doc.links, nil
}

// NextOf is the request that a link makes, after a first one with that body.
func NextOf(l *Link, original []byte) (method string, header http.Header, body []byte, err error) {
	r, err := nextRequest(l, &request{method: http.MethodPost, url: "https://x/search", body: original})
	if err != nil {
		return "", nil, nil, err
	}
	return r.method, r.header, r.body, nil
}
