package bare

import "context"

// reader is a Consume under way.
type reader struct {
	commands
	c      *Conn
	handle func(*Entry)

	due   [4]reply // replies to come, in their order: two reads' and two acknowledgements'
	first int
	n     int

	entry          Entry
	batch          int // entries of the reply that is being read
	left           int // of them not handled yet
	result         int // of the XACK whose reply is read
	handled, acked int
}

// reply is what a reply is to.
type reply byte

const (
	readReply reply = iota
	ackReply
)

func (r *reader) run(ctx context.Context) error {
	err := r.ask(ctx)
	for err == nil && r.n > 0 {
		if r.next() == ackReply {
			if err = r.c.next(r.parseAck); err == nil {
				r.acked += r.result
			}
			continue
		}
		if err = r.readBatch(); err == nil {
			err = r.ask(ctx)
		}
	}
	if err != nil && r.n > 0 {
		return r.c.fail(err) // replies are on their way that nobody will read
	}
	return err
}

// readBatch reads the reply to a read, handles its entries as they come, and
// encodes their acknowledgement.
func (r *reader) readBatch() error {
	if err := r.c.next(r.parseHeader); err != nil {
		return err
	}
	r.left = r.batch
	if r.batch > 0 {
		r.c.out = append(appendCommand(r.c.out[:0], ackArgs+r.batch), r.ackHead...)
	}
	for r.left > 0 {
		if err := r.c.next(r.parseEntries); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) parseAck(b []byte) (int, error) { return integer(b, &r.result) }

func (r *reader) parseHeader(b []byte) (int, error) { return readHeader(b, &r.batch) }

// parseEntries handles all entries that are complete.
func (r *reader) parseEntries(b []byte) (n int, err error) {
	for r.left > 0 {
		size, err := r.entry.parse(b[n:])
		if size == short {
			return n, err
		}
		r.handle(&r.entry)
		r.c.out = append(r.c.out, r.entry.wireID...)
		r.handled++
		r.left--
		n += size
	}
	return n, nil
}

// ask sends the acknowledgement of the batch that was handled, and with it the next
// reads. After a full batch two reads are under way, which do not block: an
// acknowledgement behind one that waits for entries would wait as well.
func (r *reader) ask(ctx context.Context) error {
	if r.batch > 0 {
		r.expect(ackReply)
	} else {
		r.c.out = r.c.out[:0]
	}
	reads := r.reads()
	switch full := r.batch == r.count; {
	case ctx.Err() != nil:
	case full:
		for ; reads < 2; reads++ {
			r.c.out = append(r.c.out, r.fetch...)
			r.expect(readReply)
		}
	case reads == 0:
		r.c.out = append(r.c.out, r.wait...)
		r.expect(readReply)
	}
	r.batch = 0
	if len(r.c.out) == 0 {
		return nil
	}
	return r.c.flush()
}

// expect notes that a reply is to come.
func (r *reader) expect(what reply) {
	r.due[(r.first+r.n)%len(r.due)] = what
	r.n++
}

// next is what the next reply is to.
func (r *reader) next() reply {
	what := r.due[r.first]
	r.first = (r.first + 1) % len(r.due)
	r.n--
	return what
}

// reads is how many reads are under way.
func (r *reader) reads() int {
	reads := 0
	for i := range r.n {
		if r.due[(r.first+i)%len(r.due)] == readReply {
			reads++
		}
	}
	return reads
}
