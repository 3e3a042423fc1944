package webaddress_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/webaddress"
)

func TestParse(t *testing.T) {
	t.Parallel()
	u, err := webaddress.Parse("https://user:secret@example.org:8443/a%2Fb?x=1#part")
	require.NoError(t, err)
	require.Equal(t, "https://user:secret@example.org:8443/a%2Fb?x=1", u.String())
	for raw, why := range map[string]string{
		"": "is empty", "http://user:sec%ret@example.org": "percent-encoding", "ftp://example.org": "want http", "example.org": "want http",
		"https://": "no host", "http://:80": "no host", "http://a b/": "is not a URL",
	} {
		_, err := webaddress.Parse(raw)
		require.ErrorContains(t, err, why, raw)
		require.NotContains(t, err.Error(), "sec")
	}
}
