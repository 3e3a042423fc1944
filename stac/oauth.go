package stac

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/leat-io/leat/internal/webaddress"
)

// maxTokenAnswer is far beyond what tokens take.
const maxTokenAnswer = 1 << 20

// OAuthConfig is where a bearer token comes from: a token endpoint of OAuth 2, as
// Keycloak (which CDSE has) and others serve it.
type OAuthConfig struct {
	// TokenURL takes a form by POST and answers with access_token and expires_in.
	// It is asked even though it is on another host than the API, since it is
	// configuration; AllowNetworks holds for it. Required.
	TokenURL string
	// ClientID and ClientSecret are sent in the form.
	ClientID, ClientSecret string
	// User and Password make it the password grant; without User it is the client
	// credentials grant. A refresh_token that comes along is used as long as it
	// works.
	User, Password string
	// Scope is optional.
	Scope string
}

// OAuth fetches bearer tokens from a token endpoint, anew before they expire, and
// once after a 401. It belongs to one client.
func OAuth(cfg OAuthConfig) Auth {
	o := &oauth{cfg: cfg}
	o.bearer = &bearer{source: o.fetch, turn: make(chan struct{}, 1)}
	return o
}

type oauth struct {
	*bearer
	cfg OAuthConfig
	c   *Client
	url *url.URL

	mu    sync.Mutex
	again string // the refresh token, for the next time
}

// bind checks the configuration and gives it the client whose guard and transport
// it uses.
func (o *oauth) bind(c *Client) error {
	u, err := webaddress.Parse(o.cfg.TokenURL)
	if err != nil {
		return fmt.Errorf("stac client config: Auth: TokenURL: %w", err)
	}
	if o.cfg.ClientID == "" {
		return errors.New("stac client config: Auth: ClientID is empty")
	}
	u.User = nil
	o.c, o.url, c.guard.token = c, u, u
	return nil
}

// fetch gets a token: by the refresh token where there is one that still works,
// else with the credentials.
func (o *oauth) fetch(ctx context.Context) (Token, error) {
	o.mu.Lock()
	refresh := o.again
	o.mu.Unlock()
	if refresh != "" {
		token, err := o.grant(ctx, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}})
		if err == nil {
			return token, nil
		}
	}
	form := url.Values{"grant_type": {"client_credentials"}}
	if o.cfg.User != "" {
		form = url.Values{"grant_type": {"password"}, "username": {o.cfg.User}, "password": {o.cfg.Password}}
	}
	return o.grant(ctx, form)
}

func (o *oauth) grant(ctx context.Context, form url.Values) (Token, error) {
	form.Set("client_id", o.cfg.ClientID)
	if o.cfg.ClientSecret != "" {
		form.Set("client_secret", o.cfg.ClientSecret)
	}
	if o.cfg.Scope != "" {
		form.Set("scope", o.cfg.Scope)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, o.url.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return Token{}, fmt.Errorf("fetch token from %s: it is no URL", safeURL(o.url))
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", o.c.cfg.UserAgent)
	got, err := o.c.send(ctx, req)
	if err != nil {
		return Token{}, fmt.Errorf("fetch token: %w", err)
	}
	if got.status != http.StatusOK {
		return Token{}, fmt.Errorf("fetch token: %w", o.c.statusError(req.Method, o.url, got))
	}
	return o.decode(got.body, time.Now())
}

func (o *oauth) decode(body []byte, now time.Time) (Token, error) {
	var answer struct {
		Access  string  `json:"access_token"`
		Refresh string  `json:"refresh_token"`
		Expires float64 `json:"expires_in"`
	}
	if len(body) > maxTokenAnswer || json.Unmarshal(body, &answer) != nil || answer.Access == "" || !printable(answer.Access) {
		return Token{}, fmt.Errorf("fetch token: the answer of %s has no access_token", safeURL(o.url))
	}
	o.mu.Lock()
	o.again = answer.Refresh
	o.mu.Unlock()
	token := Token{Value: answer.Access}
	if answer.Expires > 0 && answer.Expires < 1e9 {
		token.Expires = now.Add(time.Duration(answer.Expires * float64(time.Second)))
	}
	return token, nil
}

func (o *oauth) secrets() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append(o.bearer.secrets(), o.cfg.ClientSecret, o.cfg.Password, o.again, url.QueryEscape(o.cfg.Password), url.QueryEscape(o.cfg.ClientSecret))
}
