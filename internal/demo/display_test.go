package demo

import (
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
)

func TestFold(t *testing.T) {
	t.Parallel()
	const text = "worker 2 (pid 15315) killed while holding 9 entries of the S2B_35RPH_20260704T085152_L2A"
	for width := range 120 {
		d := Display{Width: func() int { return width }}
		folded := d.fold(text, 8)
		assert.Equal(t, strings.Fields(text), strings.Fields(folded))
		for i, line := range strings.Split(folded, "\n") {
			n := utf8.RuneCountInString(line)
			if i == 0 {
				n += 8
			}
			if width > 36 { // as wide as the longest word and its indent
				assert.LessOrEqual(t, n, width, "%q", folded)
			}
		}
	}
	assert.Equal(t, text, Display{}.fold(text, 8))
	narrow := Display{Width: func() int { return 30 }}
	assert.Equal(t, "aa\n    bb", narrow.fold("aa bb", 27), "no room in the column")
	assert.Equal(t, "twenty characters ok\n          bb", narrow.fold("twenty characters ok bb", 10))
}

func TestDisplayOfNoTerminal(t *testing.T) {
	t.Parallel()
	assert.Equal(t, Display{}, DisplayOf(io.Discard, func(string) (string, bool) { return "", false }))
}

func TestPaint(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "x", Display{Terminal: true}.paint(red, "x"))
	assert.Equal(t, "\x1b[31mx\x1b[0m", Display{Color: true}.paint(red, "x"))
	assert.Equal(t, "x", Display{Color: true}.paint(plain, "x"))
}
