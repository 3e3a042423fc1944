// Package fanout publishes through libraries that have no call for many messages at once.
package fanout

import (
	"context"

	"golang.org/x/sync/errgroup"
)

// Publish calls one n times, from so many goroutines at once, and returns when all calls have returned. After the first error,
// which it returns, it starts no further calls.
//
// A library that waits for Redis' answer to each message publishes the faster the more of its calls are under way at once,
// until either side has no CPU time left.
func Publish(ctx context.Context, n, goroutines int, one func(context.Context) error) error {
	group, ctx := errgroup.WithContext(ctx)
	for i := range goroutines {
		share := n / goroutines
		if i < n%goroutines {
			share++
		}
		group.Go(func() error {
			for range share {
				if err := ctx.Err(); err != nil {
					return err
				}
				if err := one(ctx); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}
