package demo

import (
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"
)

// Display is what can be shown where something is written.
type Display struct {
	// Terminal: a progress bar can be drawn. Color: colors are welcome.
	Terminal, Color bool
	// Width is how many characters go into a line now; 0 for as many as there are.
	// Nil is 0.
	Width func() int
}

// DisplayOf finds out about w. env looks environment variables up: NO_COLOR (see
// no-color.org) is respected, and TERM=dumb is no terminal.
func DisplayOf(w io.Writer, env func(string) (string, bool)) Display {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return Display{}
	}
	if kind, _ := env("TERM"); kind == "dumb" {
		return Display{}
	}
	off, _ := env("NO_COLOR")
	return Display{Terminal: true, Color: off == "", Width: func() int {
		width, _, err := term.GetSize(int(f.Fd()))
		if err != nil {
			return 0
		}
		return width
	}}
}

// style is an ANSI code.
type style string

const (
	plain  style = ""
	strong style = "1"
	dim    style = "2"
	red    style = "31"
	green  style = "32"
	yellow style = "33"
)

// paint is s in a style, or s where there are no colors.
func (d Display) paint(st style, s string) string {
	if !d.Color || st == plain || s == "" {
		return s
	}
	return "\x1b[" + string(st) + "m" + s + "\x1b[0m"
}

// roomy is the width from which on folded text stays in its column.
const roomy = 20

// fold breaks s between words where the terminal is too narrow for it. The first
// line begins at that column, and the others do where there is room enough.
func (d Display) fold(s string, column int) string {
	width := 0
	if d.Width != nil {
		width = d.Width()
	}
	if width <= 0 {
		return s
	}
	indent := column
	if width-column < roomy {
		indent = 4
	}
	var out strings.Builder
	at := column
	for i, word := range strings.Split(s, " ") {
		n, space := utf8.RuneCountInString(word), min(i, 1)
		if at+space+n > width && at > indent {
			out.WriteString("\n" + strings.Repeat(" ", indent))
			at = indent
		} else {
			out.WriteString(" "[:space])
			at += space
		}
		out.WriteString(word)
		at += n
	}
	return out.String()
}
