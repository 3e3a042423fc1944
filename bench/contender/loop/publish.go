package loop

import (
	"context"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// Pipelines divides n events into pipelines of size and calls publish for each, so
// many at a time: one is encoded while another is on its way.
func Pipelines(ctx context.Context, flying, n, size int, publish func(ctx context.Context, worker, n int) error) error {
	var taken atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	for worker := range flying {
		group.Go(func() error {
			for {
				from := int(taken.Add(int64(size))) - size
				if from >= n {
					return nil
				}
				if err := publish(ctx, worker, min(size, n-from)); err != nil {
					return err
				}
			}
		})
	}
	return group.Wait()
}
