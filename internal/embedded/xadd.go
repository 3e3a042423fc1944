package embedded

import (
	"math"
	"strconv"
	"strings"
	"time"
)

func nowMillis() int64 { return time.Now().UnixMilli() }

// approxLimit is how many entries one trim with ~ removes at the most when
// no LIMIT is given.
const approxLimit = 100 * nodeMaxEntries

// A trim is MAXLEN or MINID with what belongs to it.
type trim struct {
	given  bool
	byID   bool
	approx bool
	maxLen int64
	minID  entryID
	limit  int64 // with ~; 0 for none
}

// parseTrim reads a trim from the front of args and returns what follows.
func parseTrim(args []string) (trim, []string, any) {
	t := trim{given: true, byID: strings.EqualFold(args[0], "minid")}
	rest := args[1:]
	if len(rest) > 1 && (rest[0] == "~" || rest[0] == "=") {
		t.approx = rest[0] == "~"
		rest = rest[1:]
	}
	if len(rest) == 0 {
		return t, nil, badSyntax
	}
	var ok bool
	if t.byID {
		if t.minID, ok = parseID(rest[0], 0); !ok {
			return t, nil, badID
		}
	} else {
		n, err := strconv.ParseInt(rest[0], 10, 64)
		switch {
		case err != nil:
			return t, nil, badInt
		case n < 0:
			return t, nil, failure("ERR The MAXLEN argument must be >= 0.")
		}
		t.maxLen = n
	}
	rest = rest[1:]
	if t.approx {
		t.limit = approxLimit
	}
	if len(rest) > 1 && strings.EqualFold(rest[0], "limit") {
		n, err := strconv.ParseInt(rest[1], 10, 64)
		switch {
		case err != nil:
			return t, nil, badInt
		case n < 0:
			return t, nil, failure("ERR The LIMIT argument must be >= 0.")
		case !t.approx:
			return t, nil, failure("ERR syntax error, LIMIT cannot be used without the special ~ option")
		}
		t.limit, rest = n, rest[2:]
	}
	return t, rest, nil
}

// trim removes old entries and says how many.
func (s *stream) trim(t trim) int64 {
	n := len(s.entries) - int(min(t.maxLen, int64(len(s.entries))))
	if t.byID {
		n = s.from(t.minID)
	}
	if t.approx {
		if t.limit > 0 {
			n = min(n, int(t.limit))
		}
		n = s.nodeStart(n)
	}
	s.dropFirst(n)
	return int64(n)
}

// xadd: XADD key [NOMKSTREAM] [MAXLEN|MINID [=|~] n [LIMIT n]] id field value ...
func xadd(c *call) any {
	key, args := c.args[0], c.args[1:]
	create, t := true, trim{}
options:
	for len(args) > 0 {
		switch strings.ToLower(args[0]) {
		case "nomkstream":
			create, args = false, args[1:]
		case "maxlen", "minid":
			var fail any
			if t, args, fail = parseTrim(args); fail != nil {
				return fail
			}
		default:
			break options
		}
	}
	if len(args) < 3 || len(args)%2 == 0 {
		return wrongArity("xadd")
	}
	if fail := checkNewID(args[0]); fail != nil {
		return fail
	}
	s, fail := c.b.stream(key)
	if fail == nil && s == nil {
		if !create {
			return null{}
		}
		s, fail = c.b.createStream(key)
	}
	if fail != nil {
		return fail
	}
	id, fail := s.newID(args[0])
	if fail != nil {
		return fail
	}
	s.append(id, args[1:])
	if t.given {
		s.trim(t)
	}
	c.b.signal(key)
	return id.String()
}

// checkNewID refuses what XADD would refuse on any stream.
func checkNewID(arg string) any {
	if arg == "*" {
		return nil
	}
	if ms, ok := strings.CutSuffix(arg, "-*"); ok {
		arg = ms
		if _, err := strconv.ParseUint(arg, 10, 64); err != nil {
			return badID
		}
		return nil
	}
	id, ok := parseID(arg, 0)
	switch {
	case !ok:
		return badID
	case id.isZero():
		return failure("ERR The ID specified in XADD must be greater than 0-0")
	}
	return nil
}

// newID is the ID that XADD gives: of the clock, of the clock named before
// "-*" (Redis 7.0), or the one that was sent.
func (s *stream) newID(arg string) (entryID, any) {
	tooSmall := failure("ERR The ID specified in XADD is equal or smaller than the target stream top item")
	if s.last == maxID {
		return s.last, failure("ERR The stream has exhausted the last possible ID, unable to add more items")
	}
	var id entryID
	if ms, ok := strings.CutSuffix(arg, "-*"); ok {
		id.ms, _ = strconv.ParseUint(ms, 10, 64)
		if id.ms == s.last.ms {
			if s.last.seq == math.MaxUint64 {
				return id, tooSmall
			}
			id.seq = s.last.seq + 1
		}
	} else if arg == "*" {
		id.ms = uint64(nowMillis())
		if id.compare(s.last) <= 0 {
			id, _ = s.last.next()
		}
	} else {
		id, _ = parseID(arg, 0)
	}
	if id.compare(s.last) <= 0 {
		return id, tooSmall
	}
	return id, nil
}
