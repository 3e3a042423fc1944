package stream

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// One entry is refused (its slot has moved away meanwhile), the one behind it is there.
// What was read must stay as it is when the connection is used for something else.
func TestFetchedEntriesStayBehindARefusal(t *testing.T) {
	t.Parallel()
	value := strings.Repeat("x", 100)
	entry := fmt.Sprintf("*1\r\n*2\r\n$3\r\n1-2\r\n*2\r\n$4\r\ndata\r\n$100\r\n%s\r\n", value)
	p := answers(t, "-TRYAGAIN the slot is on its way\r\n", entry, "$3\r\n9-9\r\n", "-ERR "+strings.Repeat("y", 300)+"\r\n")
	g := p.group(t)
	ctx := testContext(t)
	taken, err := g.fetch(ctx, "me", []claim{{ID{1, 1}, 2, 0}, {ID{1, 2}, 2, 0}})
	require.ErrorIs(t, err, ErrUnknownOutcome)
	require.Len(t, taken.Batch, 1)
	_, errs := g.conn.Add(ctx, "orders", simple(2))
	require.NoError(t, errs[0])
	require.Error(t, errs[1])
	require.Equal(t, ID{1, 2}, taken.Batch[0].EntryID)
	require.Equal(t, value, string(taken.Batch[0].Fields[0].Value))
}
