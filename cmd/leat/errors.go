package main

import (
	"fmt"
	"regexp"
	"strings"
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

// oneLine joins the lines of errors.Join.
func oneLine(s string) string {
	return strings.ReplaceAll(strings.TrimRight(s, "\n"), "\n", "; ")
}
