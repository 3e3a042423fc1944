// Package demo is what `leat demo` does: it publishes a day of invented Sentinel-2
// items to a stream, has real worker processes work them off, kills one of them
// with SIGKILL in the middle, and then proves, or not, that nothing was lost.
//
//	summary, err := demo.Run(ctx, demo.Config{Events: 2000, Workers: 3, KillAfter: 5 * time.Second})
//	if err != nil {
//		return err
//	}
//	summary.WriteText(os.Stdout, demo.Display{})
//	return summary.Err() // ErrLost when something was
//
// # What happens
//
// [Run] starts the embedded broker (or uses the Redis named), makes a stream and a
// group of names that nobody else has, and starts the workers: the same program
// with the argument demo-worker, which calls [RunWorker]. It publishes at a pace
// that fits the work, so that the kill falls into the middle whatever the numbers
// are: two fifths of the events before, the rest after. It kills the worker that
// holds most. No other one is started in its place, unless it was the only one:
// those that are left take over what it held once its lease has run out.
//
// A few events are poison (an item with a broken footprint, say) and become dead
// letters; one or two fail twice and succeed then.
//
// # How it counts
//
// A worker that is killed cannot tell what it did. So each worker writes a line to
// its standard output, a pipe to the parent, at the moment at which a handler
// starts, ends, or is settled; what was written before the kill arrives. These
// lines are only half of the proof. At the end, when the workers have gone, Redis
// says what is settled: what was delivered and is not pending. An event counts as
// handled when a line says that its handler completed and Redis says that it is
// settled; as dead when it is in the dead-letter stream; else it is lost. That is
// in audit.go.
package demo
