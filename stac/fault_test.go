package stac_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/stac"
	"github.com/leat-io/leat/stac/internal/stactest"
)

// hurried is a client whose pauses are as short as they get, with what it told of them.
func hurried(t *testing.T, cfg stac.ClientConfig) (*stac.Client, func() []stac.RetryInfo) {
	t.Helper()
	var mu sync.Mutex
	var told []stac.RetryInfo
	cfg.Random = func() float64 { return 0 }
	also := cfg.Hooks.Retry
	cfg.Hooks.Retry = func(i stac.RetryInfo) {
		mu.Lock()
		defer mu.Unlock()
		told = append(told, i)
		if also != nil {
			also(i)
		}
	}
	if cfg.RetryFor == 0 {
		cfg.RetryFor = time.Minute
	}
	return client(t, cfg), func() []stac.RetryInfo {
		mu.Lock()
		defer mu.Unlock()
		return told
	}
}

// failing makes the first searches fail in some way.
func failing(s *stactest.Server, times int, fail func(w http.ResponseWriter, r *http.Request)) *atomic.Int32 {
	var calls atomic.Int32
	s.Change(func(_ *stactest.Shape, f *stactest.Faults) {
		f.Intercept = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != "/search" || int(calls.Add(1)) > times {
				return false
			}
			fail(w, r)
			return true
		}
	})
	return &calls
}

func TestPoint23_SearchesAreTriedAgain(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]http.HandlerFunc{
		"408": status(408, ""), "429": status(429, ""), "500": status(500, ""), "502": status(502, ""), "503": status(503, "0"), "504": status(504, ""), "403": status(403, ""),
		"hangs up": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"half a body": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			fmt.Fprint(w, `{"type":`)
		},
		"too slow": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := stactest.New(t, stactest.EarthSearch(), stactest.Items("a", 3, day, time.Hour)...)
			s.Config.ErrorLog = nil
			calls := failing(s, 1, fail)
			c, told := hurried(t, stac.ClientConfig{URL: s.URL, Timeout: 5 * time.Second, RetryFor: time.Minute})
			g := gather(c.Search(within(t), stac.Query{}))
			require.NoError(t, g.err)
			require.Len(t, g.ids, 3)
			require.EqualValues(t, 2, calls.Load())
			require.Len(t, told(), 1)
			require.Equal(t, 250*time.Millisecond, told()[0].Pause, "half of half a second, and no jitter")
			require.Equal(t, s.Searches()[0].Body, s.Searches()[1].Body)
		})
	}
}

func status(code int, retryAfter string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if retryAfter != "" {
			w.Header().Set("Retry-After", retryAfter)
		}
		w.WriteHeader(code)
		_, _ = io.WriteString(w, `{"message": "not now"}`)
	}
}

// What will not become better is asked once; what does not become better, until the time is over.
func TestPoint23_TheBudgetEnds(t *testing.T) {
	t.Parallel()
	for code, tries := range map[int]int{400: 1, 401: 1, 404: 1, 413: 1, 501: 1, 403: 3} {
		s := stactest.New(t, stactest.EarthSearch())
		failing(s, 100, status(code, ""))
		c, _ := hurried(t, stac.ClientConfig{URL: s.URL})
		var got *stac.StatusError
		require.ErrorAs(t, gather(c.Search(within(t), stac.Query{Limit: 5})).err, &got)
		require.Equal(t, code, got.Code)
		require.Equal(t, tries, got.Tries)
		require.Contains(t, got.Error(), "not now")
		require.Len(t, s.Searches(), tries)
	}
	s := stactest.New(t, stactest.EarthSearch())
	failing(s, 100, status(500, ""))
	c, told := hurried(t, stac.ClientConfig{URL: s.URL, RetryFor: 3 * time.Second})
	require.Error(t, gather(c.Search(within(t), stac.Query{Limit: 5})).err)
	require.LessOrEqual(t, len(told()), 3, "a quarter, half and a whole second, and no two seconds more")
	c, told = hurried(t, stac.ClientConfig{URL: s.URL, RetryFor: stac.NoRetry})
	require.Error(t, gather(c.Search(within(t), stac.Query{Limit: 5})).err)
	require.Empty(t, told())
	// Whoever waits can leave.
	failing(s, 100, status(429, "100"))
	ctx, cancel := context.WithCancelCause(within(t))
	enough := errors.New("enough")
	c, told = hurried(t, stac.ClientConfig{URL: s.URL, RetryFor: time.Hour, Hooks: stac.ClientHooks{Retry: func(stac.RetryInfo) { cancel(enough) }}})
	require.ErrorIs(t, gather(c.Search(ctx, stac.Query{})).err, enough)
	require.GreaterOrEqual(t, told()[0].Pause, 100*time.Second)
}

