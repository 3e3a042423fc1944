package actor

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/leat-io/leat/bench/faults/library"
	"github.com/leat-io/leat/internal/history"
)

// produce publishes at a rate until ctx ends, as requests that come in do: each waits for its own message, and those that may
// be under way at once are limited. When that many wait, what is due is not sent later. No message is sent twice.
func (a *actor) produce(ctx context.Context, j library.Job) error {
	publisher, err := a.open(ctx, j)
	if err != nil {
		return err
	}
	each := max(1, a.Producer.Rate/100)
	pace := time.NewTicker(time.Duration(each) * time.Second / time.Duration(a.Producer.Rate))
	defer pace.Stop()
	places := make(chan struct{}, a.Producer.Pending)
	var sending sync.WaitGroup
	for n := 0; ctx.Err() == nil; {
		select {
		case <-pace.C:
		case <-ctx.Done():
		}
		for range each {
			select {
			case places <- struct{}{}:
			default:
				continue
			}
			id := a.Event(n)
			n++
			sending.Go(func() {
				a.publish(publisher, id)
				<-places
			})
		}
	}
	sending.Wait()
	return publisher.Close()
}

// open opens the producer's side, and again where a fault has come between.
func (a *actor) open(ctx context.Context, j library.Job) (library.Publisher, error) {
	for {
		publisher, err := a.library.Publisher(ctx, j)
		if err == nil {
			return publisher, nil
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return nil, err
		}
	}
}

// publish publishes a message and notes what is known of it: what is no success may have been stored all the same.
func (a *actor) publish(p library.Publisher, id string) {
	// A request has its own end, not the process'.
	ctx, cancel := context.WithTimeout(context.Background(), a.Producer.Close)
	defer cancel()
	outcome := history.OK
	if err := p.Publish(ctx, library.Encode(id, a.Producer.Size)); err != nil {
		outcome = history.Unknown
		fmt.Fprintln(os.Stderr, err)
	}
	if err := a.tell(history.Publish, outcome, id); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}
