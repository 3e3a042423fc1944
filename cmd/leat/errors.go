package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// usageError is a mistake in how leat was called: exit code 2.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error {
	return &usageError{fmt.Errorf(format, args...)}
}

// saidError ends a command with exit code 1 whose reason has been printed.
type saidError struct{ reason string }

func (e *saidError) Error() string { return e.reason }

// credentials are user and password in a URL. What cannot be parsed as one may
// have anything in its password, so everything up to the last @ goes.
var credentials = regexp.MustCompile(`://[^\s"]*@`)

// redact is the last guard: errors of ours have no password in them, but a
// mistyped command line may be quoted by one.
func redact(s string) string { return credentials.ReplaceAllString(s, "://***@") }

// credentialsIn are user and password of the URLs among the arguments, as they are and as they are quoted: with a space or a
// quote in them they are none of a URL, and redact cannot tell where they end.
func credentialsIn(args []string) (all []string) {
	for _, arg := range args {
		_, rest, _ := strings.Cut(arg, "://")
		if end := strings.LastIndexByte(rest, '@'); end > 0 {
			quoted := strconv.Quote(rest[:end])
			all = append(all, rest[:end], quoted[1:len(quoted)-1])
		}
	}
	return all
}

// oneLine joins the lines of errors.Join, and makes what a terminal would obey visible: names of groups and the words of a
// server come from others.
func oneLine(s string) string {
	return visible(strings.ReplaceAll(strings.TrimRight(s, "\n"), "\n", "; "))
}

// visible is s with everything that is not printable as Go writes it in a string: \x1b, \u202e.
func visible(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		if quoted := strconv.Quote(s[:size]); !strconv.IsPrint(r) || r == utf8.RuneError && size == 1 {
			b.WriteString(quoted[1 : len(quoted)-1])
		} else {
			b.WriteString(s[:size])
		}
		s = s[size:]
	}
	return b.String()
}
