package gauge

import (
	"context"
	"errors"
	"time"

	"github.com/leat-io/leat/internal/bare"
)

// bareWay is the way with nothing in between: a connection that publishes and one
// that consumes.
type bareWay struct {
	cfg      *Config
	pub, sub *bare.Conn
	entry    *bareEntry

	abandoned bool // see unsure
}

func newBareWay(ctx context.Context, cfg *Config, d *door) (*bareWay, error) {
	pub, err := d.open(ctx)
	if err != nil {
		return nil, err
	}
	sub, err := d.open(ctx)
	if err != nil {
		return nil, errors.Join(err, pub.Close())
	}
	return &bareWay{cfg: cfg, pub: pub, sub: sub, entry: newBareEntry(newPayload(cfg.Payload))}, nil
}

func (b *bareWay) name() string { return "bare" }

func (b *bareWay) publish(ctx context.Context, key string, n int) error {
	return b.add(ctx, bare.Publishing{Key: key, N: n, Pipeline: b.pipeline(), Fields: b.entry.append})
}

func (b *bareWay) one(ctx context.Context, key string, number int) error {
	return b.add(ctx, bare.Publishing{Key: key, N: 1, Fields: func(dst []byte, _ int) []byte {
		return b.entry.append(dst, number)
	}})
}

func (b *bareWay) add(ctx context.Context, p bare.Publishing) error {
	late, cancel := gracefully(ctx)
	defer cancel()
	p.Pairs = barePairs
	err := b.pub.Publish(late, p)
	if err == nil {
		return context.Cause(ctx)
	}
	var reply bare.ServerError
	b.abandoned = !errors.As(err, &reply)
	return err
}

// batchBytes keeps large entries from making huge buffers, as a producer's
// BatchBytes does.
const batchBytes = 1 << 20

func (b *bareWay) pipeline() int {
	return max(1, min(bare.DefaultPipeline, batchBytes/len(b.entry.template)))
}

func (b *bareWay) work(ctx context.Context, key string, handle func(data []byte)) *worker {
	return launch(ctx, func(ctx context.Context, w *worker) error {
		w.read(0) // its first read is on its way
		_, _, err := b.sub.Consume(ctx, bare.Consuming{
			Key: key, Group: group, Consumer: "bare",
			Count:  max(1, min(bare.DefaultCount, 4*batchBytes/len(b.entry.template))),
			Handle: func(e *bare.Entry) { handle(e.Value("data")) },
		})
		return err
	})
}

func (b *bareWay) unsure() bool { return b.abandoned }

func (b *bareWay) ping(ctx context.Context) error {
	_, err := b.pub.Do(ctx, "PING")
	return err
}

func (b *bareWay) close(context.Context) error {
	return errors.Join(b.pub.Close(), b.sub.Close())
}

// openTimeout bounds how long the bare protocol's connections may take to be made.
const openTimeout = 5 * time.Second
