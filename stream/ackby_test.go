package stream

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// An acknowledgement whose time is over when it could be sent is not sent: the entry may
// be another's by then.
func TestAckByIsNotSentLate(t *testing.T) {
	t.Parallel()
	l := newLab(t).create()
	l.add(2)
	batch := l.read("me", 2)
	ids := []ID{batch[0].EntryID, batch[1].EntryID}
	_, err := l.g.AckBy(l.ctx, ids, time.Now())
	require.Equal(t, ClassNotExecuted, Classify(err), "%v", err)
	require.Len(t, l.pending(), 2)
	n, err := l.g.AckBy(l.ctx, ids, time.Now().Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, 2, n)
	require.Empty(t, l.pending())
}
