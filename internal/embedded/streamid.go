package embedded

import (
	"cmp"
	"math"
	"strconv"
	"strings"
)

// An entryID is the ID of a stream entry: milliseconds and a sequence number.
type entryID struct{ ms, seq uint64 }

var maxID = entryID{math.MaxUint64, math.MaxUint64}

func (a entryID) compare(b entryID) int {
	if c := cmp.Compare(a.ms, b.ms); c != 0 {
		return c
	}
	return cmp.Compare(a.seq, b.seq)
}

func (a entryID) isZero() bool { return a == entryID{} }

// String gives the form that Redis sends: ms-seq.
func (a entryID) String() string {
	buf := strconv.AppendUint(make([]byte, 0, 24), a.ms, 10)
	return string(strconv.AppendUint(append(buf, '-'), a.seq, 10))
}

// next is the smallest ID above a; ok is false when there is none.
func (a entryID) next() (entryID, bool) {
	switch {
	case a == maxID:
		return a, false
	case a.seq == math.MaxUint64:
		return entryID{a.ms + 1, 0}, true
	}
	return entryID{a.ms, a.seq + 1}, true
}

// previous is the largest ID below a; ok is false when there is none.
func (a entryID) previous() (entryID, bool) {
	switch {
	case a.isZero():
		return a, false
	case a.seq == 0:
		return entryID{a.ms - 1, math.MaxUint64}, true
	}
	return entryID{a.ms, a.seq - 1}, true
}

// longestID is how much Redis reads an ID from.
const longestID = 127

// parseID reads "ms" or "ms-seq"; missing is the sequence of the short form.
// To Redis a text ends at its first zero byte.
func parseID(s string, missing uint64) (id entryID, ok bool) {
	if len(s) > longestID {
		return id, false
	}
	s, _, _ = strings.Cut(s, "\x00")
	ms, seq, full := strings.Cut(s, "-")
	if id.ms, ok = parseUnsigned(ms); !ok {
		return id, false
	}
	id.seq = missing
	if full {
		id.seq, ok = parseUnsigned(seq)
	}
	return id, ok
}

func parseIDs(args []string) ([]entryID, bool) {
	ids := make([]entryID, len(args))
	for i, arg := range args {
		id, ok := parseID(arg, 0)
		if !ok {
			return nil, false
		}
		ids[i] = id
	}
	return ids, true
}

// parseEdge reads an ID, or "-" and "+" for the first and the last there can be.
func parseEdge(s string, missing uint64) (id entryID, ok bool) {
	switch s {
	case "-":
		return entryID{}, true
	case "+":
		return maxID, true
	}
	return parseID(s, missing)
}

// parseBound reads one end of a range: what parseEdge reads, or "(" and an ID
// for an end that does not belong to the range (Redis 6.2).
func parseBound(s string, missing uint64) (id entryID, open, ok bool) {
	if strings.HasPrefix(s, "(") {
		id, ok = parseID(s[1:], missing)
		return id, true, ok
	}
	id, ok = parseEdge(s, missing)
	return id, false, ok
}

// parseRange reads both ends of a range and makes them inclusive.
func parseRange(from, to string) (start, end entryID, fail any) {
	start, open, ok := parseBound(from, 0)
	if !ok {
		return start, end, badID
	}
	if open {
		if start, ok = start.next(); !ok {
			return start, end, failure("ERR invalid start ID for the interval")
		}
	}
	end, open, ok = parseBound(to, math.MaxUint64)
	if !ok {
		return start, end, badID
	}
	if open {
		if end, ok = end.previous(); !ok {
			return start, end, failure("ERR invalid end ID for the interval")
		}
	}
	return start, end, nil
}
