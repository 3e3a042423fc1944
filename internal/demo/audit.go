package demo

import (
	"context"
	"slices"
	"time"

	"github.com/leat-io/leat/stream"
)

// truth is what Redis says at the end.
type truth struct {
	delivered stream.ID // up to here
	pending   map[stream.ID]bool
	letters   []stream.Letter
}

// audit asks Redis. No worker may be left.
func (r *run) audit(ctx context.Context) (truth, error) {
	t := truth{pending: map[stream.ID]bool{}}
	info, err := r.group.Info(ctx)
	if stream.Classify(err) == stream.ClassNoGroup {
		// Somebody deleted it: nothing of what it held can be shown to be settled.
		return t, nil
	}
	if err != nil {
		return t, err
	}
	t.delivered = info.LastDelivered
	rows, err := r.pending(ctx, "")
	if err != nil {
		return t, err
	}
	for _, row := range rows {
		t.pending[row.ID] = true
	}
	for from, more := (stream.ID{}), true; more; more = !from.IsZero() {
		var letters []stream.Letter
		if letters, from, err = r.group.Letters(ctx, from, 100); err != nil {
			return t, err
		}
		t.letters = append(t.letters, letters...)
	}
	return t, nil
}

// settled tells whether Redis has done with an entry: it was delivered, and is
// not pending.
func (t *truth) settled(id stream.ID) bool {
	return id.Compare(t.delivered) <= 0 && !t.pending[id]
}

// judge crosses what was published and what the workers told with what Redis says.
func (t *truth) judge(published []publication, told *tally) Summary {
	told.mu.Lock()
	defer told.mu.Unlock()
	s := Summary{Published: len(published), Reclaimed: told.reclaimed, Retried: told.retried, Dead: len(t.letters), DeadLetters: []DeadLetter{}}
	names := map[stream.ID]string{}
	for _, p := range published {
		names[p.entry] = p.event
	}
	buried := map[stream.ID]bool{}
	for _, letter := range t.letters {
		// A letter without its payload says that there is nothing left to handle.
		buried[letter.EntryID] = letter.Reason != stream.ReasonPayloadLost
		s.DeadLetters = append(s.DeadLetters, DeadLetter{names[letter.EntryID], letter.Reason, letter.Error, letter.Attempts})
	}
	var waits []time.Duration
	for _, p := range published {
		f := told.fates[p.entry]
		if f == nil {
			f = &fate{}
		}
		switch {
		case f.completions > 0 && t.settled(p.entry):
			s.Handled++
			s.Area += f.found.area
			s.Clear += f.found.clear
		case buried[p.entry]:
		default:
			s.Lost++
			s.LostEvents = append(s.LostEvents, p.event)
		}
		if f.completions > 1 {
			s.Duplicates++
		}
		if f.starts > 1 {
			s.Redelivered++
		}
		if !f.acked.IsZero() {
			waits = append(waits, f.acked.Sub(p.at))
		}
	}
	slices.Sort(waits)
	s.P50, s.P99 = milliseconds(quantile(waits, 0.50)), milliseconds(quantile(waits, 0.99))
	s.Slowest = milliseconds(quantile(waits, 1))
	return s
}

// quantile of sorted values: the smallest that is not below q of them; 0 of none.
func quantile(sorted []time.Duration, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	i := int(q*float64(len(sorted))+0.999999) - 1
	return sorted[min(max(i, 0), len(sorted)-1)]
}

func milliseconds(d time.Duration) float64 {
	return float64(d.Round(100*time.Microsecond)) / float64(time.Millisecond)
}
