package leat

import (
	"cmp"
	"context"
	"sync"
	"time"

	"github.com/leat-io/leat/bench/contender"
	"github.com/leat-io/leat/stream"
)

// protocol is leat's protocol layer alone, without what makes a consumer of it.
type protocol struct{ ours }

// NewReader reads with stream.Reader, handles in the same goroutine, and acknowledges
// with stream.Group.Ack in another: it shows what of leat's costs is the protocol's,
// decoding included, and what is the consumer's. It has one handler at a time.
func NewReader() contender.Contender { return protocol{} }

// Info is what the report says.
func (protocol) Info() contender.Info {
	return contender.Info{
		Name: "leat, stream.Reader",
		Settings: "the protocol layer alone, for who writes a consumer of their own: Reader.ReadAhead of 1,000 with Reuse, handled in the goroutine that " +
			"reads, Group.Ack for each batch in another; no leases, no retries, no workers",
	}
}

const (
	readCount = 1000
	readBlock = 100 * time.Millisecond // and so how long it takes to notice the end
	unacked   = 2                      // batches
)

// Consume reads until ctx ends.
func (protocol) Consume(ctx context.Context, s contender.Setup, w contender.Work) error {
	return onGroup(ctx, s, func(group *stream.Group) error {
		a := acker{group: group, handled: make(chan []stream.ID, unacked), free: make(chan []stream.ID, unacked+2)}
		var running sync.WaitGroup
		running.Go(a.run)
		err := read(ctx, group, &a, w.Handle)
		close(a.handled)
		running.Wait()
		return cmp.Or(err, a.err)
	})
}

// read reads and handles. What was asked for ahead is handled as well.
func read(ctx context.Context, group *stream.Group, a *acker, handle func(data []byte)) error {
	r := group.Reader("reader", false)
	defer func() { _ = r.Close() }()
	next := func(came int) int {
		if came < readCount || ctx.Err() != nil {
			return 0
		}
		return readCount
	}
	var memory stream.Memory
	for ctx.Err() == nil || r.Ahead() > 0 {
		r.Reuse(&memory)
		batch, err := r.ReadAhead(context.WithoutCancel(ctx), readCount, readBlock, next)
		if err != nil {
			return err
		}
		if len(batch) == 0 {
			continue
		}
		ids := a.blank()
		for i := range batch {
			handle(batch[i].Data)
			ids = append(ids, batch[i].EntryID)
		}
		a.handled <- ids
	}
	return nil
}

// acker acknowledges a batch at a time. After a failure it only takes them.
type acker struct {
	group         *stream.Group
	handled, free chan []stream.ID
	err           error
}

func (a *acker) run() {
	for ids := range a.handled {
		if a.err == nil {
			_, a.err = a.group.Ack(context.Background(), ids)
		}
		select {
		case a.free <- ids:
		default:
		}
	}
}

// blank is where the IDs of a batch go.
func (a *acker) blank() []stream.ID {
	select {
	case ids := <-a.free:
		return ids[:0]
	default:
		return make([]stream.ID, 0, readCount)
	}
}
