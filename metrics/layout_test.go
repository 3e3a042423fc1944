package metrics

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/require"
)

// reference is a histogram of the official library with the same buckets.
func reference(l *layout) prometheus.Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "reference", Help: "h", Buckets: l.classic,
		NativeHistogramBucketFactor: 1.1, NativeHistogramZeroThreshold: upperOf(l.first - 1),
	})
}

func written(t *testing.T, m prometheus.Metric) *dto.Histogram {
	t.Helper()
	var out dto.Metric
	require.NoError(t, m.Write(&out))
	require.NotNil(t, out.Histogram)
	out.Histogram.CreatedTimestamp = nil
	return out.Histogram
}

// TestHistogramsAgreeWithPrometheus: the same values give the same classic buckets, native buckets, count and sum.
func TestHistogramsAgreeWithPrometheus(t *testing.T) {
	t.Parallel()
	for name, l := range map[string]*layout{"handling": handling, "calling": calling, "lasting": lasting, "counting": counting} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(1, 2))
			mine, theirs := newHistogram(prometheus.NewDesc("mine", "h", nil, nil), l, nil), reference(l)
			many := newHistogram(prometheus.NewDesc("mine", "h", nil, nil), l, nil)
			r := many.run()
			top := int64(upperOf(l.first+len(l.places)-1) / l.scale)
			observe := func(n int64) {
				mine.observe(n)
				r.observe(n)
				theirs.Observe(float64(n) * l.scale)
			}
			for _, v := range []int64{0, 1, 2, 3, 4, 1000, top - 1} {
				observe(v)
			}
			for _, bound := range l.classic { // a classic bucket includes its bound
				observe(int64(bound / l.scale))
				observe(int64(bound/l.scale) + 1)
			}
			for range 20_000 {
				observe(int64(math.Exp(random.Float64() * math.Log(float64(top)))))
			}
			got, want := written(t, mine), written(t, theirs)
			require.InEpsilon(t, want.GetSampleSum(), got.GetSampleSum(), 1e-9)
			got.SampleSum = want.SampleSum
			require.Equal(t, want.String(), got.String())
			require.Equal(t, want.GetSampleCount(), mine.count())

			r.end()
			got = written(t, many)
			require.InEpsilon(t, want.GetSampleSum(), got.GetSampleSum(), 1e-9)
			got.SampleSum = want.SampleSum
			require.Equal(t, want.String(), got.String(), "many at a time are the same")
		})
	}
}

func TestHistogramThatIsEmpty(t *testing.T) {
	t.Parallel()
	got, want := written(t, newHistogram(prometheus.NewDesc("mine", "h", nil, nil), handling, nil)), written(t, reference(handling))
	require.Equal(t, want.String(), got.String())
}

// TestHistogramIsBounded: what is beyond the last bucket is counted in it.
func TestHistogramIsBounded(t *testing.T) {
	t.Parallel()
	h := newHistogram(prometheus.NewDesc("mine", "h", nil, nil), handling, nil)
	h.observe(math.MaxInt64)
	h.observe(-5)
	got := written(t, h)
	require.EqualValues(t, 2, got.GetSampleCount())
	require.EqualValues(t, 1, got.GetZeroCount())
	require.Len(t, got.PositiveDelta, 1)
	require.EqualValues(t, 1, got.Bucket[len(got.Bucket)-1].GetCumulativeCount())
}

func TestExemplarIsInItsBucket(t *testing.T) {
	t.Parallel()
	h := newHistogram(prometheus.NewDesc("mine", "h", nil, nil), handling, nil)
	h.took(3 * time.Millisecond)
	h.exemplify(int64(3*time.Millisecond), prometheus.Labels{"trace_id": "abc"})
	h.took(2 * time.Hour)
	h.exemplify(int64(2*time.Hour), prometheus.Labels{"trace_id": "def"})
	got := written(t, h)
	for _, b := range got.Bucket {
		switch b.GetUpperBound() {
		case 0.005:
			require.Equal(t, "abc", b.Exemplar.Label[0].GetValue())
		case math.Inf(1):
			require.Equal(t, "def", b.Exemplar.Label[0].GetValue())
		default:
			require.Nil(t, b.Exemplar, "%v", b)
		}
	}
	require.Len(t, got.Exemplars, 2)
}
