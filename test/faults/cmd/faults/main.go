// Command faults breaks what runs: see package scenario for what is tried, and package history for what is checked.
//
//	go run ./test/faults/cmd/faults list
//	go run ./test/faults/cmd/faults run -for 10m                    every scenario in turn
//	go run ./test/faults/cmd/faults soak -for 4h -results soak      the same, adding up with what is in the folder already
//	go run ./test/faults/cmd/faults replay -scenario kill -seed 7   a round again
//	go run ./test/faults/cmd/faults check soak/last/kill            what was written down in a round, once more
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/leat-io/leat/test/faults/child"
	"github.com/leat-io/leat/test/faults/world"
)

func main() {
	if code, isChild := child.Main(); isChild {
		os.Exit(code)
	}
	world.Quiet()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := do(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "faults:", err)
		stop()
		os.Exit(1)
	}
}

var errUsage = errors.New("want one of list, run, soak, replay, check; --help says more")

const usage = `faults breaks what runs, with real processes and real servers, and checks what is left.

  faults list                               the scenarios
  faults run [-for 10m]                     every scenario in turn
  faults soak [-for 4h] [-results soak]     the same, adding up with what is in the folder already
  faults replay -scenario kill -seed 7      a round again
  faults check soak/last/kill               what was written down in a round, once more

Run it in leat's sources: scenarios that need a proxy build it, and are left out elsewhere. Each command has -help.
`

func do(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return errUsage
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		_, err := fmt.Fprint(os.Stdout, usage)
		return err
	case "list":
		return list(os.Stdout)
	case "run", "soak":
		return soak(ctx, args[0], args[1:])
	case "replay":
		return replay(ctx, args[1:])
	case "check":
		return check(args[1:])
	}
	return fmt.Errorf("%q: %w", args[0], errUsage)
}
