package consumer

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// Who waits for a lock that is held while time passes does not keep simulated time
// from passing.
func TestLockIsWaitedForInSimulatedTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var l lock
		begun := time.Now()
		l.RLock()
		l.RLock() // with others
		require.False(t, l.TryLock())
		var all sync.WaitGroup
		all.Go(func() {
			l.Lock()
			require.Equal(t, 2*time.Hour, time.Since(begun), "not before both are through")
			time.Sleep(time.Hour)
			l.Unlock()
		})
		synctest.Wait()
		all.Go(func() {
			l.RLock()
			require.Equal(t, 3*time.Hour, time.Since(begun), "who waits alone comes first")
			l.RUnlock()
		})
		time.Sleep(time.Hour)
		l.RUnlock()
		time.Sleep(time.Hour)
		l.RUnlock()
		all.Wait()
		require.True(t, l.TryLock())
		require.False(t, l.TryLock())
		l.Unlock()
	})
}
