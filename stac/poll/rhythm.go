package poll

import "time"

const (
	// rhythmDays is of how many days, on which something changed, pauses are kept.
	rhythmDays = 31
	// In its first week nothing is known of a source's weekends, and little of its
	// nights.
	shortestWatch, leastRhythm = 7 * 24 * time.Hour, 24 * time.Hour
)

// rhythm is what is known of when a source changes.
type rhythm struct {
	// First is when something changed first, Last when it did last.
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
	// Looked is when somebody looked last and saw everything. Blind: nobody did for a
	// while since Last, so that the pause that is under way teaches nothing.
	Looked time.Time `json:"looked"`
	Blind  bool      `json:"blind,omitempty"`
	// Pauses are the longest that ended on each of the last days with a change, in
	// seconds.
	Pauses map[string]int64 `json:"pauses,omitempty"`
}

// look notes what a pass found that took so long. They begin one every while. One
// that was not complete may have found something, and has not seen everything.
func (r *rhythm) look(now time.Time, every, took time.Duration, changed, complete bool) {
	if !r.Looked.IsZero() && now.Sub(r.Looked) > 3*(every+took)+time.Minute {
		r.Blind = true
	}
	if changed {
		r.change(now.UTC())
	}
	if complete {
		r.Looked = now.UTC()
	}
}

func (r *rhythm) change(now time.Time) {
	switch {
	case r.First.IsZero():
		r.First = now
	case !r.Blind:
		if r.Pauses == nil {
			r.Pauses = map[string]int64{}
		}
		day := now.Format(dayFormat)
		r.Pauses[day] = max(r.Pauses[day], int64(now.Sub(r.Last)/time.Second))
		if len(r.Pauses) > rhythmDays {
			delete(r.Pauses, r.oldest())
		}
	}
	r.Last, r.Blind = now, false
}

func (r *rhythm) oldest() (day string) {
	for d := range r.Pauses {
		if day == "" || d < day {
			day = d
		}
	}
	return day
}

// longest is the longest usual pause; 0 while there were changes on less than two
// days: a catalog that was published once and is never changed has no rhythm.
func (r *rhythm) longest(now time.Time) time.Duration {
	if len(r.Pauses) < 2 {
		return 0
	}
	longest := time.Duration(0)
	for _, seconds := range r.Pauses {
		longest = max(longest, time.Duration(seconds)*time.Second)
	}
	if now.Sub(r.First) < shortestWatch {
		longest = max(longest, leastRhythm)
	}
	return longest
}

// Standing is where a source stands. What is not known is zero.
type Standing struct {
	// Watermark is, of Updated, the newest change that a complete pass has seen, else
	// when the last complete pass began.
	Watermark time.Time
	// PassAt is when the last complete pass began, SweptAt when the last sweep did
	// that went to its end.
	PassAt, SweptAt time.Time
	// ChangedAt is when a pass found something to publish last.
	ChangedAt time.Time
	// Rhythm is the longest pause between changes that is usual: the longest that ended
	// on one of the last 31 days on which something changed, a day at the least in the
	// first week. It is kept in Redis, and zero until there were changes on two days.
	Rhythm time.Duration
}

func (l *lead) standing() Standing {
	st := &l.state
	mark := st.PassAt
	if st.Plan.Strategy == Updated {
		mark = st.Watermark
	}
	return Standing{
		Watermark: mark, PassAt: st.PassAt, SweptAt: st.SweptAt, ChangedAt: st.Rhythm.Last, Rhythm: st.Rhythm.longest(l.cfg.Now()),
	}
}

// looked notes what a pass, or a part of a sweep, has found. It is written with the
// state that comes next: what a poller that is killed forgets is one pause.
func (l *lead) looked(began time.Time, t tally, complete bool) {
	now, every := l.cfg.Now(), l.src.Interval
	if l.state.Plan.Strategy == Reconcile {
		every = l.sweepEvery()
	}
	l.state.Rhythm.look(now, every, now.Sub(began), t.Created+t.Replaced+t.Deleted > 0, complete)
}
