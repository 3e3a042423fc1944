package power

import (
	"context"
	_ "embed"

	"github.com/leat-io/leat/test/faults/needs"
	"github.com/leat-io/leat/test/faults/preload"
)

//go:embed shim/book.c
var bookSource string

//go:embed shim/calls.c
var callsSource string

// Library keeps book of what a server has fsynced, for preload.Launcher.
var Library = preload.Library{Name: "power", Source: bookSource + "\n" + callsSource}

// ErrUnavailable is needs.ErrUnavailable.
var ErrUnavailable = needs.ErrUnavailable

// Launcher returns the path of a program that starts server, a path or a name in PATH, so that Cut can take its power. It takes
// the arguments that server takes; the first one is the configuration file, in whose folder the data must be too. Together with
// other libraries: preload.Launcher.
func Launcher(ctx context.Context, server string) (string, error) {
	return preload.Launcher(ctx, server, Library)
}
