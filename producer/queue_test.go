package producer

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestQueueIsFirstInFirstOut(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	var q queue[int]
	var want []int
	for i := range 5_000 {
		switch n := random.IntN(10); {
		case n < 4 || len(want) == 0:
			q.push(i + 1)
			want = append(want, i+1)
		case n < 5:
			q.unpop(-i)
			want = append([]int{-i}, want...)
		default:
			require.Equal(t, want[0], q.pop())
			want = want[1:]
		}
		require.Equal(t, len(want), q.len())
		if len(want) > 0 {
			require.Equal(t, want[0], q.first())
			require.Equal(t, want[len(want)-1], q.last())
		} else {
			require.Zero(t, q.first()+q.last())
		}
	}
	require.Less(t, cap(q.items), 1_000, "the memory of what has left is used again")
}
