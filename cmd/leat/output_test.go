package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSafe(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"{\"a\":'é'}": "{\"a\":'é'}",
		"two\nlines":  `"two\nlines"`,
		"\x1b[2J":     `"\x1b[2J"`,
		"\xff":        `"\xff"`,
		"\u202eright": `"\u202eright"`,
		"12345678901": "1234567890...",
		"ééééééééééé": "éééééééééé...",
		"":            "",
	} {
		require.Equal(t, want, safe(in, 10), "%q", in)
	}
	require.Equal(t, "12345678901", safe("12345678901", 0))
}

func TestRedact(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`dial redis://user:pass@host:1: refused`: `dial redis://***@host:1: refused`,
		`"redis://u:p@ss/@host"`:                 `"redis://***@host"`,
		`redis://host:1 and a@b`:                 `redis://host:1 and a@b`,
	} {
		require.Equal(t, want, redact(in))
	}
}
