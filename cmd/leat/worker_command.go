package main

import (
	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/sink/command"
)

func (w *worker) command(args []string) (consumer.Handler, func(), error) {
	handle, err := command.New(command.Config{
		Command: append([]string{w.flags.command}, args...),
		Logger:  w.log,
	})
	if err != nil {
		return nil, nil, &usageError{err}
	}
	return handle, func() {}, nil
}
