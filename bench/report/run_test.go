package report

import (
	"time"

	"github.com/leat-io/leat/bench/result"
)

// profile is what one contender does in an ordinary round of a made-up run.
type profile struct {
	name                     string
	n                        int
	publish, consume, both   float64 // a second
	p50, p99, p999           float64 // microseconds
	slow                     [3]float64
	client, server           float64 // microseconds a message, consuming; publishing a bit less
	allocs, bytes, publishes float64
	rss                      int64 // MiB
}

var profiles = []profile{
	{"leat", 1_000_000, 402e3, 289e3, 139e3, 76, 251, 612, [3]float64{9_310, 88_400, 268e3}, 0.39, 3.1, 0.04, 12, 0.6, 24},
	{"bare protocol", 1_000_000, 435e3, 317e3, 154e3, 72, 237, 580, [3]float64{9_400, 89_700, 281e3}, 0.32, 3.1, 0.0004, 0.3, 0.0003, 14},
	{"bare protocol, one field", 1_000_000, 512e3, 371e3, 181e3, 70, 230, 571, [3]float64{9_420, 89_900, 290e3}, 0.27, 2.6, 0.0004, 0.3, 0.0003, 13},
	{"go-redis", 1_000_000, 285e3, 237e3, 141e3, 104, 336, 910, [3]float64{9_100, 85_000, 180e3}, 1.5, 3.7, 7.0, 611, 4, 38},
	{"rueidis", 1_000_000, 298e3, 237e3, 145e3, 98, 240, 800, [3]float64{9_320, 86_000, 190e3}, 1.5, 3.7, 6.1, 540, 3, 41},
	{"watermill-redisstream", 100_000, 52e3, 21e3, 15e3, 410, 1_900, 5_200, [3]float64{3_000, 9_000, 15e3}, 47, 34, 52, 4_100, 31, 56},
	{"asynq", 50_000, 38e3, 11e3, 9e3, 1_100, 4_200, 11_000, [3]float64{2_100, 8_000, 0}, 87, 64, 75, 5_900, 44, 61},
	{"redisqueue", 200_000, 86e3, 68e3, 38e3, 310, 1_400, 2_800, [3]float64{8_100, 41_000, 52e3}, 12.8, 11.9, 14.1, 1_150, 9, 44},
	{"taskq", 100_000, 57e3, 30e3, 18e3, 0, 0, 0, [3]float64{7_900, 21_000, 26e3}, 34, 26, 35, 2_300, 0, 49},
}

// weather is how fast the machine is in each round, for everybody.
var weather = []float64{1, 0.82, 1.07, 0.94, 1.13}

// luck moves one contender in one round a little, always in the same way.
func luck(contender, round int) float64 { return 1 + 0.01*float64((contender*7+round*5)%9-4) }

// madeUp is a run with plausible figures, and with what goes wrong in real ones.
func madeUp(rounds int) result.Run {
	run := result.Run{
		Began: time.Date(2026, 11, 21, 20, 15, 30, 0, time.UTC), Took: 9*time.Minute + 41*time.Second,
		Commit: "1b4364752e0c3f9a8d7b6c5d4e3f2a1b0c9d8e7f-dirty", Rounds: rounds,
		Notes: []string{"The backlog of 5M is measured once: to fill it takes longer than all the rest."},
		Machine: result.Machine{
			CPU: "Intel(R) Xeon(R) Processor @ 2.90GHz", Cores: 2, Memory: 8 << 30, Kernel: "6.1.0-31-amd64",
			Go: "go1.26.8", Redis: "7.0.15", LoadAvg: "0.20 0.31 0.88",
		},
	}
	for i, p := range profiles {
		peer := i > 4
		run.Contenders = append(run.Contenders, result.Contender{
			Name: p.name, Module: "example.org/" + p.name, Version: "v1.2.3",
			Settings: "COUNT 1000 | two reads in flight_of_two", Peer: peer,
		})
	}
	for round := range rounds {
		for i, p := range profiles {
			run.Samples = append(run.Samples, p.table(round, weather[round]*luck(i, round))...)
		}
		run.Samples = append(run.Samples, growth(round, weather[round])...)
	}
	return spoil(run)
}

