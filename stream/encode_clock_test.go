package stream

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestTimesAreWrittenAsRFC3339: those of one second after the other, and back again.
func TestTimesAreWrittenAsRFC3339(t *testing.T) {
	t.Parallel()
	var clock clockText
	zone := time.FixedZone("far", 5*3600+1800)
	seconds := []int64{0, 1, -1, 1_700_000_000, 1_700_000_001, -62_135_596_800, -62_167_219_200, 253_402_300_799}
	fractions := []int64{0, 1, 10, 999_999_999, 100_000_000, 120_000_000, 123_456_789, 1_000}
	for range 2_000 {
		at := time.Unix(seconds[rand.IntN(len(seconds))], fractions[rand.IntN(len(fractions))])
		if rand.IntN(2) == 0 {
			at = at.In(zone)
		}
		require.Equal(t, at.UTC().Format(time.RFC3339Nano), string(clock.text(at)))
	}
}
