package durability

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/stream"
)

func TestCompare(t *testing.T) {
	t.Parallel()
	id := func(ms uint64) stream.ID { return stream.ID{Ms: ms, Seq: 1} }
	p := publisher{acknowledged: []stream.ID{id(1000), id(2000), id(2400)}, weak: []stream.ID{id(2500), id(2600)}, unknown: 3, refused: 4}
	var out Round
	p.compare(&out, map[stream.ID]bool{id(1000): true, id(2500): true, id(2700): true}, time.UnixMilli(3000))
	require.Equal(t, Round{Acknowledged: 3, Lost: 2, Window: 1000, Weak: 2, WeakLost: 1, Unknown: 3, Refused: 4, Extra: 1}, out)

	out = Round{}
	p.compare(&out, map[stream.ID]bool{id(1000): true, id(2000): true, id(2400): true}, time.UnixMilli(3000))
	require.Equal(t, Round{Acknowledged: 3, Weak: 2, WeakLost: 2, Unknown: 3, Refused: 4}, out)
}

func TestSpread(t *testing.T) {
	t.Parallel()
	lost := func(r *Round) float64 { return float64(r.Lost) }
	require.Equal(t, Spread{}, spread(nil, lost))
	require.Equal(t, Spread{2, 2, 2}, spread([]Round{{Lost: 2}}, lost))
	require.Equal(t, Spread{3, 1, 9}, spread([]Round{{Lost: 9}, {Lost: 1}, {Lost: 3}}, lost))
	require.Equal(t, Spread{2.5, 1, 9}, spread([]Round{{Lost: 9}, {Lost: 1}, {Lost: 3}, {Lost: 2}}, lost))
}

func TestSumAndRatio(t *testing.T) {
	t.Parallel()
	table := Table{Cells: []Cell{
		{Fault: "kill", Level: "D0", Rounds: []Round{{Throughput: 100}, {Repetition: 2, Throughput: 50}}},
		{Fault: "kill", Level: "D2", Rounds: []Round{{Throughput: 10, Lost: 1}, {Repetition: 1, Throughput: 30}, {Repetition: 2, Throughput: 20}}, LosesNothing: true},
		{Fault: "power", Level: "D2", Rounds: []Round{{Throughput: 10}}},
	}}
	table.sum()
	require.Equal(t, Spread{0.25, 0.1, 0.4}, table.Cells[1].Ratio)
	require.Zero(t, table.Cells[2].Ratio)
	require.Equal(t, Spread{0, 0, 1}, table.Cells[1].Lost)
	require.Equal(t, []Cell{table.Cells[1]}, table.Broken())
}

// TestARunGoesOn where another one ended.
func TestARunGoesOn(t *testing.T) {
	t.Parallel()
	before := &Table{Cells: []Cell{{Fault: "kill", Level: "D2", Payload: 200, Server: "redis 7", Rounds: []Round{{}, {Repetition: 2}}, Failed: []string{"no"}}}}
	c := Cell{Fault: "kill", Level: "D2", Payload: 200, Server: "redis 7"}
	c.take(before)
	require.Len(t, c.Rounds, 2)
	require.True(t, c.has(0))
	require.False(t, c.has(1))
	require.True(t, c.has(2))
	for _, other := range []Cell{{Fault: "kill", Level: "D2", Payload: 200, Server: "redis 8"}, {Fault: "power", Level: "D2", Payload: 200, Server: "redis 7"}} {
		other.take(before)
		require.Empty(t, other.Rounds)
		require.Empty(t, other.Failed)
	}
}
