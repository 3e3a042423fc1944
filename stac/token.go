package stac

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// early is how long before its end a token is not used any more, and a quarter of
// its life at the most: a request may take a while to be looked at.
const early = 30 * time.Second

// Token is a bearer token.
type Token struct {
	// Value is sent as "Authorization: Bearer Value".
	Value string
	// Expires is when another one is fetched, half a minute earlier; zero: when
	// the server answers 401.
	Expires time.Time

	always bool // ask the source for each request
}

// BearerFrom is a token that a function fetches: when there is none yet, when it
// expires, and once after a 401. Calls of the function do not overlap.
func BearerFrom(source func(ctx context.Context) (Token, error)) Auth {
	return &bearer{source: source, turn: make(chan struct{}, 1)}
}

type bearer struct {
	source func(context.Context) (Token, error)
	turn   chan struct{} // held while the source is asked; a mutex could not be cancelled

	mu   sync.Mutex
	held Token
	from time.Time // when it was fetched
	last string    // the token before, which an answer on its way may still quote
}

func (b *bearer) apply(ctx context.Context, req *http.Request) error {
	token, err := b.token(ctx, "")
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	return nil
}

// refresh fetches another token, unless somebody has done so since the request
// was sent.
func (b *bearer) refresh(ctx context.Context, refused *http.Request) bool {
	const prefix = "Bearer "
	sent := refused.Header.Get("Authorization")
	if len(sent) < len(prefix) {
		return false
	}
	token, err := b.token(ctx, sent[len(prefix):])
	return err == nil && token != sent[len(prefix):]
}

// token is the one that is held, or another one when that is refused or old.
func (b *bearer) token(ctx context.Context, refused string) (string, error) {
	if value, ok := b.good(refused); ok {
		return value, nil
	}
	select {
	case b.turn <- struct{}{}:
		defer func() { <-b.turn }()
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
	if value, ok := b.good(refused); ok {
		return value, nil
	}
	token, err := b.source(ctx)
	if err != nil {
		return "", err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last, b.held, b.from = b.held.Value, token, time.Now()
	return token.Value, nil
}

func (b *bearer) good(refused string) (string, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.held
	fresh := t.Expires.IsZero() || time.Until(t.Expires) > min(early, t.Expires.Sub(b.from)/4)
	return t.Value, t.Value != "" && t.Value != refused && !t.always && fresh
}

func (b *bearer) secrets() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return []string{b.held.Value, b.last}
}

func (b *bearer) parameter() string { return "" }
