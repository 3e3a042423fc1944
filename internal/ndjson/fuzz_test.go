package ndjson_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/ndjson"
)

// FuzzRanges: lines that are added in their order are counted, each once, and printed in little space.
func FuzzRanges(f *testing.F) {
	f.Add([]byte{1, 1, 1, 5, 1})
	f.Add([]byte{255, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, steps []byte) {
		var r ndjson.Ranges
		line := 0
		lines := map[int]bool{}
		for _, step := range steps {
			line += 1 + int(step)%4
			r.Add(line)
			lines[line] = true
		}
		require.Equal(t, len(lines), r.Lines())
		for i, one := range r {
			require.LessOrEqual(t, one.From, one.To)
			require.True(t, i == 0 || r[i-1].To+1 < one.From, "%s", r)
			for n := one.From; n <= one.To; n++ {
				require.True(t, lines[n])
			}
		}
		require.Less(t, len(r.String()), 300)
		text, err := json.Marshal(r)
		require.NoError(t, err)
		var back ndjson.Ranges
		require.NoError(t, json.Unmarshal(text, &back))
		require.Equal(t, r.Lines(), back.Lines())
	})
}
