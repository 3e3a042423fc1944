package ndjson_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/ndjson"
)

func TestRanges(t *testing.T) {
	t.Parallel()
	var r ndjson.Ranges
	require.Empty(t, r.String())
	for _, line := range []int{1, 2, 3, 7, 9, 10} {
		r.Add(line)
	}
	require.Equal(t, "1-3, 7, 9-10", r.String())
	require.Equal(t, 6, r.Lines())
	for line := 20; line < 60; line += 2 {
		r.Add(line)
	}
	require.Equal(t, "1-3, 7, 9-10, 20, 22, 24, 26, 28, 30, 32 and 13 more ranges", r.String())
}
