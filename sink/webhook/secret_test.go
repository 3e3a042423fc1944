package webhook_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/sink/webhook"
	"github.com/leat-io/leat/stream"
)

// A receiver that sends back all that it got is the worst that can happen to a
// secret.
func TestNoSecretInErrors(t *testing.T) {
	t.Parallel()
	header := http.Header{"X-Api-Key": {"canary-key"}, "Authorization": {"Token canary-token"}}
	for _, user := range []string{"", "canary-user:canary%20pass@"} {
		_, server := serve(t, webhook.Config{}, func(w http.ResponseWriter, r *http.Request) {
			name, password, _ := r.BasicAuth()
			w.WriteHeader(400)
			fmt.Fprintln(w, r.RequestURI, r.URL.Path, r.URL.RawQuery, r.URL.Query(), r.Header, password, name+":"+password)
		})
		host := strings.TrimPrefix(server.URL, "http://")
		cfg := webhook.Config{URL: "http://" + user + host + "/canary/path/x?sig=canary%2Fsig&b=canary-b", Header: header}
		if user != "" {
			cfg.Header = http.Header{"X-Api-Key": {"canary-key"}}
		}
		sink, err := webhook.New(cfg)
		require.NoError(t, err)
		defer sink.Close()
		err = sink.Handle(within(t), delivery(stream.Event{}))
		require.ErrorContains(t, err, "400 Bad Request")
		assert.Contains(t, err.Error(), "***")
		got := strings.ReplaceAll(err.Error(), "canary-user:", "") // a user's name is none
		assert.NotContains(t, got, "canary")
		assert.NotContains(t, got, "Y2FuYXJ5", "base64 of the same")
	}
}

func TestConfigIsChecked(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		cfg  webhook.Config
		want string
	}{
		"no URL":           {webhook.Config{}, "URL: is empty"},
		"no scheme":        {webhook.Config{URL: "canary.example.com/x"}, "want http:// or https://"},
		"other scheme":     {webhook.Config{URL: "ftp://u:canary@h/x"}, "want http:// or https://"},
		"no host":          {webhook.Config{URL: "http:///canary"}, "has no host"},
		"port alone":       {webhook.Config{URL: "http://:80/canary"}, "has no host"},
		"broken":           {webhook.Config{URL: "http://u:can%ary@h"}, "is not a URL"},
		"mode":             {webhook.Config{Mode: 9}, "Mode is Mode(9)"},
		"timeout":          {webhook.Config{Timeout: -time.Second}, "Timeout is -1s"},
		"retry after":      {webhook.Config{MaxRetryAfter: -1}, "MaxRetryAfter"},
		"concurrency":      {webhook.Config{Concurrency: -1}, "Concurrency is -1"},
		"attribute":        {webhook.Config{Header: http.Header{"ce-id": {"canary"}}}, "Ce-Id is set by leat"},
		"content type":     {webhook.Config{Header: http.Header{"Content-Type": {"canary"}}}, "Content-Type is set by leat"},
		"framing":          {webhook.Config{Header: http.Header{"transfer-encoding": {"canary"}}}, "Transfer-Encoding is set"},
		"header name":      {webhook.Config{Header: http.Header{"a b": {"canary"}}}, "no name of a header"},
		"header value":     {webhook.Config{Header: http.Header{"A": {"canary\r\nB: c"}}}, "control character"},
		"token file":       {webhook.Config{TokenFile: "/nowhere/token"}, "/nowhere/token"},
		"two credentials":  {webhook.Config{URL: "http://u:canary@h/", Header: http.Header{"authorization": {"canary"}}}, "more than one of"},
		"user and a token": {webhook.Config{URL: "http://u:canary@h/", TokenFile: "/nowhere/token"}, "more than one of"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := webhook.New(c.cfg)
			require.ErrorContains(t, err, c.want)
			assert.NotContains(t, err.Error(), "canary")
		})
	}
	_, err := webhook.New(webhook.Config{Timeout: -1, Concurrency: -1})
	for _, want := range []string{"URL", "Timeout", "Concurrency"} {
		require.ErrorContains(t, err, want, "all that is wrong at once")
	}
}

func TestParseMode(t *testing.T) {
	t.Parallel()
	for _, m := range []webhook.Mode{webhook.Binary, webhook.Structured} {
		back, err := webhook.ParseMode(m.String())
		require.NoError(t, err)
		assert.Equal(t, m, back)
	}
	_, err := webhook.ParseMode("batch")
	assert.ErrorContains(t, err, `"batch"`)
}
