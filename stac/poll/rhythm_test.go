package poll

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// watch is a rhythm that somebody looks at every minute. Changes are when it changes.
func watch(from time.Time, d time.Duration, changes func(t time.Time) bool) (*rhythm, time.Time) {
	r := &rhythm{}
	now := from
	for ; now.Sub(from) < d; now = now.Add(time.Minute) {
		r.look(now, time.Minute, time.Second, changes(now), true)
	}
	return r, now
}

var monday = time.Date(2026, 5, 4, 0, 0, 0, 0, time.UTC)

func TestRhythmHasTheNightInIt(t *testing.T) {
	t.Parallel()
	byDay := func(t time.Time) bool { return t.Hour() >= 6 && t.Hour() < 18 }
	r, now := watch(monday, 8*24*time.Hour, byDay)
	require.Equal(t, 12*time.Hour+time.Minute, r.longest(now))
	require.Equal(t, monday.Add(6*time.Hour), r.First)
	require.Equal(t, monday.AddDate(0, 0, 7).Add(18*time.Hour-time.Minute), r.Last)

	r, now = watch(monday, 3*24*time.Hour, byDay)
	require.Equal(t, leastRhythm, r.longest(now), "in its first week it is a day")
	r, now = watch(monday, 20*time.Hour, byDay)
	require.Zero(t, r.longest(now), "of one day nothing is known")
}

func TestRhythmHasTheWeekendInIt(t *testing.T) {
	t.Parallel()
	r, now := watch(monday, 8*24*time.Hour, func(t time.Time) bool { return t.Weekday() != time.Saturday && t.Weekday() != time.Sunday })
	require.Equal(t, 48*time.Hour+time.Minute, r.longest(now))
}

func TestRhythmForgetsWhatIsLongAgo(t *testing.T) {
	t.Parallel()
	pause := monday.AddDate(0, 0, 10)
	r, now := watch(monday, 60*24*time.Hour, func(t time.Time) bool {
		return t.Minute() == 0 && (t.Before(pause) || t.After(pause.AddDate(0, 0, 9)))
	})
	require.Len(t, r.Pauses, rhythmDays)
	require.Equal(t, time.Hour, r.longest(now))
	// One that changes every ten days has its pauses kept for 31 changes.
	r, now = watch(monday, 200*24*time.Hour, func(t time.Time) bool { return t.YearDay()%10 == 0 && t.Hour() == 9 })
	require.Equal(t, 10*24*time.Hour-59*time.Minute, r.longest(now))
}

func TestRhythmLearnsNothingWhileNobodyLooks(t *testing.T) {
	t.Parallel()
	r, now := watch(monday, 8*24*time.Hour, func(t time.Time) bool { return t.Minute() == 0 })
	require.Equal(t, time.Hour, r.longest(now))
	back := now.AddDate(0, 0, 3)
	r.look(back, time.Minute, time.Second, false, true)
	r.look(back.Add(time.Minute), time.Minute, time.Second, true, true)
	require.Equal(t, time.Hour, r.longest(now), "the poller was away for three days")
	r.look(back.Add(3*time.Hour), time.Minute, time.Hour, true, true)
	require.Equal(t, 3*time.Hour-time.Minute, r.longest(now), "a long pass has looked all the time")

	// A pass that fails has not looked, and what it published is a change all the same.
	later := back.Add(24 * time.Hour)
	r.look(later, time.Minute, time.Second, true, false)
	require.Equal(t, later, r.Last)
	require.Equal(t, back.Add(3*time.Hour), r.Looked)
	require.Equal(t, 3*time.Hour-time.Minute, r.longest(now))
}
