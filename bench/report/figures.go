package report

import (
	"slices"

	"github.com/leat-io/leat/bench/result"
)

// figure is what is taken from a sample. 0 or less: the sample does not have it.
type figure func(result.Sample) float64

// figures finds the samples of a run by what was measured.
type figures struct {
	samples map[result.Job][]result.Sample
	jobs    []result.Job // in the order of the run
}

func newFigures(samples []result.Sample) *figures {
	f := &figures{samples: map[result.Job][]result.Sample{}}
	for _, s := range samples {
		j := place(s.Job)
		if f.samples[j] == nil {
			f.jobs = append(f.jobs, j)
		}
		f.samples[j] = append(f.samples[j], s)
	}
	return f
}

// place is where in the report a job belongs: it keeps of a job what is told apart
// there. In the tables contenders stand beside each other although slow ones are
// given fewer messages; in a growth curve only what grows matters.
func place(j result.Job) result.Job {
	p := result.Job{Contender: j.Contender, Kind: j.Kind}
	switch j.Kind {
	case result.Slow:
		p.Concurrency = j.Concurrency
	case result.GrowBacklog, result.GrowPending, result.GrowMemory:
		p.N, p.What = j.N, j.What
	case result.GrowPayload:
		p.Payload, p.What = j.Payload, j.What
	case result.GrowGroups:
		p.Groups, p.What = j.Groups, j.What
	case result.GrowStreams:
		p.Streams, p.What = j.Streams, j.What
	case result.GrowProcesses:
		p.Processes, p.What = j.Processes, j.What
	}
	return p
}

// grown is what grows in a job of a growth curve.
func grown(j result.Job) int {
	switch j.Kind {
	case result.GrowPayload:
		return j.Payload
	case result.GrowGroups:
		return j.Groups
	case result.GrowStreams:
		return j.Streams
	case result.GrowProcesses:
		return j.Processes
	}
	return j.N
}

// has tells whether anything of the kind was tried.
func (f *figures) has(kind result.Kind) bool {
	return slices.ContainsFunc(f.jobs, func(j result.Job) bool { return j.Kind == kind })
}

// failed are the samples of a place that gave an error instead of figures.
func (f *figures) failed(j result.Job) []result.Sample {
	var failed []result.Sample
	for _, s := range f.samples[j] {
		if s.Error != "" {
			failed = append(failed, s)
		}
	}
	return failed
}

// spread of a figure over all samples of a place that have it.
func (f *figures) spread(j result.Job, of figure) spread {
	var values []float64
	for _, s := range f.samples[j] {
		if v := valueOf(s, of); v > 0 {
			values = append(values, v)
		}
	}
	return spreadOf(values)
}

// ratio is a's figure divided by b's, within each round that has both, and the
// spread of these ratios: what made one round slow made both figures small.
func (f *figures) ratio(a, b result.Job, of figure) spread {
	return f.quotient(a, b, of, of)
}

// quotient is ratio for two figures that are taken in different ways.
func (f *figures) quotient(a, b result.Job, ofA, ofB figure) spread {
	divisors := f.rounds(b, ofB)
	var ratios []float64
	for round, v := range f.rounds(a, ofA) {
		if d, ok := divisors[round]; ok {
			ratios = append(ratios, v/d)
		}
	}
	return spreadOf(ratios)
}

// rounds has the figure of each round that has one; where a round has several,
// their median.
func (f *figures) rounds(j result.Job, of figure) map[int]float64 {
	values := map[int][]float64{}
	for _, s := range f.samples[j] {
		if v := valueOf(s, of); v > 0 {
			values[s.Round] = append(values[s.Round], v)
		}
	}
	medians := map[int]float64{}
	for round, v := range values {
		medians[round] = median(v)
	}
	return medians
}

func valueOf(s result.Sample, of figure) float64 {
	if s.Error != "" {
		return 0
	}
	return of(s)
}

// spread is what several rounds gave. The zero value: nothing.
type spread struct {
	Median, Min, Max float64
	N                int
}

func spreadOf(values []float64) spread {
	if len(values) == 0 {
		return spread{}
	}
	return spread{Median: median(values), Min: slices.Min(values), Max: slices.Max(values), N: len(values)}
}

// median of at least one value; of an even number of them the mean of the two in
// the middle.
func median(values []float64) float64 {
	v := slices.Sorted(slices.Values(values))
	half := len(v) / 2
	if len(v)%2 == 1 {
		return v[half]
	}
	return (v[half-1] + v[half]) / 2
}

// What is taken from samples.

func perSecond(s result.Sample) float64 { return s.PerSecond }
func p50(s result.Sample) float64       { return micro(s.P50) }
func p99(s result.Sample) float64       { return micro(s.P99) }
func p999(s result.Sample) float64      { return micro(s.P999) }
func idleP99(s result.Sample) float64   { return micro(s.IdleP99) }
func clientCPU(s result.Sample) float64 { return s.ClientMicro }
func serverCPU(s result.Sample) float64 { return s.ServerMicro }
func memory(s result.Sample) float64    { return float64(s.PeakRSS) }
func allocs(s result.Sample) float64    { return s.Allocs }
func allocated(s result.Sample) float64 { return s.AllocBytes }

// bothCPU is what client and server spend together, where both are known.
func bothCPU(s result.Sample) float64 {
	if s.ClientMicro <= 0 || s.ServerMicro <= 0 {
		return 0
	}
	return s.ClientMicro + s.ServerMicro
}
