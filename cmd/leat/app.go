package main

import (
	"fmt"
	"io"
	"strings"
)

// app is what the commands share: where they read and print, the environment, and
// the flags that lead to Redis.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	env            func(name string) (value string, ok bool)
	redis          redisFlags
	// credentials are those in the arguments, which no line may have.
	credentials []string
	// running: the command line was understood, so that errors are not its any
	// more.
	running bool
}

// complain prints one line to stderr.
func (a *app) complain(format string, args ...any) {
	a.note("leat: "+format, args...)
}

// note prints one line to stderr that is no complaint.
func (a *app) note(format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	for _, secret := range a.credentials {
		line = strings.ReplaceAll(line, "://"+secret+"@", "://***@")
	}
	fmt.Fprintln(a.stderr, oneLine(redact(line)))
}