// Seconds or a date, for all who share the limiter; never for longer than MaxRetryAfter.
func TestPoint23_RetryAfterHoldsForTheHost(t *testing.T) {
	t.Parallel()
	for _, after := range []func() string{
		func() string { return "1" },
		func() string { return time.Now().Add(2 * time.Second).UTC().Format(http.TimeFormat) },
	} {
		s := stactest.New(t, stactest.EarthSearch())
		failing(s, 1, func(w http.ResponseWriter, r *http.Request) { status(503, after())(w, r) })
		limiter := stac.NewLimiter(0, 1)
		c, told := hurried(t, stac.ClientConfig{URL: s.URL, Limiter: limiter})
		start := time.Now()
		require.NoError(t, gather(c.Search(within(t), stac.Query{})).err)
		require.GreaterOrEqual(t, time.Since(start), time.Second)
		require.GreaterOrEqual(t, told()[0].RetryAfter, time.Second)
		require.GreaterOrEqual(t, told()[0].Pause, told()[0].RetryAfter)
	}
	// Another client of the same limiter waits too, though nobody told it.
	s := stactest.New(t, stactest.EarthSearch())
	failing(s, 1, status(429, "1"))
	limiter := stac.NewLimiter(0, 1)
	start := time.Now()
	first := client(t, stac.ClientConfig{URL: s.URL, Limiter: limiter})
	var got *stac.StatusError
	require.ErrorAs(t, gather(first.Search(within(t), stac.Query{})).err, &got)
	require.Equal(t, time.Second, got.RetryAfter)
	second := client(t, stac.ClientConfig{URL: s.URL, Limiter: limiter})
	require.NoError(t, gather(second.Search(within(t), stac.Query{})).err)
	require.GreaterOrEqual(t, time.Since(start), time.Second)
	// An hour is not waited for: the error says it.
	failing(s, 1, status(429, "3600"))
	c, told := hurried(t, stac.ClientConfig{URL: s.URL, MaxRetryAfter: time.Millisecond})
	require.ErrorAs(t, gather(c.Search(within(t), stac.Query{})).err, &got)
	require.Equal(t, time.Hour, got.RetryAfter)
	require.Empty(t, told())
	require.NoError(t, gather(c.Search(within(t), stac.Query{})).err)
}

func TestPoint23_RateLimitPerHost(t *testing.T) {
	t.Parallel()
	s := stactest.New(t, stactest.EarthSearch(), stactest.Items("a", 40, day, time.Hour)...)
	c := client(t, stac.ClientConfig{URL: s.URL, Limiter: stac.NewLimiter(10, 1)})
	start := time.Now()
	g := gather(c.Search(within(t), stac.Query{Limit: 10}))
	require.NoError(t, g.err)
	require.GreaterOrEqual(t, time.Since(start), 350*time.Millisecond, "5 requests, 10 a second")
}

// A server that runs out of time is asked for less at a time.
func TestPoint24_SmallerPagesAfter504(t *testing.T) {
	t.Parallel()
	items := stactest.Items("a", 100, day, time.Hour)
	s := stactest.New(t, stactest.EarthSearch(), items...)
	s.Change(func(_ *stactest.Shape, f *stactest.Faults) { f.SlowAbove = 30 })
	c, _ := hurried(t, stac.ClientConfig{URL: s.URL})
	g := gather(c.Search(within(t), stac.Query{Limit: 100}))
	require.NoError(t, g.err)
	require.Equal(t, names(items), g.distinct())
	require.Len(t, g.pages[0].Items, 25)
}

