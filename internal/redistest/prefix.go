package redistest

import (
	"crypto/rand"
	"strings"
	"testing"
)

// prefixLength keeps keys readable where subtests have long names.
const prefixLength = 40

// Prefix returns the start of a key that no other call returns: the test's name in small letters, digits and dashes, a random
// part and a colon. There are no braces in it, so names made with it work with and without a hash tag.
func Prefix(t testing.TB) string {
	t.Helper()
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		default:
			return '-'
		}
	}, strings.TrimPrefix(t.Name(), "Test"))
	if len(name) > prefixLength {
		name = name[:prefixLength]
	}
	return name + "-" + strings.ToLower(rand.Text()[:8]) + ":"
}
