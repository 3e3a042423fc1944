package simulate

import (
	"math/rand/v2"
	"time"
)

// themes are what chance alone would hardly ever put together.
var themes = []func(r *rand.Rand, p *Plan){crowd, farewell, crowdAndDeath, byHand, longAgo}

// crowd: nearly everything fails at first, so that many entries are parked.
func crowd(_ *rand.Rand, p *Plan) {
	p.Hopeful, p.Events, p.Every, p.Prefetch = true, 40, time.Millisecond, 1
}

// farewell: a worker is cut off while it ends, so that what it hands back comes when
// others have taken it over.
func farewell(r *rand.Rand, p *Plan) {
	p.Workers, p.Concurrency, p.Prefetch, p.Every = max(p.Workers, 2), 1, 5, time.Millisecond
	at := time.Duration(1+r.IntN(200)) * time.Millisecond
	who := r.IntN(p.Workers)
	p.Faults = []Fault{
		{At: at, Kind: Hold, Who: who, For: p.Lease + time.Duration(r.Int64N(int64(2*p.Lease)))},
		{At: at + time.Duration(r.Int64N(int64(p.Lease))), Kind: Drain, Who: who, For: time.Millisecond},
	}
}

// crowdAndDeath: what a dead worker had is behind many entries that wait for long.
func crowdAndDeath(r *rand.Rand, p *Plan) {
	crowd(r, p)
	p.Workers, p.Concurrency, p.Backoff = max(p.Workers, 2), 1, 4*p.Lease
	p.Faults = nil
	for range 1 + r.IntN(2) {
		p.Faults = append(p.Faults, Fault{
			At: time.Duration(300+r.IntN(300)) * time.Millisecond, Kind: Kill, Who: r.IntN(p.Workers), For: time.Millisecond,
		})
	}
}

// byHand: somebody claims what waits.
func byHand(r *rand.Rand, p *Plan) {
	crowd(r, p)
	for range 1 + r.IntN(4) {
		p.Faults = append(p.Faults, Fault{At: time.Duration(30+r.IntN(500)) * time.Millisecond, Kind: ClaimByHand})
	}
}

// longAgo: the server's clock goes back by an hour, and idle times would stand still for
// that long. Nothing waits for a time of the clock that was.
func longAgo(r *rand.Rand, p *Plan) {
	at := time.Duration(20+r.IntN(200)) * time.Millisecond
	p.Sound, p.Workers = true, max(p.Workers, 2)
	p.Faults = []Fault{
		{At: at, Kind: ClockBack, For: time.Hour},
		{At: max(0, at-20*time.Millisecond) + time.Duration(r.IntN(40))*time.Millisecond, Kind: Kill, Who: r.IntN(p.Workers), For: time.Millisecond},
	}
}
