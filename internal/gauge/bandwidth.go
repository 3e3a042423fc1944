package gauge

import (
	"context"
	"strings"
	"time"
)

// A PING with something in it takes a round trip, and the time to carry it there and
// back. It grows until that time can be told from the round trip.
const (
	firstEcho = 16 << 10
	lastEcho  = 4 << 20
	// telling is how many round trips a transfer must take to be told from one, and
	// enough how long it must take to be measured well.
	telling = 3
	enough  = 50 * time.Millisecond
	// echoes of the last size are sent; the fastest counts.
	echoes = 3
)

// measureBandwidth finds out how much one connection carries. Nothing of it is
// stored; its size is bounded like that of the events.
func (r *run) measureBandwidth(ctx context.Context) error {
	r.screen.say("measuring the way to the server")
	var rtt time.Duration
	for range echoes {
		took, err := r.echo(ctx, 1)
		if err != nil {
			return tolerate(err)
		}
		if rtt == 0 || took < rtt {
			rtt = took
		}
	}
	most := min(lastEcho, int(r.facts.Settings.Memory/8))
	for size := firstEcho; size <= most; size *= 4 {
		best := time.Duration(0)
		for range echoes {
			took, err := r.echo(ctx, size)
			if err != nil {
				return tolerate(err)
			}
			if best == 0 || took < best {
				best = took
			}
			if best > enough {
				break
			}
		}
		if best > telling*rtt {
			r.facts.Bandwidth = known(2 * float64(size) / (best - rtt).Seconds())
		}
		if best > enough {
			break
		}
	}
	return nil
}

func (r *run) echo(ctx context.Context, size int) (time.Duration, error) {
	payload := strings.Repeat("x", size)
	began := time.Now()
	_, err := r.door.do(ctx, "PING", payload)
	return time.Since(began), err
}
