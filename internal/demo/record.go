package demo

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/stream"
)

// What a worker tells the parent.
const (
	recordUp      = "up"      // it is connected and about to read
	recordTaken   = "taken"   // n entries came, and how
	recordStarted = "started" // a handler is about to be called
	recordDone    = "done"    // a handler completed, and what it found
	recordSettled = "settled" // what became of an entry holds in Redis
)

// record is one line from a worker.
type record struct {
	kind    string
	how     string // of taken, as consumer.Taking says
	n       int    // of taken
	id      stream.ID
	found   seen   // of done
	outcome string // of settled, as consumer.Outcome says
	at      time.Time
}

// recorder writes records, each with one call, so that a line is there in full or
// not at all, and is in the pipe when the call returns. Calls may be concurrent:
// w is an *os.File.
type recorder struct{ w io.Writer }

// write gives the line to the pipe. If that fails, the parent has gone, and the
// worker with it.
func (r recorder) write(format string, args ...any) { _, _ = fmt.Fprintf(r.w, format+"\n", args...) }

func (r recorder) up() { r.write(recordUp) }

func (r recorder) taken(_ string, how consumer.Taking, n int, _ time.Duration) {
	r.write(recordTaken+" %s %d", how, n)
}

func (r recorder) started(d *stream.Delivery) { r.write(recordStarted+" %s", d.EntryID) }

func (r recorder) done(d *stream.Delivery, found seen) {
	r.write(recordDone+" %s %.3f %.3f", d.EntryID, found.area, found.clear)
}

func (r recorder) settled(d *stream.Delivery, outcome consumer.Outcome, _ time.Duration) {
	r.write(recordSettled+" %s %s %d", d.EntryID, outcome, time.Now().UnixNano())
}

var errRecord = errors.New("not a record of a worker")

func parseRecord(line string) (r record, err error) {
	f := strings.Fields(line)
	bad := fmt.Errorf("%w: %q", errRecord, line)
	if len(f) == 0 {
		return r, bad
	}
	r.kind = f[0]
	want := map[string]int{recordUp: 1, recordTaken: 3, recordStarted: 2, recordDone: 4, recordSettled: 4}[r.kind]
	if len(f) != want {
		return r, bad
	}
	if want > 1 && r.kind != recordTaken {
		if r.id, err = stream.ParseID(f[1]); err != nil {
			return r, bad
		}
	}
	switch r.kind {
	case recordTaken:
		r.how = f[1]
		r.n, err = strconv.Atoi(f[2])
	case recordDone:
		r.found.area, err = strconv.ParseFloat(f[2], 64)
		if err == nil {
			r.found.clear, err = strconv.ParseFloat(f[3], 64)
		}
	case recordSettled:
		var ns int64
		ns, err = strconv.ParseInt(f[3], 10, 64)
		r.outcome, r.at = f[2], time.Unix(0, ns)
	}
	if err != nil {
		return r, bad
	}
	return r, nil
}
