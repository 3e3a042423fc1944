package stream

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
)

// TestManyAtOnce add, read and acknowledge over one Conn: each entry is handed out
// once, with the bytes that it was added with, and settled once.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	for name, connect := range map[string]func(t *testing.T) *Conn{
		"plain":  func(t *testing.T) *Conn { return dial(t, redistest.Shared(t).URL()) },
		"hooked": func(t *testing.T) *Conn { return dial(t, redistest.Shared(t).URL(), WithHook(wireHooks{})) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := labOn(t, connect(t), redistest.Shared(t).Client(t), redistest.Prefix(t)+"orders").create()
			const workers, rounds, per = 50, 10, 7
			var mu sync.Mutex
			added, read := map[ID]string{}, map[ID]string{}
			acked := 0
			var work sync.WaitGroup
			for i := range workers {
				work.Go(func() {
					r := l.g.Reader(fmt.Sprint("worker", i), false)
					defer r.Close()
					var kept Batch
					for round := range rounds {
						events := simple(per)
						for j := range events {
							events[j].Data = []byte(strings.Repeat(fmt.Sprintf("%d/%d/%d ", i, round, j), 1+round*j))
						}
						ids, errs := l.conn.Add(l.ctx, l.key, events)
						batch, err := r.ReadAhead(l.ctx, per, 0, func(int) int { return (i + round) % per })
						n, ackErr := l.g.Ack(l.ctx, idsOf(batch))
						kept = append(kept, batch...)
						mu.Lock()
						for j, id := range ids {
							added[id] = string(events[j].Data)
							errs = append(errs, err, ackErr)
						}
						acked += n
						mu.Unlock()
						if slices.ContainsFunc(errs, func(err error) bool { return err != nil }) {
							t.Error(errs)
						}
					}
					for r.Ahead() > 0 {
						batch, err := r.Read(l.ctx, 1, 0)
						n, ackErr := l.g.Ack(l.ctx, idsOf(batch))
						if err != nil || ackErr != nil {
							t.Error(err, ackErr)
							break
						}
						kept = append(kept, batch...)
						mu.Lock()
						acked += n
						mu.Unlock()
					}
					mu.Lock()
					for j := range kept {
						if _, twice := read[kept[j].EntryID]; twice {
							t.Error("twice", kept[j].EntryID)
						}
						read[kept[j].EntryID] = string(kept[j].Data)
					}
					mu.Unlock()
				})
			}
			work.Wait()
			for _, d := range l.read("last", workers*rounds*per) {
				read[d.EntryID] = string(d.Data)
				n, err := l.g.Ack(l.ctx, []ID{d.EntryID})
				require.NoError(t, err)
				acked += n
			}
			require.Len(t, added, workers*rounds*per)
			require.True(t, maps.Equal(added, read))
			require.Equal(t, len(added), acked)
			require.Zero(t, l.pendingCount())
			require.Empty(t, l.conn.busy(t))
		})
	}
}
