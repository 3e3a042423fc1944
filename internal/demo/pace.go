package demo

import "time"

// pace is when what is published, and how long a handler takes.
type pace struct {
	// before are the events published up to the kill, in the time killAfter; the
	// others follow in the time after.
	before           int
	killAfter, after time.Duration
	// burst is how many events are published at once, so that few of them keep
	// several workers busy.
	burst int
	// service is how long a handler takes on average.
	service time.Duration
}

const (
	// aim is how long the events come in when nobody is killed.
	aim = 10 * time.Second
	// share of the events comes before the kill, in fifths.
	share = 2
	// busy is how much of their time those who are left after the kill work.
	busy = 0.85
	// maxService keeps a demo of a handful of events short.
	maxService = 750 * time.Millisecond
	// minService: shorter pauses are not worth a timer.
	minService = time.Millisecond
	// tick is the pause between bursts when many events come, maxBurst what one
	// call of Publish should not exceed.
	tick     = 50 * time.Millisecond
	maxBurst = 500
)

func newPace(events, workers int, killAfter time.Duration) pace {
	p := pace{before: events, killAfter: aim}
	if killAfter > 0 {
		p.before = events * share / 5
		p.killAfter, p.after = killAfter, killAfter*(5-share)/share
	}
	whole := p.killAfter + p.after
	p.burst = min(max(workers*concurrency/2, int(float64(events)*float64(tick)/float64(whole))), maxBurst)
	left := max(workers-1, 1) * concurrency
	p.service = min(time.Duration(busy*float64(left)*float64(whole)/float64(events)), maxService)
	if p.service < minService {
		p.service = 0
	}
	return p
}
