package metrics

import (
	"math"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// histogram is one series of a classic and a native histogram at once. Observing is
// two atomic additions and does not allocate: prometheus.Histogram costs ten times
// that, which a consumer that handles a message in a microsecond would notice.
type histogram struct {
	layout *layout
	desc   *prometheus.Desc
	labels []*dto.LabelPair
	since  *timestamppb.Timestamp

	exemplars []atomic.Pointer[dto.Exemplar] // for each classic bucket

	cells []atomic.Uint64
	sum   atomic.Int64 // in units of the layout
	_     [64]byte     // what is behind it in memory is somebody else's
}

func newHistogram(desc *prometheus.Desc, l *layout, labels []*dto.LabelPair) *histogram {
	return &histogram{
		layout: l, desc: desc, labels: labels, since: timestamppb.Now(),
		cells: make([]atomic.Uint64, len(l.ends)), exemplars: make([]atomic.Pointer[dto.Exemplar], len(l.classic)+1),
	}
}

// observe counts n units once.
func (h *histogram) observe(n int64) {
	h.cells[h.layout.cell(n)].Add(1)
	h.sum.Add(n)
}

// took counts a duration, where the layout's unit is a nanosecond.
func (h *histogram) took(d time.Duration) { h.observe(int64(d)) }

// run observes many values at a time. Those of a row that are in the same cell are counted
// in memory of its own: most are, and an addition that all processors have to see costs
// more than all the rest.
type run struct {
	h           *histogram
	cell        int32
	above, upTo int64 // what is in the cell
	n           uint64
	sum         int64
}

// run is a new one. What it observes counts when it has ended.
func (h *histogram) run() run { return run{h: h, above: math.MaxInt64, upTo: math.MinInt64} }

func (r *run) observe(n int64) {
	if n <= r.above || n > r.upTo {
		r.turn(n)
	}
	r.n++
	r.sum += n
}

// turn goes on to the cell of n.
func (r *run) turn(n int64) {
	r.flush()
	r.cell = r.h.layout.cell(n)
	r.above, r.upTo = r.h.layout.spanOf(r.cell)
}

func (r *run) flush() {
	if r.n > 0 {
		r.h.cells[r.cell].Add(r.n)
		r.n = 0
	}
}

func (r *run) end() {
	r.flush()
	if r.sum != 0 {
		r.h.sum.Add(r.sum)
	}
}

// exemplify keeps a value, which was observed, as an example of its bucket.
func (h *histogram) exemplify(n int64, labels prometheus.Labels) {
	v := float64(n) * h.layout.scale
	bucket := 0
	for bucket < len(h.layout.classic) && v > h.layout.classic[bucket] {
		bucket++
	}
	h.exemplars[bucket].Store(&dto.Exemplar{Label: pairs(labels), Value: proto.Float64(v), Timestamp: timestamppb.Now()})
}

// count is how many values have been observed.
func (h *histogram) count() (n uint64) {
	for i := range h.cells {
		n += h.cells[i].Load()
	}
	return n
}

// Desc is the metric's.
func (h *histogram) Desc() *prometheus.Desc { return h.desc }

// Write is what a scrape gets.
func (h *histogram) Write(m *dto.Metric) error {
	counts := make([]uint64, len(h.cells))
	var all uint64
	for i := range h.cells {
		counts[i] = h.cells[i].Load()
		all += counts[i]
	}
	out := &dto.Histogram{
		SampleCount: proto.Uint64(all), SampleSum: proto.Float64(float64(h.sum.Load()) * h.layout.scale),
		CreatedTimestamp: h.since,
	}
	h.writeClassic(out, counts)
	h.writeNative(out, counts)
	m.Label, m.Histogram = h.labels, out
	return nil
}

func (h *histogram) writeClassic(out *dto.Histogram, counts []uint64) {
	var sum uint64
	from := 0
	for i, bound := range h.layout.classic {
		for ; from < int(h.layout.behind[i]); from++ {
			sum += counts[from]
		}
		out.Bucket = append(out.Bucket, &dto.Bucket{
			UpperBound: proto.Float64(bound), CumulativeCount: proto.Uint64(sum), Exemplar: h.exemplars[i].Load(),
		})
	}
	if last := h.exemplars[len(h.layout.classic)].Load(); last != nil {
		out.Bucket = append(out.Bucket, &dto.Bucket{
			UpperBound: proto.Float64(math.Inf(1)), CumulativeCount: out.SampleCount, Exemplar: last,
		})
	}
}

// smallGap is how many empty buckets are written rather than a new span.
const smallGap = 2

// writeNative writes spans of buckets, and their counts as differences.
func (h *histogram) writeNative(out *dto.Histogram, counts []uint64) {
	out.Schema = proto.Int32(schema)
	out.ZeroThreshold = proto.Float64(upperOf(h.layout.first - 1))
	out.ZeroCount = proto.Uint64(counts[0])
	next, before := int32(0), int64(0) // the bucket behind the last that was written, and its count
	write := func(n int64) {
		*out.PositiveSpan[len(out.PositiveSpan)-1].Length++
		out.PositiveDelta = append(out.PositiveDelta, n-before)
		before = n
		next++
	}
	for cell := 1; cell < len(counts); {
		key, n := h.layout.ends[cell], int64(0)
		for ; cell < len(counts) && h.layout.ends[cell] == key; cell++ {
			n += int64(counts[cell])
		}
		if n == 0 {
			continue
		}
		if gap := key - next; len(out.PositiveSpan) == 0 || gap > smallGap {
			out.PositiveSpan = append(out.PositiveSpan, &dto.BucketSpan{Offset: proto.Int32(gap), Length: proto.Uint32(0)})
			next = key
		}
		for next < key {
			write(0)
		}
		write(n)
	}
	for i := range h.exemplars {
		if e := h.exemplars[i].Load(); e != nil {
			out.Exemplars = append(out.Exemplars, e)
		}
	}
}
