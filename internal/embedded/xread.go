package embedded

import (
	"math"
	"slices"
	"strings"
	"time"
)

// A readRequest is a parsed XREAD or XREADGROUP. It is kept while the client
// is blocked.
type readRequest struct {
	b        *Broker
	command  string // XREAD or XREADGROUP, for errors
	grouped  bool
	group    string
	consumer string
	count    int // 0: no limit
	noAck    bool
	block    bool
	timeout  time.Duration
	keys     []string
	ids      []string
	after    []entryID // where XREAD goes on, and the history of XREADGROUP
}

func xread(c *call) any {
	r := &readRequest{b: c.b, command: "XREAD"}
	if fail := r.parse(c); fail != nil {
		return fail
	}
	return r.answer(c)
}

func xreadgroup(c *call) any {
	r := &readRequest{b: c.b, command: "XREADGROUP"}
	if fail := r.parse(c); fail != nil {
		return fail
	}
	return r.answer(c)
}

func (r *readRequest) parse(c *call) any {
	args := c.args
	for i := 0; i < len(args); i++ {
		left := len(args) - i - 1
		switch option := strings.ToLower(args[i]); {
		case option == "block" && left > 0:
			if c.client == nil {
				return failing("ERR ", c.word, " command is not allowed with BLOCK option from scripts")
			}
			if fail := r.parseTimeout(args[i+1]); fail != nil {
				return fail
			}
			i++
		case option == "count" && left > 0:
			n, ok := parseInt(args[i+1])
			if !ok {
				return badInt
			}
			r.count = int(max(n, 0))
			i++
		case option == "streams" && left > 0:
			return r.parseStreams(args[i+1:])
		case (option == "noack" || option == "group" && left > 1) && r.command == "XREAD":
			return failing("ERR The ", strings.ToUpper(option), " option is only supported by XREADGROUP. You called XREAD instead.")
		case option == "group" && left > 1:
			r.grouped, r.group, r.consumer = true, args[i+1], args[i+2]
			i += 2
		case option == "noack":
			r.noAck = true
		default:
			return badSyntax
		}
	}
	return badSyntax
}

func (r *readRequest) parseTimeout(arg string) any {
	ms, ok := parseInt(arg)
	switch {
	case !ok:
		return failure("ERR timeout is not an integer or out of range")
	case ms < 0:
		return failure("ERR timeout is negative")
	}
	if ms > math.MaxInt64-r.b.nowMillis() {
		ms = 1 // too far away for Redis 7.0, which takes it for a time that is over
	}
	r.block, r.timeout = true, time.Duration(min(ms, math.MaxInt64/int64(time.Millisecond)))*time.Millisecond
	return nil
}

func (r *readRequest) parseStreams(args []string) any {
	if len(args)%2 != 0 {
		return failure("ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified.")
	}
	if r.command == "XREADGROUP" && !r.grouped {
		return failure("ERR Missing GROUP option for XREADGROUP")
	}
	n := len(args) / 2
	r.keys, r.ids, r.after = args[:n], args[n:], make([]entryID, n)
	for i, key := range r.keys {
		s, fail := r.b.stream(key)
		if fail != nil {
			return fail
		}
		if r.grouped && (s == nil || s.groups[r.group] == nil) {
			return failing("NOGROUP No such key '", key, "' or consumer group '", r.group, "' in XREADGROUP with GROUP option")
		}
		switch {
		case r.ids[i] == "$" && r.grouped:
			return failure("ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty result set.")
		case r.ids[i] == "$":
			if s != nil {
				r.after[i] = s.last
			}
		case r.ids[i] == ">" && r.command == "XREAD":
			return failure("ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.")
		case r.ids[i] == ">":
			r.after[i] = maxID
		default:
			id, ok := parseID(r.ids[i], 0)
			if !ok {
				return badID
			}
			r.after[i] = id
		}
	}
	return nil
}

// answer reads what is there, or blocks.
func (r *readRequest) answer(c *call) any {
	var got byStream
	for i, key := range r.keys {
		if entries := r.read(i); entries != nil {
			got = append(got, key, entries)
		}
	}
	switch {
	case len(got) > 0:
		return got
	case r.block && c.mayBlock():
		if r.count == 0 {
			r.count = blockedCount
		}
		return r.b.block(c.client, r, r.timeout)
	}
	return nullArray{}
}

// blockedCount is how many entries one that was blocked gets when it named no
// number.
const blockedCount = 1000

// serve is for a blocked client whose stream s at key has changed; it is nil
// while there is nothing to say. Redis looks at the last ID here, not at what
// is there: when it is deleted already, the answer has no entries.
func (r *readRequest) serve(s *stream, key string) any {
	i := slices.Index(r.keys, key)
	if !r.grouped {
		if s.last.compare(r.after[i]) <= 0 {
			return nil
		}
		return byStream{key, readAfter(s, r.after[i], r.count)}
	}
	g := s.groups[r.group]
	switch {
	case g == nil:
		return failure("NOGROUP the consumer group this client was blocked on no longer exists")
	case s.last.compare(g.last) <= 0:
		return nil
	}
	return byStream{key, r.readNew(s, g)}
}

// read takes what the i-th stream has for the client; nil is nothing. The
// history of a consumer is never nothing: an empty list ends it.
func (r *readRequest) read(i int) []any {
	s, _ := r.b.stream(r.keys[i])
	if s == nil {
		return nil
	}
	if !r.grouped {
		if s.after(r.after[i]) == len(s.entries) {
			return nil
		}
		return readAfter(s, r.after[i], r.count)
	}
	g := s.groups[r.group]
	if !r.isNew(i) {
		return r.readHistory(s, g, r.after[i])
	}
	if s.after(g.last) == len(s.entries) {
		return nil
	}
	return r.readNew(s, g)
}

// isNew says whether what was not given to anybody is asked for. That is >,
// and the last ID that there can be, by which Redis stands for it.
func (r *readRequest) isNew(i int) bool { return r.after[i] == maxID }

func readAfter(s *stream, id entryID, count int) []any {
	list := []any{}
	for i := s.after(id); i < len(s.entries) && (count == 0 || len(list) < count); i++ {
		list = append(list, entryReply(&s.entries[i]))
	}
	return list
}

func (r *readRequest) readNew(s *stream, g *group) []any {
	now := r.b.nowMillis()
	m := g.member(r.consumer, now)
	list := []any{}
	for i := s.after(g.last); i < len(s.entries) && (r.count == 0 || len(list) < r.count); i++ {
		e := &s.entries[i]
		g.advance(s, e.id)
		if !r.noAck {
			g.give(e.id, m, now)
		}
		list = append(list, entryReply(e))
	}
	return list
}

func (r *readRequest) readHistory(s *stream, g *group, after entryID) []any {
	now := r.b.nowMillis()
	m := g.member(r.consumer, now)
	list := []any{}
	start, _ := after.next()
	for _, p := range g.pending[g.from(start):] {
		if r.count > 0 && len(list) == r.count {
			break
		}
		if p.owner != m {
			continue
		}
		e := s.get(p.id)
		if e == nil {
			list = append(list, []any{p.id.String(), nullArray{}})
			continue
		}
		p.delivered, p.deliveries = now, p.deliveries+1
		list = append(list, entryReply(e))
	}
	return list
}
