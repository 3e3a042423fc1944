package stream

import (
	"encoding/binary"
	"time"
)

// parseTime is time.Parse(time.RFC3339Nano, s), for every s. Most events have a
// time, nearly always in UTC with up to nine digits behind the second, as leat
// writes it: these take a third of what time.Parse needs.
func parseTime(s []byte) (time.Time, error) {
	if t, ok := parseUTC(s); ok {
		return t, nil
	}
	return time.Parse(time.RFC3339Nano, alias(s))
}

// parseUTC reads "2006-01-02T15:04:05Z" and "2006-01-02T15:04:05.999999999Z", the
// latter with one digit or more behind the point. On anything else, a wrong time
// as well as a right one in another form, it gives up.
func parseUTC(s []byte) (t time.Time, ok bool) {
	const least, most = len("2006-01-02T15:04:05Z"), len("2006-01-02T15:04:05.999999999Z")
	if len(s) < least || len(s) > most ||
		s[4] != '-' || s[7] != '-' || s[10] != 'T' || s[13] != ':' || s[16] != ':' || s[len(s)-1] != 'Z' {
		return t, false
	}
	century, year, month, day := twoDigits(s, 0), twoDigits(s, 2), twoDigits(s, 5), twoDigits(s, 8)
	hour, minute, second := twoDigits(s, 11), twoDigits(s, 14), twoDigits(s, 17)
	nanos, ok := fraction(s[least-1 : len(s)-1])
	if !ok || century > 99 || year > 99 || hour > 23 || minute > 59 || second > 59 {
		return t, false
	}
	days, ok := daysSince1970(100*century+year, month, day)
	if !ok {
		return t, false
	}
	return time.Unix(int64(days)*86400+int64(3600*hour+60*minute+second), int64(nanos)).UTC(), true
}

// twoDigits is the number at s[i:i+2], 100 when it is none.
func twoDigits(s []byte, i int) int {
	tens, ones := s[i]-'0', s[i+1]-'0' // below '0' wraps around, and is above 9 as well
	if tens > 9 || ones > 9 {
		return 100
	}
	return 10*int(tens) + int(ones)
}

// fraction is the nanoseconds of ".5", ".25" and so on, to nine digits; nothing is 0.
func fraction(s []byte) (nanos int, ok bool) {
	if len(s) == 0 {
		return 0, true
	}
	if s[0] != '.' || len(s) == 1 {
		return 0, false
	}
	digits := s[1:]
	if len(digits) >= 8 {
		high, ok := eightDigits(binary.LittleEndian.Uint64(digits))
		if !ok {
			return 0, false
		}
		nanos, digits = int(high), digits[8:] //nolint:gosec // of eight digits
	}
	for _, digit := range digits {
		if digit -= '0'; digit > 9 {
			return 0, false
		}
		nanos = 10*nanos + int(digit)
	}
	return nanos * powersOf10[len(".999999999")-len(s)], true
}

var powersOf10 = [...]int{1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8}

// daysSince1970 counts the days up to a date; not ok is a date that is none, and
// the year 0, whose days this way of counting has not.
func daysSince1970(year, month, day int) (days int, ok bool) {
	if year < 1 || month < 1 || month > 12 || day < 1 || day > 31 {
		return 0, false
	}
	if leap := year%4 == 0 && (year%100 != 0 || year%400 == 0); day > 28 && (day > int(daysIn[month]) || (month == 2 && !leap)) {
		return 0, false
	}
	// A year that begins in March has its leap day at its end, so that the
	// lengths of the months before a month do not depend on the year: they are 31,
	// 30, 31, 30, 31 over and over, which is 153 days in five months.
	if month -= 3; month < 0 {
		month += 12
		year--
	}
	const until1970 = 719468 // from 1 March of the year 0
	return 365*year + year/4 - year/100 + year/400 + (153*month+2)/5 + day - 1 - until1970, true
}

// daysIn has the greatest day of each month, in a leap year.
var daysIn = [...]int8{0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}
