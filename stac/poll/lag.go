package poll

import (
	"context"
	"math/bits"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/leat-io/leat/stac"
)

// Lags are counted in buckets, each up to twice as long as the one before: 1 s,
// 2 s, 4 s, ... The last has everything from two years on.
const lagBuckets = 27

const (
	// lagUpdated is from updated to when the change was seen.
	lagUpdated = 'u'
	// lagTaken is from when the data was taken to when the item was seen.
	lagTaken = 't'
)

const (
	// enoughLags is how many make a percentile.
	enoughLags = 20
	// The bounds of an overlap, and what it is before lags are known.
	minOverlap, maxOverlap, startOverlap = 2 * time.Minute, 7 * 24 * time.Hour, time.Hour
	minWindow, maxWindow, startWindow    = 24 * time.Hour, 30 * 24 * time.Hour, 3 * 24 * time.Hour
)

// lagBucket is the bucket of a lag: its end is 1<<bucket seconds.
func lagBucket(lag time.Duration) int {
	if lag <= time.Second {
		return 0
	}
	return min(bits.Len64(uint64((lag-1)/time.Second)), lagBuckets-1)
}

// lagField is the field of the hash that counts a lag of a collection.
func lagField(kind byte, lag time.Duration, collection string) string {
	return string(kind) + ":" + strconv.Itoa(lagBucket(lag)) + ":" + url.QueryEscape(collection)
}

// lags are how many there were in each bucket, by collection.
type lags map[string]*[lagBuckets]int64

func (s *store) loadLags(ctx context.Context, kind byte) (lags, error) {
	reply, err := s.conn.Do(ctx, s.stream, "HGETALL", s.lags)
	if err != nil {
		return nil, s.wrap("load the lags", err)
	}
	found := lags{}
	pairs, _ := reply.([]any)
	for i := 0; i+1 < len(pairs); i += 2 {
		field, _ := pairs[i].(string)
		value, _ := pairs[i+1].(string)
		parts := strings.SplitN(field, ":", 3)
		if len(parts) != 3 || parts[0] != string(kind) {
			continue
		}
		bucket, errBucket := strconv.Atoi(parts[1])
		n, errCount := strconv.ParseInt(value, 10, 64)
		if errBucket != nil || errCount != nil || bucket < 0 || bucket >= lagBuckets {
			continue
		}
		if found[parts[2]] == nil {
			found[parts[2]] = &[lagBuckets]int64{}
		}
		found[parts[2]][bucket] = n
	}
	return found, nil
}

// most is the 99th percentile of the collection that has the longest one; 0 while
// there are too few of each.
func (l lags) most() time.Duration {
	most := time.Duration(0)
	for _, counts := range l {
		all, below := int64(0), int64(0)
		for _, n := range counts {
			all += n
		}
		if all < enoughLags {
			continue
		}
		for bucket, n := range counts {
			if below += n; below*100 >= all*99 {
				most = max(most, time.Second<<bucket)
				break
			}
		}
	}
	return most
}

// overlap is how far a pass looks back: twice the lag of all but one in a hundred
// items, and one interval, in which the last pass may not have seen them.
func overlap(strategy Strategy, interval, lag time.Duration) time.Duration {
	if strategy == Rescan {
		if lag == 0 {
			return startWindow
		}
		return min(max(2*lag+interval, minWindow), maxWindow)
	}
	if lag == 0 {
		return startOverlap
	}
	return min(max(2*lag+interval, minOverlap), maxOverlap)
}

// fields are the counters of what a new item says about lags. Nothing is learnt
// from items that may have been there for long: those of a first pass, of one after
// a long silence, and old images.
func (l *lead) lagFields(item *stac.Item, now time.Time) (fields string, taken time.Duration) {
	if l.state.PassAt.IsZero() || now.Sub(l.state.PassAt) > 3*l.src.Interval+time.Minute {
		return "", 0
	}
	if lag := now.Sub(item.Updated); !item.Updated.IsZero() && lag >= 0 {
		fields = lagField(lagUpdated, lag, item.Collection)
	}
	if at := takenAt(item); !at.IsZero() && now.Sub(at) >= 0 && now.Sub(at) <= maxWindow {
		taken = now.Sub(at)
		fields += " " + lagField(lagTaken, taken, item.Collection)
	}
	return fields, taken
}
