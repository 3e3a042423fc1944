package embedded

import (
	"math"
	"strings"
)

// approxLimit is how many entries one trim with ~ removes at the most when
// no LIMIT is given.
const approxLimit = 100 * nodeMaxEntries

// A trim is MAXLEN or MINID with what belongs to it.
type trim struct {
	given      bool
	byID       bool
	approx     bool
	maxLen     int64
	minID      entryID
	limit      int64 // with ~; 0 for none
	limitGiven bool
}

// addOptions are what stands in front of XADD's ID, and all of XTRIM.
type addOptions struct {
	trim     trim
	noCreate bool
}

// parse reads options up to where XADD's ID is expected, and returns what
// follows.
func (o *addOptions) parse(args []string, forAdd bool) (rest []string, fail any) {
options:
	for ; len(args) > 0; args = args[1:] {
		switch option := strings.ToLower(args[0]); {
		case forAdd && option == "*":
			break options
		case (option == "maxlen" || option == "minid") && len(args) > 1:
			used, fail := o.trim.parseStrategy(option, args[1:])
			if fail != nil {
				return nil, fail
			}
			args = args[used:]
		case option == "limit" && len(args) > 1:
			n, ok := parseInt(args[1])
			switch {
			case !ok:
				return nil, badInt
			case n < 0:
				return nil, failure("ERR The LIMIT argument must be >= 0.")
			}
			o.trim.limit, o.trim.limitGiven, args = n, true, args[1:]
		case forAdd && option == "nomkstream":
			o.noCreate = true
		case forAdd:
			if _, ok := parseNewID(args[0]); !ok {
				return nil, badID
			}
			break options
		default:
			return nil, badSyntax
		}
	}
	return args, o.trim.settle(forAdd)
}

// parseStrategy reads [=|~] and a number or an ID, and says how many words
// that were.
func (t *trim) parseStrategy(option string, args []string) (used int, fail any) {
	if t.given {
		return 0, failure("ERR syntax error, MAXLEN and MINID options at the same time are not compatible")
	}
	t.given, t.byID, used = true, option == "minid", 1
	if len(args) > 1 && (args[0] == "~" || args[0] == "=") {
		t.approx, used = args[0] == "~", 2
	}
	arg := args[used-1]
	var ok bool
	if t.byID {
		if t.minID, ok = parseID(arg, 0); !ok {
			return 0, badID
		}
		return used, nil
	}
	t.maxLen, ok = parseInt(arg)
	switch {
	case !ok:
		return 0, badInt
	case t.maxLen < 0:
		return 0, failure("ERR The MAXLEN argument must be >= 0.")
	}
	return used, nil
}

// settle refuses options that do not go together and sets the limit.
func (t *trim) settle(forAdd bool) any {
	switch {
	case t.limit != 0 && !t.given:
		return failure("ERR syntax error, LIMIT cannot be used without specifying a trimming strategy")
	case !forAdd && !t.given:
		return failure("ERR syntax error, XTRIM must be called with a trimming strategy")
	case t.limitGiven && !t.approx:
		return failure("ERR syntax error, LIMIT cannot be used without the special ~ option")
	case !t.limitGiven && t.approx:
		t.limit = approxLimit
	}
	return nil
}

// xadd: XADD key [NOMKSTREAM] [MAXLEN|MINID [=|~] n [LIMIT n]] id field value ...
func xadd(c *call) any {
	key, options := c.args[0], addOptions{}
	args, fail := options.parse(c.args[1:], true)
	switch {
	case fail != nil:
		return fail
	case len(args) < 3 || len(args)%2 == 0:
		return wrongArity("xadd")
	}
	wanted, _ := parseNewID(args[0])
	if wanted == (wantedID{}) {
		return failure("ERR The ID specified in XADD must be greater than 0-0")
	}
	s, fail := c.b.stream(key)
	if fail == nil && s == nil {
		if options.noCreate {
			return null{}
		}
		s = newStream()
		c.b.put(key, s)
	}
	if fail != nil {
		return fail
	}
	id, fail := s.newID(wanted, c.b.nowMillis())
	if fail != nil {
		return fail
	}
	s.append(id, args[1:])
	if options.trim.given {
		s.trim(options.trim)
	}
	c.b.signal(key)
	return id.String()
}

// A wantedID is what XADD's ID argument says.
type wantedID struct {
	id        entryID
	clock     bool // *: both parts are the server's to choose
	clockless bool // ms-*: the sequence number is (Redis 7.0)
}

func parseNewID(arg string) (w wantedID, ok bool) {
	if arg == "*" {
		return wantedID{clock: true}, true
	}
	if ms, cut := strings.CutSuffix(arg, "-*"); cut && !strings.Contains(ms, "-") {
		w.clockless = true
		arg = ms
	}
	w.id, ok = parseID(arg, 0)
	return w, ok
}

// newID is the ID that XADD gives.
func (s *stream) newID(w wantedID, now int64) (entryID, any) {
	const tooSmall = failure("ERR The ID specified in XADD is equal or smaller than the target stream top item")
	if s.last == maxID {
		return s.last, failure("ERR The stream has exhausted the last possible ID, unable to add more items")
	}
	id := w.id
	switch {
	case w.clock:
		id.ms = uint64(now)
		if id.compare(s.last) <= 0 {
			id, _ = s.last.next()
		}
	case w.clockless && id.ms == s.last.ms:
		if s.last.seq == math.MaxUint64 {
			return id, tooSmall
		}
		id.seq = s.last.seq + 1
	}
	if id.compare(s.last) <= 0 {
		return id, tooSmall
	}
	return id, nil
}
