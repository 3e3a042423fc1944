package loop

import (
	"context"
	"sync"

	"golang.org/x/sync/errgroup"
)

const (
	// maxBatch is how many entries are read or acknowledged at once at the most.
	maxBatch = 1000
	// readers read: one waits for its reply while another hands over what it got.
	readers = 2
)

// Workers works a stream off until ctx ends, with handlers that take their time: so
// many goroutines take entries from a channel, and one acknowledges all that were
// handled since it did so last.
func Workers[M any](ctx context.Context, handlers int, s Stream[M], handle func([]byte)) error {
	work, done := make(chan M, handlers), make(chan string, max(handlers, maxBatch))
	group, ctx := errgroup.WithContext(ctx)
	whole := context.WithoutCancel(ctx)
	var reading, running sync.WaitGroup
	for range readers {
		reading.Add(1)
		group.Go(func() error {
			defer reading.Done()
			return fetch(ctx, s, min(max(handlers, 10), maxBatch), work)
		})
	}
	group.Go(func() error {
		reading.Wait()
		close(work)
		return nil
	})
	for range handlers {
		running.Go(func() {
			for m := range work {
				id, data := s.Open(&m)
				handle(data)
				done <- id
			}
		})
	}
	group.Go(func() error {
		running.Wait()
		close(done)
		return nil
	})
	group.Go(func() error { return acknowledge(whole, s, done) })
	return group.Wait()
}

func fetch[M any](ctx context.Context, s Stream[M], count int, work chan<- M) error {
	whole := context.WithoutCancel(ctx)
	for ctx.Err() == nil {
		batch, err := s.Read(whole, count)
		if err != nil {
			return err
		}
		for _, m := range batch {
			work <- m
		}
	}
	return nil
}

// acknowledge ends when done is closed. After an error it still takes IDs, so that
// no handler waits for ever.
func acknowledge[M any](ctx context.Context, s Stream[M], done <-chan string) (err error) {
	ids := make([]string, 0, maxBatch)
	for id := range done {
		ids = append(ids[:0], id)
		for len(done) > 0 && len(ids) < maxBatch {
			ids = append(ids, <-done)
		}
		if err == nil {
			err = s.Ack(ctx, ids)
		}
	}
	return err
}
