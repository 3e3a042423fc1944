package bare

import (
	"cmp"
	"context"
	"fmt"
	"time"
)

const (
	// DefaultPipeline is how many entries a pipeline has by default, and
	// pipelinesUnderWay how many of them wait for replies at a time. A pipeline is
	// small enough to stay in the processor's cache from its encoding to its
	// write; all of them together keep the server busy while this process is not
	// on a processor.
	DefaultPipeline   = 100
	pipelinesUnderWay = 16
)

// Publishing is what Publish adds.
type Publishing struct {
	Key string
	// N is how many entries are added.
	N int
	// Pipeline is how many are in one pipeline; 0: DefaultPipeline.
	Pipeline int
	// Pairs is how many fields each entry has, and Fields appends those of the i-th
	// with AppendPair.
	Pairs  int
	Fields func(dst []byte, i int) []byte
}

// Publish adds entries by XADD and returns when Redis has confirmed all of them.
// Replies are read while more is written. Where Redis refuses entries, the others
// are added all the same; the error counts them and wraps the first [ServerError].
//
// When ctx ends, or the connection fails, what was under way may be added or not.
func (c *Conn) Publish(ctx context.Context, p Publishing) error {
	end, err := c.begin(ctx, 0)
	if err == nil {
		err = end(c.publish(p))
	}
	if err != nil {
		return fmt.Errorf("publish %d entries to %s: %w", p.N, p.Key, err)
	}
	return nil
}

func (c *Conn) publish(p Publishing) (err error) {
	if p.Pipeline <= 0 {
		p.Pipeline = DefaultPipeline
	}
	w := addWriter{Publishing: p, c: c}
	w.head = AppendArg(appendCommand(nil, 3+2*p.Pairs), "XADD")
	w.head = AppendArg(AppendArg(w.head, p.Key), "*")
	replies := addReplies{c: c}
	if p.N <= p.Pipeline {
		if err = w.write(0, p.N); err == nil {
			err = replies.read(p.N)
		}
	} else {
		err = w.writeAll(&replies)
	}
	if err == nil && replies.refused > 0 {
		err = fmt.Errorf("%d of them were refused: %w", replies.refused, replies.first)
	}
	return err
}

// addWriter writes pipelines of XADD.
type addWriter struct {
	Publishing
	c    *Conn
	head []byte // XADD up to its first field
}

// write encodes and writes one pipeline: n entries, from that one on.
func (w *addWriter) write(from, n int) error {
	w.c.out = w.c.out[:0]
	for i := range n {
		w.c.out = w.Fields(append(w.c.out, w.head...), from+i)
	}
	return w.c.flush()
}

// writeAll writes all pipelines while replies are read beside it. Where one of the
// two fails, the other is made to.
func (w *addWriter) writeAll(replies *addReplies) error {
	room, ended := make(chan struct{}, pipelinesUnderWay), make(chan error, 1)
	go func() {
		err := replies.readAll(w.N, w.Pipeline, room)
		if err != nil {
			_ = w.c.nc.SetWriteDeadline(time.Unix(1, 0))
		}
		ended <- err
	}()
	for from := 0; from < w.N; from += w.Pipeline {
		select {
		case room <- struct{}{}:
		case err := <-ended:
			return err
		}
		if err := w.write(from, min(w.Pipeline, w.N-from)); err != nil {
			_ = w.c.nc.SetReadDeadline(time.Unix(1, 0))
			return cmp.Or(err, <-ended) // which follows from this one
		}
	}
	return <-ended
}

// addReplies counts the replies to XADD.
type addReplies struct {
	c           *Conn
	seen, until int
	refused     int
	first       error
}

// readAll reads the replies to n entries, and makes room for the next pipeline after
// each one.
func (a *addReplies) readAll(n, pipeline int, room <-chan struct{}) error {
	for a.seen < n {
		if err := a.read(min(a.seen+pipeline, n)); err != nil {
			return err
		}
		<-room
	}
	return nil
}

// read reads replies until that many have been seen.
func (a *addReplies) read(until int) error {
	a.until = until
	for a.seen < until {
		if err := a.c.next(a.parse); err != nil {
			return err
		}
	}
	return nil
}

// parse takes all replies that are complete.
func (a *addReplies) parse(b []byte) (n int, err error) {
	for a.seen < a.until {
		is, next, err := refused(b[n:])
		if !is {
			_, next, err = bulk(b[n:], 0)
		}
		switch {
		case next == short:
			return n, err
		case err != nil:
			a.refused++
			a.first = cmp.Or(a.first, err)
		}
		a.seen++
		n += next
	}
	return n, nil
}
