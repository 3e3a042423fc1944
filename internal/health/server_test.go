package health_test

import (
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/health"
)

func get(t *testing.T, method, url string) (int, string) {
	t.Helper()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	require.NoError(t, err)
	resp, err := (&http.Client{Transport: transport}).Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(body)
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	s, err := health.Listen(t.Context(), "127.0.0.1:0",
		func() error { return nil }, func() error { return errors.New("redis is away") })
	require.NoError(t, err)
	defer s.Close()
	url := "http://" + s.Addr()

	status, body := get(t, http.MethodGet, url+"/livez")
	require.Equal(t, 200, status)
	require.Equal(t, "ok\n", body)
	status, body = get(t, http.MethodGet, url+"/readyz")
	require.Equal(t, 503, status)
	require.Equal(t, "redis is away\n", body)
	status, _ = get(t, http.MethodHead, url+"/readyz")
	require.Equal(t, 503, status)
	status, _ = get(t, http.MethodPost, url+"/livez")
	require.Equal(t, 405, status)
	status, _ = get(t, http.MethodGet, url+"/nothing")
	require.Equal(t, 404, status)
}

func TestStartedOnceIsStarted(t *testing.T) {
	t.Parallel()
	var away atomic.Bool
	away.Store(true)
	s, err := health.Listen(t.Context(), "127.0.0.1:0", func() error { return nil }, func() error {
		if away.Load() {
			return errors.New("redis is away")
		}
		return nil
	}, health.Route{Pattern: "GET /more", Handler: http.NotFoundHandler()})
	require.NoError(t, err)
	defer s.Close()
	startup := "http://" + s.Addr() + "/startupz"
	status, body := get(t, http.MethodGet, startup)
	require.Equal(t, 503, status)
	require.Equal(t, "redis is away\n", body)
	away.Store(false)
	status, _ = get(t, http.MethodGet, startup)
	require.Equal(t, 200, status)
	away.Store(true)
	status, _ = get(t, http.MethodGet, startup)
	require.Equal(t, 200, status, "it has started")
	status, body = get(t, http.MethodGet, "http://"+s.Addr()+"/more")
	require.Equal(t, 404, status)
	require.Equal(t, "404 page not found\n", body, "a route of the caller's")
}

func TestListenSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	ok := func() error { return nil }
	s, err := health.Listen(t.Context(), "127.0.0.1:0", ok, ok)
	require.NoError(t, err)
	_, err = health.Listen(t.Context(), s.Addr(), ok, ok)
	require.ErrorContains(t, err, s.Addr())
	require.NoError(t, s.Close())
	again, err := health.Listen(t.Context(), s.Addr(), ok, ok)
	require.NoError(t, err, "Close frees the address")
	require.NoError(t, again.Close())
}
