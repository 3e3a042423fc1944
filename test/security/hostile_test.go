package security

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/internal/streamtest"
	"github.com/leat-io/leat/stream"
)

// field of hostile entries in a stream, with healthy ones among them.
type field struct {
	*streamtest.Lab
	rdb *redis.Client

	mu      sync.Mutex
	fields  map[stream.ID]stream.Fields // of every entry
	kind    map[stream.ID]string
	healthy map[stream.ID]bool
	handled map[stream.ID]int // by a handler that returned nil
}

func newField(t *testing.T, s *redistest.Server) *field {
	t.Helper()
	return &field{
		Lab: streamtest.New(t, s.URL()), rdb: s.Client(t),
		fields: map[stream.ID]stream.Fields{}, kind: map[stream.ID]string{}, healthy: map[stream.ID]bool{}, handled: map[stream.ID]int{},
	}
}

// sow adds an entry, by another client than leat.
func (f *field) sow(kind, id string, pairs []string) stream.ID {
	f.T.Helper()
	args := []any{"XADD", f.Stream, id}
	for _, word := range pairs {
		args = append(args, word)
	}
	text, err := f.rdb.Do(f.Ctx, args...).Text()
	require.NoError(f.T, err, kind)
	at, err := stream.ParseID(text)
	require.NoError(f.T, err)
	f.fields[at], f.kind[at] = fieldsOf(pairs), kind
	return at
}

// handle is a handler with all verdicts there are, by the entry's number. It sees to it that what it is given is what was
// added.
func (f *field) handle(_ context.Context, d *stream.Delivery) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !same(d.Fields(), f.fields[d.EntryID]) {
		f.T.Errorf("entry %s (%s) is not what was added", d.EntryID, f.kind[d.EntryID])
	}
	_ = d.AsEvent()
	verdict := d.EntryID.Seq + d.EntryID.Ms
	switch {
	case f.healthy[d.EntryID]:
	case verdict%5 == 1 && d.Attempt < 3:
		return fmt.Errorf("not yet: %s", d.Fields()[0].Value)
	case verdict%5 == 2:
		return consumer.Permanent(fmt.Errorf("hopeless: %s", d.Fields()[0].Name))
	case verdict%5 == 3 && d.Attempt < 2:
		panic(fmt.Sprintf("handler's own: %s", d.Fields()[0].Value))
	case verdict%5 == 4:
		return errors.New(string(d.Fields()[0].Value))
	}
	f.handled[d.EntryID]++
	return nil
}

func same(a, b stream.Fields) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !bytes.Equal(a[i].Name, b[i].Name) || !bytes.Equal(a[i].Value, b[i].Value) {
			return false
		}
	}
	return true
}

// reaped is what has to hold in the end: every entry was handled, or is a dead letter with its bytes as they were.
func (f *field) reaped() {
	f.T.Helper()
	letters := map[stream.ID]bool{}
	for _, l := range f.Letters() {
		require.False(f.T, letters[l.EntryID], "two letters of %s", l.EntryID)
		letters[l.EntryID] = true
		require.True(f.T, same(l.Fields, f.fields[l.EntryID]), "letter of %s (%s): %s", l.EntryID, f.kind[l.EntryID], l.Reason)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for id, kind := range f.kind {
		switch {
		case f.healthy[id]:
			require.Equal(f.T, 1, f.handled[id], "healthy entry %s", id)
			require.False(f.T, letters[id])
		case letters[id]:
			require.Zero(f.T, f.handled[id], "%s (%s) was handled, and is a letter", id, kind)
		default:
			require.Equal(f.T, 1, f.handled[id], "%s (%s)", id, kind)
		}
	}
}

// TestAThousandHostileEntries: the consumer handles or buries every one of them, byte for byte, stops at none, and handles the
// healthy ones among them.
func TestAThousandHostileEntries(t *testing.T) {
	t.Parallel()
	for _, program := range redistest.Installed(t) {
		t.Run(program.String(), func(t *testing.T) {
			t.Parallel()
			f := newField(t, redistest.Start(t, redistest.Binary(program.Path)))
			h := hostile{rand.New(rand.NewPCG(4, 1))}
			for i := range 1000 {
				kind := kinds[i%len(kinds)]
				f.sow(kind.name, "*", kind.make(h))
				if i%4 == 0 {
					f.healthy[f.sow("healthy", "*", append(h.event(), "data", "ok"))] = true
				}
			}
			c := f.Run(f.handle, func(c *consumer.Config) {
				c.MaxAttempts, c.Logger = 4, zap.NewNop()
			})
			f.drained(c)
			f.reaped()
			require.NoError(t, c.Stop())
		})
	}
}

// drained waits until everything is settled; the consumer must not have ended by then.
func (f *field) drained(c *streamtest.Running) {
	f.T.Helper()
	streamtest.Eventually(f.T, func() bool {
		select {
		case <-c.Ended():
			require.FailNow(f.T, "the consumer has ended")
		default:
		}
		info, err := f.Group.Info(f.Ctx)
		return err == nil && info.Pending == 0 && info.Lag == 0 && info.Waiting == 0
	}, "everything is settled")
}
