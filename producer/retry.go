package producer

import (
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/leat-io/leat/stream"
)

const (
	// firstPause: a redirect or a failing over node is often over in this time.
	firstPause = 20 * time.Millisecond
	// longestPause bounds how long a server that is back has to wait for us.
	longestPause = 2 * time.Second
)

// schedule is the pauses between tries, without what is random in them: see pause.
func schedule() *backoff.ExponentialBackOff {
	return backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(firstPause), backoff.WithMultiplier(2),
		backoff.WithMaxInterval(longestPause), backoff.WithMaxElapsedTime(0), backoff.WithRandomizationFactor(0))
}

// again tells whether an event with this outcome may be sent again, which was
// accepted so long ago: only what Redis did not execute cannot come out twice.
func (p *Producer) again(err error, age time.Duration) bool {
	return stream.Classify(err) == stream.ClassNotExecuted && p.inTime(age)
}

func (p *Producer) inTime(age time.Duration) bool {
	return p.cfg.RetryFor != NoRetry && age < p.cfg.RetryFor
}

// pause is the time until the next try, more than 0, and the last one at the end
// of the time for tries. It is spread by half to either side, so that producers that
// failed together do not come back together.
func (p *Producer) pause(b *backoff.ExponentialBackOff, age time.Duration) time.Duration {
	d := b.NextBackOff()
	d = d/2 + time.Duration(p.cfg.Random()*float64(d))
	return max(min(d, p.cfg.RetryFor-age), 1)
}