func (p profile) table(round int, speed float64) []result.Sample {
	sample := func(kind result.Kind, perSecond float64) result.Sample {
		return result.Sample{
			Job:   result.Job{Contender: p.name, Kind: kind, N: p.n, Payload: 200},
			Round: round, PerSecond: perSecond * speed, PeakRSS: p.rss << 20,
			ClientMicro: p.client / speed, ServerMicro: p.server / speed, Allocs: p.allocs, AllocBytes: p.bytes,
		}
	}
	publish := sample(result.Publish, p.publish)
	publish.ClientMicro, publish.ServerMicro = 0.8*publish.ClientMicro, 0.7*publish.ServerMicro
	publish.Allocs, publish.AllocBytes = p.publishes, 80*p.publishes
	latency := sample(result.Latency, 1000/speed)
	after := func(us float64) time.Duration { return time.Duration(us / speed * float64(time.Microsecond)) }
	latency.P50, latency.P99, latency.P999 = after(p.p50), after(p.p99), after(p.p999)
	all := []result.Sample{publish, sample(result.Consume, p.consume), sample(result.EndToEnd, p.both), latency}
	for i, n := range []int{10, 100, 1000} {
		slow := sample(result.Slow, p.slow[i])
		slow.Concurrency = n
		slow.Ideal = []float64{9_400, 91_000, 640e3}[i] * (1 + speed) / 2
		all = append(all, slow)
	}
	return all
}

// growth has curves of leat, the limit and one peer; streams are missing.
func growth(round int, speed float64) []result.Sample {
	var all []result.Sample
	add := func(contender string, kind result.Kind, perSecond float64, set func(*result.Sample)) {
		s := result.Sample{
			Job:   result.Job{Contender: contender, Kind: kind, N: 200_000, Payload: 200},
			Round: round, PerSecond: perSecond * speed * luck(len(all), round),
		}
		set(&s)
		all = append(all, s)
	}
	for i, n := range []int{10_000, 100_000, 1_000_000, 5_000_000} {
		if n == 5_000_000 && round > 0 {
			continue
		}
		slower := 1 - 0.02*float64(i)
		add("leat", result.GrowBacklog, 289e3*slower, func(s *result.Sample) { s.N = n })
		add("bare protocol", result.GrowBacklog, 317e3*slower, func(s *result.Sample) { s.N = n })
		add("go-redis", result.GrowBacklog, 237e3*slower, func(s *result.Sample) { s.N = n })
	}
	for i, n := range []int{100, 1 << 10, 10 << 10, 100 << 10} {
		rates := []float64{301e3, 210e3, 51e3, 5_900}
		for _, what := range []string{"consume", "publish"} {
			set := func(s *result.Sample) { s.Payload, s.What = n, what }
			add("leat", result.GrowPayload, rates[i], set)
			add("go-redis", result.GrowPayload, 0.7*rates[i], set)
		}
	}
	for _, n := range []int{10_000, 100_000, 1_000_000} {
		add("leat", result.GrowPending, 131e3, func(s *result.Sample) {
			s.N, s.P99, s.IdleP99 = n, time.Duration(1.4*float64(n+300_000)/speed)*time.Nanosecond, time.Duration(340/speed)*time.Microsecond
		})
	}
	for _, n := range []int{1, 4, 16} {
		add("leat", result.GrowGroups, 289e3/float64(n), func(s *result.Sample) { s.Groups = n })
	}
	for _, n := range []int{1, 2, 8} {
		add("leat", result.GrowProcesses, 289e3*(1+0.04*float64(n)), func(s *result.Sample) { s.Processes = n })
		add("asynq", result.GrowProcesses, 11e3*float64(n), func(s *result.Sample) { s.Processes = n })
	}
	for i, n := range []int{1_000, 100_000, 1_000_000} {
		for k, what := range []string{"backlog", "pending", "retry"} {
			if what == "retry" && n == 1_000_000 {
				continue
			}
			add("leat", result.GrowMemory, 0, func(s *result.Sample) {
				s.N, s.What, s.PeakRSS = n, what, int64(22<<20+(i<<20)/(3-k))
			})
		}
	}
	return all
}

// spoil a run: taskq has no latency at all, redisqueue failed once, watermill
// handled some messages twice.
func spoil(run result.Run) result.Run {
	for i := range run.Samples {
		s := &run.Samples[i]
		switch {
		case s.Contender == "taskq" && s.Kind == result.Latency:
			s.Error = "consume `q|1`: dial tcp 127.0.0.1:6379: connect: connection refused\nand it went on for ten seconds"
			s.PerSecond = 0
		case s.Contender == "redisqueue" && s.Kind == result.Consume && s.Round == 2:
			s.Error, s.PerSecond = "17 of 200000 messages were never handled", 9e9
		case s.Contender == "watermill-redisstream" && s.Kind == result.Slow:
			s.Duplicates = 3 + s.Round
		}
	}
	return run
}