// And where pages are as small as they get, for shorter intervals.
func TestPoint24_ShorterIntervalsAfter504(t *testing.T) {
	t.Parallel()
	items := stactest.Items("a", 64, day, time.Hour)
	s := stactest.New(t, stactest.EarthSearch(), items...)
	s.Change(func(_ *stactest.Shape, f *stactest.Faults) {
		f.Intercept = func(w http.ResponseWriter, r *http.Request) bool {
			body, _ := io.ReadAll(r.Body)
			r.Body = io.NopCloser(strings.NewReader(string(body)))
			slow := r.URL.Path == "/search" && strings.Contains(string(body), day.Format(time.RFC3339)+"/"+day.Add(64*time.Hour).Format(time.RFC3339))
			if slow {
				w.WriteHeader(http.StatusGatewayTimeout)
			}
			return slow
		}
	})
	q := stac.Query{Limit: 10, Datetime: stac.Interval{Start: day, End: day.Add(64 * time.Hour)}}
	c := of(t, s)
	require.Error(t, gather(c.Search(within(t), q)).err)
	g := gather(c.Sweep(within(t), q))
	require.NoError(t, g.err)
	require.Equal(t, names(items), g.distinct())
}

// A server that has no time for anything is not asked for every second of the interval.
func TestPoint24_NoTimeForAnything(t *testing.T) {
	t.Parallel()
	s := stactest.New(t, stactest.EarthSearch())
	calls := failing(s, 1<<30, status(504, ""))
	g := gather(of(t, s).Sweep(within(t), stac.Query{Limit: 10, Datetime: stac.Interval{Start: day, End: day.AddDate(1, 0, 0)}}))
	var got *stac.StatusError
	require.ErrorAs(t, g.err, &got)
	require.Equal(t, 504, got.Code)
	require.LessOrEqual(t, int(calls.Load()), 10)
}

// guarded lets only those in whom it knows.
func guarded(t *testing.T, knows func(*http.Request) bool) *stactest.Server {
	t.Helper()
	s := stactest.New(t, stactest.EarthSearch(), stactest.Items("a", 30, day, time.Hour)...)
	s.Change(func(_ *stactest.Shape, f *stactest.Faults) {
		f.Intercept = func(w http.ResponseWriter, r *http.Request) bool {
			if knows(r) {
				return false
			}
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprintf(w, "go away, %s %s", r.Header.Get("Authorization"), r.URL.RawQuery)
			return true
		}
	})
	return s
}

func TestPoint25_Credentials(t *testing.T) {
	t.Parallel()
	file := t.TempDir() + "/token"
	stactest.WriteFile(t, file, "t0ken-value\n")
	for name, c := range map[string]struct {
		auth  stac.Auth
		knows func(*http.Request) bool
	}{
		"basic":  {stac.Basic("me", "pässword"), func(r *http.Request) bool { u, p, _ := r.BasicAuth(); return u == "me" && p == "pässword" }},
		"bearer": {stac.Bearer("t0ken-value"), func(r *http.Request) bool { return r.Header.Get("Authorization") == "Bearer t0ken-value" }},
		"file":   {stac.BearerFile(file), func(r *http.Request) bool { return r.Header.Get("Authorization") == "Bearer t0ken-value" }},
		"key":    {stac.APIKey("x-api-key", "k3y-value"), func(r *http.Request) bool { return r.Header.Get("X-Api-Key") == "k3y-value" }},
		"query":  {stac.APIKeyQuery("apikey", "k3y&value"), func(r *http.Request) bool { return r.URL.Query().Get("apikey") == "k3y&value" }},
	} {
		s := guarded(t, c.knows)
		g := gather(client(t, stac.ClientConfig{URL: s.URL, Auth: c.auth}).Search(within(t), stac.Query{Limit: 10}))
		require.NoError(t, g.err, name)
		require.Len(t, g.ids, 30, name)
		for _, item := range g.items {
			require.NotContains(t, item.Href, "k3y")
		}
		// Who is not known is told so, without what was sent.
		s = guarded(t, func(*http.Request) bool { return false })
		_, err := client(t, stac.ClientConfig{URL: s.URL + "/?x=s3cret-part", Auth: c.auth}).Landing(within(t))
		var got *stac.StatusError
		require.ErrorAs(t, err, &got, name)
		require.Equal(t, 401, got.Code)
		for _, secret := range []string{"pässword", "t0ken", "k3y", "s3cret", "bWU6"} {
			require.NotContains(t, err.Error(), secret, name)
		}
	}
	s := guarded(t, func(r *http.Request) bool { u, p, _ := r.BasicAuth(); return u == "me" && p == "pw" })
	_, err := client(t, stac.ClientConfig{URL: strings.Replace(s.URL, "http://", "http://me:pw@", 1)}).Landing(within(t))
	require.NoError(t, err)
}

