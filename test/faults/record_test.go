package faults

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/stream"
)

// line is one thing that a worker wrote down.
type line struct {
	worker     *process
	what       string
	entry      stream.ID
	event      string
	attempt    int
	deliveries int
	at         time.Time
}

// lines are what a worker wrote down, a last line that was cut off left out.
func (p *process) lines(t *testing.T) (out []line) {
	t.Helper()
	raw, err := os.ReadFile(p.record)
	if os.IsNotExist(err) {
		return nil
	}
	require.NoError(t, err)
	raw = raw[:bytes.LastIndexByte(raw, '\n')+1]
	for scan := bufio.NewScanner(bytes.NewReader(raw)); scan.Scan(); {
		l := line{worker: p}
		var entry string
		var nanos int64
		_, err := fmt.Sscan(scan.Text(), &l.what, &entry, &l.event, &l.attempt, &l.deliveries, &nanos)
		require.NoError(t, err, scan.Text())
		l.entry, err = stream.ParseID(entry)
		require.NoError(t, err)
		l.at = time.Unix(0, nanos)
		out = append(out, l)
	}
	return out
}

// history is what all workers wrote down of one entry.
type history struct {
	starts, fails, done, hopeless int
	killed                        map[*process]bool // workers that started it and were killed
	first, last                   time.Time         // of its starts
}

// histories are what all workers wrote down, by entry.
func histories(t *testing.T, workers []*process) map[stream.ID]*history {
	t.Helper()
	all := map[stream.ID]*history{}
	for _, w := range workers {
		for _, l := range w.lines(t) {
			h := all[l.entry]
			if h == nil {
				h = &history{killed: map[*process]bool{}, first: l.at}
				all[l.entry] = h
			}
			h.add(l)
		}
	}
	return all
}

func (h *history) add(l line) {
	switch l.what {
	case "start":
		h.starts++
		if l.worker.killed {
			h.killed[l.worker] = true
		}
		if l.at.Before(h.first) {
			h.first = l.at
		}
		if l.at.After(h.last) {
			h.last = l.at
		}
	case "fail":
		h.fails++
	case "done":
		h.done++
	case "hopeless":
		h.hopeless++
	}
}
