package stac

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
)

// Auth is who asks. It is made by the functions below; [Client] sends it to the
// origin of its URL alone.
type Auth interface {
	// apply adds credentials to a request.
	apply(ctx context.Context, req *http.Request) error
	// refresh is called once after a 401, with the request that got it; it tells
	// whether there are other credentials to try now.
	refresh(ctx context.Context, refused *http.Request) bool
	// secrets are the strings that no error and no log may have.
	secrets() []string
	// parameter is the name of the query parameter that has a secret, if any.
	parameter() string
}

// Basic is a user and a password.
func Basic(user, password string) Auth {
	value := "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
	return &header{name: "Authorization", value: value, hidden: []string{password, url.QueryEscape(password), value[len("Basic "):]}}
}

// Bearer is a token that stays what it is.
func Bearer(token string) Auth {
	return &header{name: "Authorization", value: "Bearer " + token, hidden: []string{token}}
}

// APIKey is a key in a header, as in APIKey("X-Api-Key", key).
func APIKey(name, key string) Auth {
	return &header{name: name, value: key, hidden: []string{key}}
}

// APIKeyQuery is a key in a parameter of the URL, as in APIKeyQuery("apikey", key).
// It is taken out of every [Item.Href] that a server puts it into.
func APIKeyQuery(name, key string) Auth { return &parameter{name: name, key: key} }

// BearerFile is a token that is read from a file for each request, so that it may
// rotate as those of Kubernetes do.
func BearerFile(path string) Auth {
	return BearerFrom(func(context.Context) (Token, error) {
		content, err := os.ReadFile(path) //nolint:gosec // G304: the operator names the file
		if err != nil {
			return Token{}, fmt.Errorf("read token: %w", err)
		}
		value := strings.TrimSpace(string(content))
		if value == "" || !printable(value) {
			return Token{}, fmt.Errorf("read token: %s: want one token and nothing else", path)
		}
		return Token{Value: value, always: true}, nil
	})
}

type header struct {
	name, value string
	hidden      []string
}

func (h *header) apply(_ context.Context, req *http.Request) error {
	if !printable(h.value) {
		return fmt.Errorf("credentials for header %s have a control character", h.name)
	}
	req.Header.Set(h.name, h.value)
	return nil
}

func (h *header) refresh(context.Context, *http.Request) bool { return false }
func (h *header) secrets() []string                           { return h.hidden }
func (h *header) parameter() string                           { return "" }

type parameter struct{ name, key string }

func (p *parameter) apply(_ context.Context, req *http.Request) error {
	values := req.URL.Query()
	values.Set(p.name, p.key)
	req.URL.RawQuery = values.Encode()
	return nil
}

func (p *parameter) refresh(context.Context, *http.Request) bool { return false }
func (p *parameter) secrets() []string                           { return []string{p.key, url.QueryEscape(p.key)} }
func (p *parameter) parameter() string                           { return p.name }

func printable(value string) bool {
	return strings.IndexFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) < 0
}
