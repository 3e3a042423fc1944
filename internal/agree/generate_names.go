package agree

import (
	"regexp"
	"strconv"
	"strings"
)

// The keys of sequences: two streams with what leat keeps beside them, and some
// of every other type.
const (
	retryKey    = "leat:{s}:retry:g"
	failuresKey = "leat:{s}:failures:g"
	deadKey     = "leat:{s}:dead:g"
)

var allKeys = []string{"s", "t", retryKey, failuresKey, deadKey, "k", "k2", "h1", "z1", "l1", "set1", "nokey"}

// key is one of those that make sense, at times any other.
func (g *Generator) key(sensible ...string) string {
	if g.chance(4) {
		return g.pick(allKeys...)
	}
	return g.pick(sensible...)
}

func (g *Generator) streamKey() string { return g.key("s", "s", "s", "s", "s", "t", "t", deadKey) }

// target is a stream and a group, which mostly is there.
func (g *Generator) target() (key, group string) {
	key = g.streamKey()
	if names := namesOf(g.ask("XINFO", "GROUPS", key)); len(names) > 0 && g.chance(75) {
		return key, g.pick(names...)
	}
	if g.chance(50) {
		key = "s"
	}
	return key, g.group()
}

func (g *Generator) group() string {
	if g.chance(4) {
		return g.pick("nog", "", "two words")
	}
	return g.pick("g", "g", "g", "h")
}

// namesOf are the groups in what XINFO GROUPS answered.
func namesOf(words []string) (names []string) {
	for i := 0; i+1 < len(words); i++ {
		if words[i] == "name" && (i == 0 || words[i-1] != "name") {
			names = append(names, words[i+1])
		}
	}
	return names
}

func (g *Generator) consumer() string {
	if g.chance(3) {
		return g.pick("", "x y", "line\r\nbreak", "é")
	}
	return g.pick("a", "a", "b", "b", "c", "leat:parked")
}

// number is one of those that make sense, at times one that makes none.
func (g *Generator) number(sensible ...string) string {
	if g.chance(6) {
		return g.pick("0", "-1", "-5", "x", "", "1.5", "01", " 1", "+1", "1e3", "-0", "9223372036854775807", "9223372036854775808", "-9223372036854775808")
	}
	return g.pick(sensible...)
}

// value is any text: short and long ones, numbers, bytes.
func (g *Generator) value() string {
	switch g.random.IntN(12) {
	case 0:
		return strconv.Itoa(g.random.IntN(100_000) - 50_000)
	case 1:
		return strings.Repeat("x", g.random.IntN(200))
	case 2:
		return strings.Repeat("long ", g.random.IntN(400))
	case 3:
		return "\x00\xff\r\n"
	case 4:
		return strconv.FormatInt(g.random.Int64()-1<<62, 10)
	}
	return g.pick("v", "w", "", "0", "-1", "hello world", "3.5", "1700000000000")
}

func (g *Generator) values(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = g.value()
	}
	return list
}

var idForm = regexp.MustCompile(`^\d+-\d+$`)

// idsOf are the IDs of entries that a stream holds, but for those that a clock
// has made which both have to themselves.
func (g *Generator) idsOf(key string) (ids []string) {
	for _, word := range g.ask("XRANGE", key, "-", "+", "COUNT", "30") {
		if idForm.MatchString(word) && (g.exact || !clockNumber.MatchString(word)) {
			ids = append(ids, word)
		}
	}
	return ids
}

// id is one of the stream's, one that may have been, or none at all.
func (g *Generator) id(key string) string {
	switch n := g.random.IntN(100); {
	case n < 60:
		if ids := g.idsOf(key); len(ids) > 0 {
			return g.pick(ids...)
		}
	case n < 94:
	default:
		return g.oddID()
	}
	return strconv.Itoa(g.random.IntN(6)) + g.pick("", "-0", "-1", "-2", "-3")
}

func (g *Generator) oddID() string {
	return g.pick("0", "0-0", "-", "+", "$", ">", "*", "1-*", "0-*", "(1-1", "x", "", "1-", "-1", "1-1-1", "01-1", " 1", "+5", "5 ", "-5", "-05", "1e3",
		"1-18446744073709551615", "18446744073709551615-18446744073709551614", "18446744073709551616", "9223372036854775808-1", strings.Repeat("1", 130))
}

func (g *Generator) ids(key string, most int) []string {
	list := make([]string, 1+g.random.IntN(most))
	for i := range list {
		list[i] = g.id(key)
	}
	return list
}

// A row is one of XPENDING's long form.
type row struct{ id, consumer, deliveries string }

// pendingRows are those of a group, as far as there is one.
func (g *Generator) pendingRows(key, group string) (rows []row) {
	list := g.ask("XPENDING", key, group, "-", "+", "20")
	for i := 0; i+3 < len(list); i += 4 {
		rows = append(rows, row{list[i], list[i+1], list[i+3]})
	}
	return rows
}
