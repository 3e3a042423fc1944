package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// signalContext ends at the first SIGTERM or SIGINT, which tells commands to
// finish what they do. The second one ends the process at once: whoever asks twice
// does not want to wait.
func signalContext(parent context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancel(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-signals
		cancel()
		<-signals
		os.Exit(exitFailed)
	}()
	return ctx, func() {
		signal.Stop(signals)
		cancel()
	}
}
