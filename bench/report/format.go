package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Numbers for people: three digits of a rate or a size, two of a time.

// rate of messages: "317k/s", "22.4k/s", "1.02M/s", "850/s".
func rate(perSecond float64) string { return short(perSecond) + "/s" }

// short is a number with three digits and k, M or G.
func short(v float64) string {
	v = round(v, 3)
	for _, unit := range []struct {
		size float64
		name string
	}{{1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		if v >= unit.size {
			return digits(v/unit.size, 3) + unit.name
		}
	}
	return digits(v, 3)
}

// size is a whole number as it stands at an axis or over a column: "10k", "5M", "16".
func size(n int) string {
	for _, unit := range []struct {
		size int
		name string
	}{{1e6, "M"}, {1e3, "k"}} {
		if n >= unit.size && n%(unit.size/10) == 0 {
			return strconv.FormatFloat(float64(n)/float64(unit.size), 'f', -1, 64) + unit.name
		}
	}
	return strconv.Itoa(n)
}

// count is a whole number in full: "1,000,000".
func count(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// micros is a time, given in microseconds: "0.43 us", "72 us", "237 us", "1.6 ms", "2.1 s".
func micros(us float64) string {
	us = roundTime(us)
	switch {
	case us >= 1e6:
		return timeDigits(us/1e6) + " s"
	case us >= 1e3:
		return timeDigits(us/1e3) + " ms"
	}
	return timeDigits(us) + " us"
}

// Two digits of a time are enough to compare by, but nobody writes 240 for 237.
func roundTime(us float64) float64 {
	if n := round(us, 2); n < 100 {
		return n
	}
	return round(us, 3)
}

func timeDigits(v float64) string {
	if v >= 100 {
		return digits(v, 3)
	}
	return digits(v, 2)
}

// bytes: "512 B", "12.3 MiB".
func bytes(n float64) string {
	const kilo = 1024
	units := []string{"B", "KiB", "MiB", "GiB", "TiB"}
	i := 0
	for i < len(units)-1 && math.Round(n) >= kilo {
		n /= kilo
		i++
	}
	switch {
	case i == 0 && n < 1 && n > 0:
		return "<1 B"
	case i == 0:
		return strconv.FormatFloat(n, 'f', 0, 64) + " B"
	}
	return digits(n, 3) + " " + units[i]
}

// byteSize is a size in bytes that somebody chose: "100 B", "1 KiB".
func byteSize(n int) string {
	for _, unit := range []struct {
		size int
		name string
	}{{1 << 20, " MiB"}, {1 << 10, " KiB"}} {
		if n >= unit.size && n%unit.size == 0 {
			return strconv.Itoa(n/unit.size) + unit.name
		}
	}
	return strconv.Itoa(n) + " B"
}

// perMessage is a number of things a message: "0.012", "3.0", "75".
func perMessage(n float64) string {
	if n < 0.001 {
		return "<0.001"
	}
	return timeDigits(roundTime(n))
}

// times is a ratio: "0.87x", "11.3x", "1,300x".
func times(ratio float64) string {
	switch r := round(ratio, 3); {
	case r < 0.1:
		return digits(ratio, 2) + "x"
	case r < 10:
		return strconv.FormatFloat(ratio, 'f', 2, 64) + "x"
	case r < 1000:
		return digits(ratio, 3) + "x"
	default:
		return count(int(r)) + "x"
	}
}

// share and multiple are ratios that are compared with a limit: "0.848", "9.996x".
func share(ratio float64) string    { return strconv.FormatFloat(ratio, 'f', 3, 64) }
func multiple(ratio float64) string { return share(ratio) + "x" }

func percent(share float64) string { return strconv.FormatFloat(100*share, 'f', 0, 64) + " %" }

// round to a number of significant digits.
func round(v float64, significant int) float64 {
	if v == 0 {
		return 0
	}
	scale := math.Pow(10, float64(significant-1)-math.Floor(math.Log10(math.Abs(v))))
	return math.Round(v*scale) / scale
}

// digits writes v with that many significant digits, all of those before the
// point, and no exponent.
func digits(v float64, significant int) string {
	v = round(v, significant)
	if v == 0 {
		return "0"
	}
	after := significant - 1 - int(math.Floor(math.Log10(math.Abs(v))+1e-9))
	return strconv.FormatFloat(v, 'f', max(after, 0), 64)
}

// mark is how a number stands at an axis: "100k/s", not "100.0k/s", and 0 without a unit.
func mark(format func(float64) string) func(float64) string {
	return func(v float64) string {
		if v == 0 {
			return "0"
		}
		text := format(v)
		end := strings.LastIndexAny(text, "0123456789") + 1
		number := text[:end]
		if strings.Contains(number, ".") {
			number = strings.TrimRight(strings.TrimRight(number, "0"), ".")
		}
		return number + text[end:]
	}
}

func micro(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// span is the minimum and maximum, without the unit where they share it, since the
// median is printed beside them: "[301k - 340k]", "[0.9 ms - 1.2 ms]" for what
// would else be "[900 - 1.2 ms]".
func span(s spread, format func(float64) string) string {
	low, high := format(s.Min), format(s.Max)
	if u := unit(low); u != "" && u == unit(high) {
		low, high = strings.TrimSuffix(low, u), strings.TrimSuffix(high, u)
	}
	return "[" + low + " - " + high + "]"
}

// unit of a formatted number: "/s", " us", " MiB", "x". The k of 301k is part of
// the number.
func unit(text string) string {
	if i := strings.IndexAny(text, " /x"); i >= 0 {
		return text[i:]
	}
	return ""
}

// plain is text that fits into a cell of a table.
func plain(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	for _, c := range []string{`\`, "|", "<", "`", "*", "_"} {
		text = strings.ReplaceAll(text, c, `\`+c)
	}
	return text
}

// brief is the beginning of an error, for a cell of a table.
func brief(text string) string {
	const room = 48
	runes := []rune(strings.Join(strings.Fields(text), " "))
	if len(runes) > room {
		return plain(string(runes[:room])) + "..."
	}
	return plain(string(runes))
}

// lasted is the time of a run: "9 min 41 s".
func lasted(d time.Duration) string {
	d = d.Round(time.Second)
	if d < time.Minute {
		return fmt.Sprintf("%d s", d/time.Second)
	}
	return fmt.Sprintf("%d min %d s", d/time.Minute, d%time.Minute/time.Second)
}

func plural(n int, one, many string) string {
	if n == 1 {
		return fmt.Sprintf("%d %s", n, one)
	}
	return fmt.Sprintf("%s %s", count(n), many)
}
