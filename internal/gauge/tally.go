package gauge

import (
	"slices"
	"time"
)

// tallies are all measurements, by the way that they were made.
type tallies struct {
	rates     map[Work]map[string][]Sample
	latencies map[Interval]map[string][]time.Duration
}

func newTallies() tallies {
	return tallies{rates: map[Work]map[string][]Sample{}, latencies: map[Interval]map[string][]time.Duration{}}
}

func (t tallies) rate(work Work, w way, s Sample) {
	if t.rates[work] == nil {
		t.rates[work] = map[string][]Sample{}
	}
	t.rates[work][w.name()] = append(t.rates[work][w.name()], s)
}

func (t tallies) latency(of Interval, w way, took []time.Duration) {
	if t.latencies[of] == nil {
		t.latencies[of] = map[string][]time.Duration{}
	}
	t.latencies[of][w.name()] = append(t.latencies[of][w.name()], took...)
}

// median is that of an interval, over all ways, so far.
func (t tallies) median(of Interval) time.Duration {
	var all []time.Duration
	for _, took := range t.latencies[of] {
		all = append(all, took...)
	}
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// into writes the figures into the facts.
func (t tallies) into(f *Facts) {
	for _, work := range []Work{Publish, Consume, EndToEnd} {
		samples := t.rates[work]
		leat := samples["leat"]
		if len(leat) == 0 {
			continue
		}
		rate := Rate{Work: work, Leat: figureOf(leat)}
		if bare := samples["bare"]; len(bare) > 0 {
			figure := figureOf(bare)
			rate.Bare = &figure
			var shares []float64
			for i := range min(len(leat), len(bare)) {
				if bare[i].PerSecond > 0 {
					shares = append(shares, leat[i].PerSecond/bare[i].PerSecond)
				}
			}
			rate.Share = medianOf(shares)
		}
		f.Rates = append(f.Rates, rate)
	}
	for _, of := range []Interval{RoundTrip, Stored, Handled} {
		took := t.latencies[of]
		if len(took["leat"]) == 0 {
			continue
		}
		l := Latency{Interval: of, Leat: quantilesOf(took["leat"])}
		if bare := took["bare"]; len(bare) > 0 {
			q := quantilesOf(bare)
			l.Bare = &q
		}
		f.Latencies = append(f.Latencies, l)
	}
}

// figureOf makes one figure of the rounds.
func figureOf(samples []Sample) Figure {
	f := Figure{Rounds: samples}
	var rates, serverMicros, clientMicros []float64
	collect := func(to *[]float64, cores *float64, s Sample) {
		if cores != nil && s.Events > 0 {
			*to = append(*to, *cores*s.Seconds*1e6/float64(s.Events))
		}
	}
	for _, s := range samples {
		f.Events += s.Events
		f.Seconds += s.Seconds
		rates = append(rates, s.PerSecond)
		collect(&serverMicros, s.Server, s)
		collect(&clientMicros, s.Client, s)
	}
	f.PerSecond, f.Slowest, f.Fastest = *medianOf(rates), slices.Min(rates), slices.Max(rates)
	f.ServerMicro, f.ClientMicro = medianOf(serverMicros), medianOf(clientMicros)
	usage := func(of func(Usage) *float64) *float64 {
		var xs []float64
		for _, s := range samples {
			if x := of(s.Usage); x != nil {
				xs = append(xs, *x)
			}
		}
		return medianOf(xs)
	}
	f.MainThread = usage(func(u Usage) *float64 { return u.MainThread })
	f.Server = usage(func(u Usage) *float64 { return u.Server })
	f.Client = usage(func(u Usage) *float64 { return u.Client })
	f.Machine = usage(func(u Usage) *float64 { return u.Machine })
	f.In = usage(func(u Usage) *float64 { return u.In })
	f.Out = usage(func(u Usage) *float64 { return u.Out })
	return f
}

// medianOf is nil where there is nothing.
func medianOf(xs []float64) *float64 {
	if len(xs) == 0 {
		return nil
	}
	sorted := slices.Sorted(slices.Values(xs))
	middle := len(sorted) / 2
	if len(sorted)%2 == 0 {
		return known((sorted[middle-1] + sorted[middle]) / 2)
	}
	return known(sorted[middle])
}

// quantilesOf are those of latencies, each a latency that was measured.
func quantilesOf(took []time.Duration) Quantiles {
	sorted := slices.Sorted(slices.Values(took))
	at := func(q float64) float64 {
		i := max(0, min(len(sorted)-1, int(q*float64(len(sorted))+0.9999)-1))
		return milliseconds(sorted[i])
	}
	return Quantiles{Samples: len(sorted), P50: at(0.5), P99: at(0.99), P999: at(0.999), Max: milliseconds(sorted[len(sorted)-1])}
}

// milliseconds has microseconds behind the point, and is never 0 for what took time.
func milliseconds(d time.Duration) float64 {
	return float64(max(d.Round(time.Microsecond), time.Microsecond).Microseconds()) / 1000
}
