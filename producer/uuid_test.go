package producer

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestUUIDsAreOfVersion7AndGrow(t *testing.T) {
	t.Parallel()
	var made uuids
	at := time.Date(2026, 3, 4, 5, 6, 7, 891_999_999, time.UTC)
	last := ""
	for _, now := range []time.Time{at, at, at, at.Add(256), at.Add(-time.Hour), at.Add(time.Second), at.Add(time.Second)} {
		id := made.next(now)
		require.EqualValues(t, 7, id.Version())
		require.Equal(t, uuid.RFC4122, id.Variant())
		var text uuidText
		text.write(id)
		require.Equal(t, id.String(), string(text[:]))
		require.Greater(t, id.String(), last)
		last = id.String()
		sec, nsec := id.Time().UnixTime()
		assert.WithinDuration(t, at, time.Unix(sec, nsec), time.Second+time.Millisecond)
	}
}

func TestUUIDsOfManyGoroutinesDiffer(t *testing.T) {
	t.Parallel()
	const goroutines, each = 8, 2_000
	var made uuids
	all := make([][]string, goroutines)
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			for range each {
				id := made.next(time.Now())
				all[g] = append(all[g], id.String())
			}
		})
	}
	wg.Wait()
	seen := map[string]bool{}
	for _, ids := range all {
		assert.True(t, slices.IsSorted(ids))
		for _, id := range ids {
			seen[id[:19]] = true // without the random end
		}
	}
	assert.Len(t, seen, goroutines*each)
}
