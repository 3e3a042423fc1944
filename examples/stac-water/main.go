package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := command(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "stac-water:", err)
		os.Exit(1)
	}
}

// command is the example, or, as `worker`, one of its workers.
func command(ctx context.Context, args []string, out io.Writer) error {
	if len(args) > 0 && args[0] == "worker" {
		return work(ctx, args[1:], out)
	}
	var o options
	flags := flag.NewFlagSet("stac-water", flag.ContinueOnError)
	flags.StringVar(&o.redis, "redis", "", "`URL` of Redis; without it a broker inside this process")
	flags.IntVar(&o.scenes, "scenes", 24, "how many scenes are made, 4 at the least")
	flags.BoolVar(&o.keep, "keep", false, "leave what was written in Redis")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if o.scenes < 4 || flags.NArg() > 0 {
		return errors.New("want --scenes of 4 or more, and no arguments")
	}
	return run(ctx, o, out)
}

// options are the flags.
type options struct {
	redis  string
	scenes int
	keep   bool
}
