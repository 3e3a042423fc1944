package consumer

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/cenkalti/backoff/v4"
)

// Backoff is the time between a failure and the next try, as a function of the
// number of failures so far (1 after the first one). It is called from many
// goroutines.
type Backoff func(failures int) time.Duration

// Exponential doubles from first up to limit.
func Exponential(first, limit time.Duration) Backoff {
	return func(failures int) time.Duration {
		d := float64(first) * math.Pow(2, float64(max(failures, 1)-1))
		return time.Duration(min(d, float64(limit)))
	}
}

// Constant is always d.
func Constant(d time.Duration) Backoff { return func(int) time.Duration { return d } }

// Jitter spreads b evenly between half and all of what it says, so that what
// failed together does not come back together.
func Jitter(b Backoff) Backoff { return jitter(b, rand.Float64) }

func jitter(b Backoff, random func() float64) Backoff {
	return func(failures int) time.Duration {
		d := float64(b(failures))
		return time.Duration(d/2 + d/2*random())
	}
}

// Pauses of the consumer's own loops after errors of Redis.
const (
	firstPause = 50 * time.Millisecond
	maxPause   = 2 * time.Second
)

// pauses is the schedule of a loop that meets errors. It goes on for ever.
func pauses(random func() float64) backoff.BackOff {
	b := backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(firstPause), backoff.WithMaxInterval(maxPause),
		backoff.WithMultiplier(2), backoff.WithMaxElapsedTime(0), backoff.WithRandomizationFactor(0))
	return &spread{b, random}
}

// spread is the schedule with jitter from our own source of randomness, which a
// simulation can set.
type spread struct {
	backoff.BackOff
	random func() float64
}

func (s *spread) NextBackOff() time.Duration {
	d := s.BackOff.NextBackOff()
	return d/2 + time.Duration(s.random()*float64(d/2))
}
