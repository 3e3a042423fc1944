package measure

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/leat-io/leat/bench/result"
)

// Tally counts messages that are handled. Its window opens at the first one,
// unless it was opened before, and closes when all are handled.
type Tally struct {
	Window
	// All is closed when as many as wanted are handled.
	All chan struct{}
	// Opened, where it is not nil, is called when the window has opened.
	Opened func()

	want   int64
	sleep  time.Duration
	once   sync.Once
	opened atomic.Bool
	count  atomic.Int64
}

// NewTally makes a Tally that wants so many messages, with a handler that takes
// sleep for each; 0 for one that does next to nothing.
func NewTally(serverPID, want int, sleep time.Duration) *Tally {
	return &Tally{Window: Window{ServerPID: serverPID}, All: make(chan struct{}), want: int64(want), sleep: sleep}
}

// Open opens the window where it is not open yet.
func (t *Tally) Open() {
	t.once.Do(func() {
		t.Window.Open()
		if t.Opened != nil {
			t.Opened()
		}
		t.opened.Store(true)
	})
}

// Handle is a contender's handler.
func (t *Tally) Handle([]byte) {
	if !t.opened.Load() {
		t.Open()
	}
	if t.sleep > 0 {
		time.Sleep(t.sleep) //nolint:forbidigo // this is the work
	}
	if t.count.Add(1) == t.want {
		t.Close()
		close(t.All)
	}
}

// Count is how many messages have been handled so far.
func (t *Tally) Count() int { return int(t.count.Load()) }

// Sample is what was counted. Call it when nothing is handled any more.
func (t *Tally) Sample(j result.Job) (result.Sample, error) {
	s := result.Sample{Job: j}
	if t.count.Load() < t.want {
		return s, fmt.Errorf("%d of %d messages were handled", t.count.Load(), t.want)
	}
	t.Cost(&s, int(t.want))
	s.Duplicates = int(t.count.Load() - t.want)
	return s, nil
}
