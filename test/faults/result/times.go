package result

import (
	"maps"
	"math"
	"slices"
	"time"
)

// Times are samples of a duration, counted in steps of two per cent, so that those of many rounds can be put together. The keys
// of Steps are steps: of step n are samples of about 1.02^n microseconds.
type Times struct {
	Samples int         `json:"samples"`
	Steps   map[int]int `json:"steps"`
}

const step = 1.02

// Add adds a sample.
func (t *Times) Add(d time.Duration) {
	if t.Steps == nil {
		t.Steps = map[int]int{}
	}
	us := max(float64(d)/float64(time.Microsecond), 1)
	t.Steps[int(math.Round(math.Log(us)/math.Log(step)))]++
	t.Samples++
}

// Merge adds the samples of other.
func (t *Times) Merge(other Times) {
	if t.Steps == nil {
		t.Steps = map[int]int{}
	}
	for n, count := range other.Steps {
		t.Steps[n] += count
	}
	t.Samples += other.Samples
}

// Quantile is the smallest duration that is not below q of the samples; 0 of none.
func (t *Times) Quantile(q float64) time.Duration {
	left := int(math.Ceil(q * float64(t.Samples)))
	for _, n := range slices.Sorted(maps.Keys(t.Steps)) {
		if left -= t.Steps[n]; left <= 0 {
			return time.Duration(math.Pow(step, float64(n)) * float64(time.Microsecond))
		}
	}
	return 0
}
