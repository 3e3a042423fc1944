package agree

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// An Operation is one step of a sequence: a command of one client, or the
// clock that moves.
type Operation struct {
	Client int
	Args   []string      // empty for a step of the clock
	Clock  time.Duration // how far the clock moves, back when below 0
	Script string        // the name of leat's script that is called
}

// clientWord stands for a client's ID, which the two servers know by other
// numbers.
func clientWord(client int) string { return "<client " + strconv.Itoa(client) + ">" }

// fill puts the IDs of one server's clients in.
func (o Operation) fill(ids []string) []string {
	args := o.Args
	for i, arg := range o.Args {
		if !strings.HasPrefix(arg, "<client ") {
			continue
		}
		for client, id := range ids {
			if arg == clientWord(client) {
				args = append([]string{}, args...)
				args[i] = id
			}
		}
	}
	return args
}

// String is a line for redis-cli, with a comment for what that cannot do.
func (o Operation) String() string {
	if len(o.Args) == 0 {
		return fmt.Sprintf("# the clock moves by %v", o.Clock)
	}
	words := make([]string, len(o.Args))
	for i, arg := range o.Args {
		words[i] = quote(arg)
		if o.Script != "" && len(arg) > longSource {
			words[i] = `"$(cat lib.lua; echo; cat ` + o.Script + `.lua)"`
		}
	}
	line := strings.Join(words, " ")
	if o.Client > 0 {
		line += fmt.Sprintf("   # client %d", o.Client)
	}
	return line
}

// longSource is what no other argument is as long as.
const longSource = 2000

// quote leaves plain words alone; redis-cli reads "\n" and "\xff" as Go does.
func quote(s string) string {
	if s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_:.*+$>=~(){}<[]") == "" {
		return s
	}
	var q strings.Builder
	q.WriteByte('"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			q.WriteByte('\\')
			q.WriteByte(c)
		case c == '\n':
			q.WriteString(`\n`)
		case c < ' ' || c > '~':
			fmt.Fprintf(&q, `\x%02x`, c)
		default:
			q.WriteByte(c)
		}
	}
	q.WriteByte('"')
	return q.String()
}

// name is the command in capitals.
func (o Operation) name() string {
	if len(o.Args) == 0 {
		return ""
	}
	return strings.ToUpper(o.Args[0])
}

// memory says whether the operation fills or frees memory.
func (o Operation) memory() (full, ok bool) {
	if o.name() != "CONFIG" || len(o.Args) != 4 || o.Args[2] != "maxmemory" {
		return false, false
	}
	return o.Args[3] != "0", true
}

// blocks is for how long the operation may block; ok is false when it may not.
func (o Operation) blocks() (timeout time.Duration, ok bool) {
	if o.name() != "XREAD" && o.name() != "XREADGROUP" {
		return 0, false
	}
	for i := 1; i+1 < len(o.Args); i++ {
		if strings.EqualFold(o.Args[i], "BLOCK") {
			ms, _ := strconv.ParseInt(o.Args[i+1], 10, 64) // 0 for what is no number, and is refused
			return time.Duration(min(ms, 1e12)) * time.Millisecond, true
		}
	}
	return 0, false
}
