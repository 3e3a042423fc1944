// Package loop is how a client of Redis that has no consumer of its own is used to
// work a stream off: what its users write by hand, once, for go-redis and rueidis.
package loop

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// Block is how long a read waits for entries, and so how long a consumer takes to
// notice that it shall end.
const Block = 100 * time.Millisecond

// Stream is one consumer of a group of a stream, by some client. It is safe for
// concurrent use. M is an entry.
type Stream[M any] interface {
	// Read reads up to count new entries, none when none came within Block.
	Read(ctx context.Context, count int) ([]M, error)
	// Ack acknowledges entries in one call.
	Ack(ctx context.Context, ids []string) error
	// Open is an entry's ID and its data, which nobody changes.
	Open(m *M) (id string, data []byte)
}

var consumers atomic.Int64

// ConsumerName is a name that no other consumer has.
func ConsumerName() string { return fmt.Sprintf("bench-%d-%d", os.Getpid(), consumers.Add(1)) }

// Batches works a stream off until ctx ends, with so many loops that each read a
// batch, handle it and acknowledge it in one call. While one handles, others read.
func Batches[M any](ctx context.Context, loops, count int, s Stream[M], handle func([]byte)) error {
	group, ctx := errgroup.WithContext(ctx)
	// A read that is broken off would leave entries with a consumer that does not
	// know of them.
	whole := context.WithoutCancel(ctx)
	for range loops {
		group.Go(func() error {
			ids := make([]string, 0, count)
			for ctx.Err() == nil {
				batch, err := s.Read(whole, count)
				if err != nil {
					return err
				}
				ids = ids[:0]
				for i := range batch {
					id, data := s.Open(&batch[i])
					handle(data)
					ids = append(ids, id)
				}
				if len(ids) == 0 {
					continue
				}
				if err := s.Ack(whole, ids); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}
