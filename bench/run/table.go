package run

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/leat-io/leat/bench/result"
)

// tableShare is the part of the budget that the table may take when there are
// growth curves, too.
const tableShare = 0.42

// table measures all rounds of all rows.
func (r *runner) table(ctx context.Context) error {
	share := r.left()
	if r.hasGrowth() {
		share = min(share, time.Duration(tableShare*float64(r.opts.Budget)))
	}
	if !r.opts.Quick {
		r.fit(share)
	}
	for n := 1; n <= r.opts.Rounds; n++ {
		if r.left() <= 0 {
			r.note("the time was over after %d of %d rounds of the table", n-1, r.opts.Rounds)
			return nil
		}
		for _, kind := range TableKinds {
			places := r.places(kind)
			rand.Shuffle(len(places), func(i, j int) { places[i], places[j] = places[j], places[i] })
			for _, place := range places {
				if err := r.row(ctx, place, n); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// row measures one contender once.
func (r *runner) row(ctx context.Context, place result.Job, n int) error {
	if r.givenUp(place) {
		return nil
	}
	j := place
	j.N = r.messages(place)
	s, err := r.do(ctx, j, place, round(n, r.opts.Rounds)+name(place))
	if err != nil {
		return err
	}
	r.learn(place, s)
	r.keep(s, n)
	return nil
}

// keep makes a sample part of the run.
func (r *runner) keep(s result.Sample, round int) {
	s.Round = round
	r.samples = append(r.samples, s)
}
