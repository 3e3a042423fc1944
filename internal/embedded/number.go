package embedded

import (
	"errors"
	"math"
	"strconv"
	"strings"
)

// parseInt reads an integer as Redis does: digits and a minus, nothing else,
// no zero in front.
func parseInt(s string) (int64, bool) {
	digits := s
	if len(s) > 1 && s[0] == '-' {
		digits = s[1:]
	}
	if s == "0" {
		return 0, true
	}
	if digits == "" || digits[0] < '1' || digits[0] > '9' {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

// parseUnsigned reads one part of an entry ID: what parseInt reads, else what
// C's strtoull does, with its space, signs and zeros in front.
func parseUnsigned(s string) (uint64, bool) {
	if n, ok := parseInt(s); ok {
		return uint64(max(n, 0)), n >= 0
	}
	s = strings.TrimLeft(s, cSpace)
	negative := strings.HasPrefix(s, "-")
	if negative || strings.HasPrefix(s, "+") {
		s = s[1:]
	}
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if negative {
		n = -n // as strtoull has it
	}
	return n, err == nil
}

// cSpace is what C's isspace takes for space.
const cSpace = " \t\n\v\f\r"

// parseFloat reads a score: a number to its end with nothing in front, no NaN,
// and nothing that a double cannot hold.
func parseFloat(s string) (float64, bool) {
	if s == "" || strings.Contains(cSpace, s[:1]) {
		return 0, false
	}
	f, inRange, ok := strtod(s)
	return f, ok && inRange
}

// strtod reads a number as C does. It skips space in front, knows hexadecimal
// ones, and gives an infinity or a zero for what is out of range. NaN is none.
func strtod(s string) (f float64, inRange, ok bool) {
	s = strings.ToLower(strings.TrimLeft(s, cSpace))
	if strings.Contains(s, "_") {
		return 0, false, false // Go allows it
	}
	digits := strings.TrimLeft(s, "+-")
	if strings.HasPrefix(digits, "0x") && !strings.Contains(s, "p") {
		s += "p0" // Go wants it
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) || math.IsNaN(f) {
		return 0, false, false
	}
	mantissa, _, _ := strings.Cut(digits, "e")
	tooSmall := f == 0 && strings.ContainsAny(mantissa, "123456789")
	return f, err == nil && !tooSmall, true
}

// formatFloat is C's "%.17g", which Redis 7.0 shows doubles with.
func formatFloat(f float64) string {
	switch {
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	}
	return strconv.FormatFloat(f, 'g', 17, 64)
}

// clampRange turns indexes, of which negative ones count from the end, into
// the places from and behind to of n; ok is false when nothing is in between.
func clampRange(start, end int64, n int) (from, to int, ok bool) {
	length := int64(n)
	if start < 0 {
		start = max(length+start, 0)
	}
	if end < 0 {
		end = length + end
	}
	if start > end || start >= length {
		return 0, 0, false
	}
	return int(start), int(min(end, length-1)) + 1, true
}
