package stream

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Some entries are refused (their slot has moved away meanwhile), the one behind them is there.
// What was read must stay as it is when the connection is used for something else.
func TestFetchedEntriesStayBehindARefusal(t *testing.T) {
	t.Parallel()
	value := strings.Repeat("x", 100)
	entry := fmt.Sprintf("*1\r\n*2\r\n$4\r\n1-99\r\n*2\r\n$4\r\ndata\r\n$100\r\n%s\r\n", value)
	p := answers(t, "-TRYAGAIN the slot is on its way\r\n", entry, "$3\r\n9-9\r\n", "-ERR "+strings.Repeat("y", 300)+"\r\n")
	g := p.group(t)
	ctx := testContext(t)
	var claims []claim
	for i := range run {
		claims = append(claims, claim{ID{1, uint64(i)}, 2, 0})
	}
	taken, err := g.fetch(ctx, "me", append(claims, claim{ID{1, 99}, 2, 0}))
	require.ErrorIs(t, err, ErrUnknownOutcome)
	require.Len(t, taken.Batch, 1)
	_, errs := g.conn.Add(ctx, "orders", simple(2))
	require.NoError(t, errs[0])
	require.Error(t, errs[1])
	require.Equal(t, ID{1, 99}, taken.Batch[0].EntryID)
	require.Equal(t, value, string(taken.Batch[0].Fields()[0].Value))
}

// What was claimed is read in runs. Others that lie between crowd some out of the
// replies, and some are gone: all come, each once, in order and with its counts.
func TestFetchedAmongOthers(t *testing.T) {
	t.Parallel()
	for name, mine := range map[string]func(i int) bool{
		"in a row":     func(int) bool { return true },
		"every third":  func(i int) bool { return i%3 == 0 },
		"first, last":  func(i int) bool { return i == 0 || i == 3*run-1 },
		"in two parts": func(i int) bool { return i < run/2 || i > 2*run },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			batch := l.given("me", 3*run)
			var claims []claim
			var want, lost []ID
			for i := range batch {
				if !mine(i) {
					continue
				}
				claims = append(claims, claim{batch[i].EntryID, 1, len(claims) % 5})
				if len(claims)%7 == 2 {
					lost = append(lost, batch[i].EntryID)
				} else {
					want = append(want, batch[i].EntryID)
				}
			}
			l.del(lost...)
			taken, err := l.g.fetch(l.ctx, "me", claims)
			require.NoError(t, err)
			require.Equal(t, want, idsOf(taken.Batch))
			require.Equal(t, lost, taken.Lost)
			for _, d := range taken.Batch {
				i := slices.IndexFunc(claims, func(c claim) bool { return c.id == d.EntryID })
				require.Equal(t, claims[i].failures+1, d.Attempt)
				require.Equal(t, 1, d.Deliveries)
				require.Equal(t, "n", string(d.Fields()[0].Name))
			}
		})
	}
}
