package webhook

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/leat-io/leat/stream"
)

// The requests are made here and not by the CloudEvents SDK, which is the
// independent receiver of our tests. Its HTTP writer (v2.16) puts attributes
// into headers without percent-encoding them, so that a newline or an umlaut
// fails in net/http; it takes sources and schemas apart as URLs and writes them
// back changed, or fails; its JSON data passes through encoding/json, which
// compacts and escapes it and fails on what is not JSON; and its client retries
// and follows redirects by itself.

// request makes the POST of a delivery. token is the secret in it that is not
// known before.
func (s *Sink) request(ctx context.Context, d *stream.Delivery) (req *http.Request, token string, err error) {
	event := d.AsEvent()
	for name, value := range attributes(&event) {
		if !utf8.ValidString(value) {
			return nil, "", unsendable("attribute %q is not UTF-8, which CloudEvents requires", name)
		}
	}
	mode := s.cfg.Mode
	// Content-Type is what receivers tell the modes apart by: an event whose data
	// is an event can only go inside an envelope.
	if strings.HasPrefix(strings.ToLower(event.DataContentType), "application/cloudevents") {
		mode = Structured
	}
	header := make(http.Header, 12+len(s.cfg.Header))
	header.Set("User-Agent", "leat")
	maps.Copy(header, s.cfg.Header)
	body := event.Data
	if mode == Structured {
		header.Set("Content-Type", "application/cloudevents+json; charset=UTF-8")
		body = structured(&event)
	} else if err := binaryHeader(header, &event); err != nil {
		return nil, "", err
	}
	header.Set("Leat-Stream", percentEncode(d.Stream))
	header.Set("Leat-Entry-Id", d.EntryID.String())
	header.Set("Leat-Attempt", strconv.Itoa(d.Attempt))

	req, err = http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(body))
	if err != nil {
		return nil, "", fmt.Errorf("make request to %s", s.target) // it would quote the URL
	}
	if host := header.Get("Host"); host != "" {
		req.Host = host
		header.Del("Host") // net/http sends the field of the request alone
	}
	req.Header = header
	token, err = s.authorize(req)
	return req, token, err
}

func (s *Sink) authorize(req *http.Request) (token string, err error) {
	if s.user != nil {
		password, _ := s.user.Password()
		req.SetBasicAuth(s.user.Username(), password)
	}
	if s.cfg.TokenFile == "" {
		return "", nil
	}
	if token, err = readToken(s.cfg.TokenFile); err != nil {
		return "", fmt.Errorf("post event to %s: read token: %w", s.target, err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	return token, nil
}

// attributes are the attributes that the event has, extensions last and in the
// order of their names. An extension may be empty, any other attribute is left
// out then.
func attributes(e *stream.Event) iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		at := ""
		if !e.Time.IsZero() {
			at = e.Time.Format(time.RFC3339Nano)
		}
		for _, a := range [...]struct{ name, value string }{
			{"specversion", stream.SpecVersion},
			{"id", e.ID},
			{"source", e.Source},
			{"type", e.Type},
			{"subject", e.Subject},
			{"time", at},
			{contentType, e.DataContentType},
			{"dataschema", e.DataSchema},
		} {
			if a.value != "" && !yield(a.name, a.value) {
				return
			}
		}
		for _, name := range slices.Sorted(maps.Keys(e.Extensions)) {
			if !yield(name, e.Extensions[name]) {
				return
			}
		}
	}
}
