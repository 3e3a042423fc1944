package stream

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// sameTime compares with time.Parse: the same instant, the same zone, the same
// error.
func sameTime(t *testing.T, text string) {
	t.Helper()
	want, wantErr := time.Parse(time.RFC3339Nano, text)
	got, err := parseTime([]byte(text))
	if wantErr != nil {
		require.EqualError(t, err, wantErr.Error(), "%q", text)
		return
	}
	require.NoError(t, err, "%q", text)
	require.True(t, want.Equal(got) && want.String() == got.String(), "%q is %s, not %s", text, want, got)
	if want.Location() == time.UTC { // any other is made anew each time
		require.Equal(t, want, got, "%q", text)
	}
}

func TestParseTimeIsTimeParse(t *testing.T) {
	t.Parallel()
	// Each day of four hundred years, after which the calendar repeats itself, and
	// the years at both ends.
	day := time.Date(1887, 1, 1, 23, 59, 59, 999_999_999, time.UTC)
	for range 400*366 + 10 {
		text := day.Format(time.RFC3339Nano)
		if got, ok := parseUTC([]byte(text)); !ok || got != day {
			t.Fatalf("%s is %s, %t", text, got, ok)
		}
		day = day.AddDate(0, 0, 1)
	}
	for _, year := range []string{"0000", "0001", "0004", "0099", "0100", "0400", "1600", "1900", "1969", "1970", "2000", "2024", "2100", "9999"} {
		for _, rest := range []string{"-01-01", "-02-28", "-02-29", "-02-30", "-03-01", "-04-31", "-12-31", "-12-32", "-13-01", "-00-10", "-10-00"} {
			sameTime(t, year+rest+"T00:00:00Z")
		}
	}
	for _, text := range []string{
		"", "Z", "2026-11-21T22:43:04", "2026-11-21t22:43:04z", "2026-11-21 22:43:04Z", "2026-11-21T22:43:04.Z", "2026-11-21T22:43:04,5Z",
		"2026-11-21T22:43:04.5Z", "2026-11-21T22:43:04.000000001Z", "2026-11-21T22:43:04.1234567891Z", "2026-11-21T22:43:04.-1Z",
		"2026-11-21T24:00:00Z", "2026-11-21T23:60:00Z", "2026-11-21T23:59:60Z", "2026-11-21T2:43:04Z", "2026-11-21T22:43:04+00:00",
		"2026-11-21T22:43:04.5+03:01", "2026-11-21T22:43:04-23:59", "-026-11-21T22:43:04Z", "+026-11-21T22:43:04Z", "10000-01-01T00:00:00Z",
		"2026-11-21T22:43:04.5", "2026-11-21T22:43:04ZZ", "２026-11-21T22:43:0Z", strings.Repeat("9", 30), strings.Repeat("\xff", 30),
	} {
		sameTime(t, text)
	}
}

// TestParseTimeEveryByte changes each byte of times in all ways.
func TestParseTimeEveryByte(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"2026-11-21T22:43:04.123456789Z", "2024-02-29T09:00:59.5Z", "1999-12-31T23:59:59Z", "2026-11-21T22:43:04+01:00"} {
		raw := []byte(text)
		for i, was := range raw {
			for b := range 256 {
				raw[i] = byte(b)
				if got, ok := parseUTC(raw); ok {
					want, err := time.Parse(time.RFC3339Nano, string(raw))
					if err != nil || got != want {
						t.Fatalf("%q is %s, not %s, %v", raw, got, want, err)
					}
				}
			}
			raw[i] = was
		}
	}
}

// TestParseTimeOfWhatIsWritten: what leat itself writes does not take the slow way.
func TestParseTimeOfWhatIsWritten(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	first, last := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	for range 100_000 {
		nanos := r.Int64N(1e9)
		nanos -= nanos % int64(powersOf10[r.IntN(len(powersOf10))]) // zeros at the end are not written
		want := time.Unix(first.Unix()+r.Int64N(last.Unix()-first.Unix()), nanos).UTC()
		got, ok := parseUTC([]byte(want.Format(time.RFC3339Nano)))
		if !ok || got != want {
			t.Fatalf("%s is %s, %t", want, got, ok)
		}
	}
}

func FuzzParseTime(f *testing.F) {
	for _, seed := range []string{
		"2026-11-21T22:43:04Z", "2026-11-21T22:43:04.123456789Z", "0000-02-29T00:00:00.5Z", "1900-02-29T23:59:59.999999999Z",
		"2026-11-21T22:43:04+01:00", "2026-11-21T22:43:04,5Z", "2026-11-21T22:43:60Z", "9999-12-31T23:59:59.9Z",
	} {
		f.Add(seed)
	}
	f.Fuzz(sameTime)
}
