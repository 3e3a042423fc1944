package producer

import (
	"context"

	"github.com/leat-io/leat/stream"
)

const (
	// A pipeline has to be through within the connection's timeout: one of any
	// size would end in unknown outcomes on a slow line.
	pipelineEvents = 5_000
	pipelineBytes  = 8 << 20
)

// pipeline is a pipeline of Publish. Its memory is used again by other calls.
type pipeline struct {
	stream string
	adds   stream.Adds
	events []int // of each command: which event of the call
	sizes  []int
	ids    []stream.ID
	errs   []error
	again  []int // commands that are to be sent again

	other stream.Adds // for these
	text  uuidText    // of the event at hand
}

func newPipeline() any { return new(pipeline) }

// load encodes the events of the call that make one pipeline, from that one on. It
// returns where the next begins.
func (l *pipeline) load(c *call, from int) (to int) {
	l.stream = c.stream
	l.adds.Reset(c.stream)
	l.other.Reset(c.stream)
	l.events, l.sizes = l.events[:0], l.sizes[:0]
	bytes := 0
	for to = from; to < len(c.events) && to-from < pipelineEvents; to++ {
		e := c.event(to)
		size := e.Size()
		if bytes += size; bytes > pipelineBytes && to > from {
			break
		}
		l.adds.Append(&e)
		l.events, l.sizes = append(l.events, to), append(l.sizes, size)
	}
	return to
}

// send sends what is loaded, once.
func (l *pipeline) send(ctx context.Context, conn *stream.Conn, d stream.Durability) {
	l.ids, l.errs, l.again = resized(l.ids, len(l.events)), resized(l.errs, len(l.events)), l.again[:0]
	conn.AddDurably(ctx, &l.adds, d, l.ids, l.errs)
}

// reload leaves what is to be sent again, in its order.
func (l *pipeline) reload() {
	if len(l.again) == len(l.events) {
		return
	}
	for n, i := range l.again {
		l.other.AppendFrom(&l.adds, i)
		l.events[n], l.sizes[n] = l.events[i], l.sizes[i]
	}
	l.events, l.sizes = l.events[:len(l.again)], l.sizes[:len(l.again)]
	l.adds, l.other = l.other, l.adds
	l.other.Reset(l.stream)
}

// release gives the pipeline back for other calls.
func (l *pipeline) release(p *Producer) {
	release(&l.adds)
	release(&l.other)
	clear(l.errs)
	p.pipelines.Put(l)
}
