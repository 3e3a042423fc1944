package webhook

import (
	"cmp"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"
)

const (
	// quoteLimit is how much of an answer is quoted in an error: errors are kept
	// with the entry, in Redis.
	quoteLimit = 512
	// secretMin is the shortest that can be a secret: to strike every "1" out
	// would leave nothing to read.
	secretMin = 4
)

// sendError is a failure before there was an answer. Its text is scrubbed, which
// that of the wrapped error may not be.
type sendError struct {
	text string
	err  error
}

func (e *sendError) Error() string { return e.text }
func (e *sendError) Unwrap() error { return e.err }

// secretsOf are the strings of the configuration that no error may have.
func secretsOf(header http.Header, u *url.URL) []string {
	var secrets []string
	for _, values := range header {
		for _, v := range values {
			_, credentials, _ := strings.Cut(v, " ") // "Bearer ..."
			secrets = append(secrets, v, credentials)
		}
	}
	if u.User != nil {
		password, _ := u.User.Password()
		basic := base64.StdEncoding.EncodeToString([]byte(u.User.Username() + ":" + password))
		secrets = append(secrets, password, url.QueryEscape(password), basic, u.User.String())
	}
	secrets = append(secrets, u.RequestURI(), u.Path, u.EscapedPath(), u.RawQuery)
	for _, values := range u.Query() {
		secrets = append(secrets, values...)
	}
	return secrets
}

// scrubber takes secrets out of what others wrote.
type scrubber struct{ secrets []string }

func newScrubber(secrets []string, token string) scrubber {
	secrets = append(slices.Clip(secrets), token)
	secrets = slices.DeleteFunc(secrets, func(s string) bool { return len(s) < secretMin })
	// Longest first: one may be part of another.
	slices.SortFunc(secrets, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	return scrubber{secrets}
}

// clean makes one line of printable text of s, cut at quoteLimit.
func (c scrubber) clean(s string) string {
	for _, secret := range c.secrets {
		s = strings.ReplaceAll(s, secret, "***")
	}
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > quoteLimit {
		s = strings.ToValidUTF8(s[:quoteLimit], "") + "..."
	}
	return s
}