// After a 401 the token is fetched anew, once, however many ask at the same time.
func TestPoint25_RefreshOnceAfter401(t *testing.T) {
	t.Parallel()
	var valid atomic.Int32
	valid.Store(1)
	refused := make(chan struct{}, 100)
	s := guarded(t, func(r *http.Request) bool {
		known := r.Header.Get("Authorization") == fmt.Sprintf("Bearer token-%d", valid.Load())
		if !known {
			refused <- struct{}{}
		}
		return known
	})
	const together = 8
	var fetched atomic.Int32
	source := func(ctx context.Context) (stac.Token, error) {
		n := fetched.Add(1)
		for range together { // all of them have heard by then that the first one is not taken any more
			if n != 2 {
				break
			}
			select {
			case <-refused:
			case <-ctx.Done():
			}
		}
		return stac.Token{Value: fmt.Sprintf("token-%d", n)}, nil
	}
	c := client(t, stac.ClientConfig{URL: s.URL, Auth: stac.BearerFrom(source)})
	_, err := c.Refresh(within(t))
	require.NoError(t, err)
	valid.Store(2) // the old one is not taken any more
	var all sync.WaitGroup
	for range together {
		all.Go(func() {
			_, err := c.Refresh(within(t))
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	require.EqualValues(t, 2, fetched.Load())
	valid.Store(100) // nobody has that one: tried once more, and given up
	before := len(s.Requests())
	_, err = c.Refresh(within(t))
	require.Error(t, err)
	require.Len(t, s.Requests(), before+2)
}

// A token endpoint as Keycloak has it: password, refresh token, and a token that ends soon.
func TestPoint25_OAuth(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var grants []string
	refreshWorks := true
	tokens := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		grants = append(grants, r.FormValue("grant_type"))
		if r.FormValue("grant_type") == "refresh_token" && (!refreshWorks || r.FormValue("refresh_token") != "again") {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		if r.FormValue("client_id") != "cdse-public" || r.FormValue("grant_type") == "password" && r.FormValue("password") != "s3cret-pw" {
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprintf(w, "wrong: %s", r.FormValue("password"))
			return
		}
		fmt.Fprintf(w, `{"access_token":"access-%d","expires_in":600,"refresh_token":"again"}`, len(grants))
	}))
	t.Cleanup(tokens.Close)
	valid := "Bearer access-1"
	s := guarded(t, func(r *http.Request) bool {
		mu.Lock()
		defer mu.Unlock()
		return r.Header.Get("Authorization") == valid
	})
	cfg := stac.OAuthConfig{TokenURL: tokens.URL + "/token", ClientID: "cdse-public", User: "me", Password: "s3cret-pw"}
	c := client(t, stac.ClientConfig{URL: s.URL, Auth: stac.OAuth(cfg)})
	for i := range 3 {
		mu.Lock()
		refreshWorks, valid = i < 2, []string{"Bearer access-1", "Bearer access-2", "Bearer access-4"}[i]
		mu.Unlock()
		_, err := c.Refresh(within(t))
		require.NoError(t, err)
	}
	require.Equal(t, []string{"password", "refresh_token", "refresh_token", "password"}, grants)
	for _, r := range s.Requests() {
		require.NotContains(t, r.Body+r.Query, "s3cret-pw")
	}
	cfg.Password = "wrong-secret"
	_, err := client(t, stac.ClientConfig{URL: s.URL, Auth: stac.OAuth(cfg)}).Landing(within(t))
	require.ErrorContains(t, err, "status 401")
	require.NotContains(t, err.Error(), "wrong-secret")
	_, err = stac.NewClient(stac.ClientConfig{URL: s.URL, Auth: stac.OAuth(stac.OAuthConfig{TokenURL: "ftp://x"})})
	require.ErrorContains(t, err, "TokenURL")
}
