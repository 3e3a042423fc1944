package embedded

import (
	"strconv"
	"strings"
)

// A reply is what a command answers, before it is encoded for a client or
// turned into Lua values. Besides the types below it may be a string (bulk
// string), an int64 or a []any of replies.
type (
	status    string   // +OK
	failure   string   // -ERR ..., without the minus
	null      struct{} // $-1, in RESP3 _
	nullArray struct{} // *-1, in RESP3 _
	pairs     []any    // key, value, key, value: an array in RESP2, a map in RESP3
	byStream  []any    // key, entries, ...: an array of pairs in RESP2, a map in RESP3
	hungUp    struct{} // the client is gone: there is nobody to answer
	double    float64  // a score
	encoded   string   // bytes that miniredis has encoded already
)

const (
	okReply   = status("OK")
	wrongType = failure("WRONGTYPE Operation against a key holding the wrong kind of value")
	badSyntax = failure("ERR syntax error")
	badInt    = failure("ERR value is not an integer or out of range")
	badID     = failure("ERR Invalid stream ID specified as stream command argument")
	noSuchKey = failure("ERR no such key")
)

// failing puts an error together of pieces. Those that came from a client end
// at their first zero byte, as C's texts do.
func failing(pieces ...string) failure {
	var text strings.Builder
	for _, piece := range pieces {
		piece, _, _ = strings.Cut(piece, "\x00")
		text.WriteString(piece)
	}
	return failure(text.String())
}

const wrongArityText = "ERR wrong number of arguments for '"

func wrongArity(name string) failure {
	return failure(wrongArityText + name + "' command")
}

// appendReply encodes v as RESP2, or RESP3 where the client asked for it.
func appendReply(buf []byte, v any, resp3 bool) []byte {
	switch v := v.(type) {
	case encoded:
		return append(buf, v...)
	case status:
		return appendLine(buf, '+', string(v))
	case failure:
		return appendLine(buf, '-', string(v))
	case int64:
		return appendCount(buf, ':', v)
	case double:
		text := formatFloat(float64(v))
		if resp3 {
			return appendLine(buf, ',', text)
		}
		return appendReply(buf, text, resp3)
	case string:
		buf = appendCount(buf, '$', int64(len(v)))
		return append(append(buf, v...), '\r', '\n')
	case null:
		if resp3 {
			return append(buf, "_\r\n"...)
		}
		return append(buf, "$-1\r\n"...)
	case nullArray:
		if resp3 {
			return append(buf, "_\r\n"...)
		}
		return append(buf, "*-1\r\n"...)
	case pairs:
		if resp3 {
			buf = appendCount(buf, '%', int64(len(v)/2))
		} else {
			buf = appendCount(buf, '*', int64(len(v)))
		}
		return appendAll(buf, v, resp3)
	case byStream:
		if resp3 {
			return appendReply(buf, pairs(v), resp3)
		}
		return appendReply(buf, v.list(), resp3)
	case []any:
		return appendAll(appendCount(buf, '*', int64(len(v))), v, resp3)
	}
	return appendLine(buf, '-', "ERR the embedded broker has no encoding for this reply")
}

// list is the RESP2 form: [[key, entries], ...].
func (v byStream) list() []any {
	var list []any
	for i := 0; i < len(v); i += 2 {
		list = append(list, []any{v[i], v[i+1]})
	}
	return list
}

func appendAll(buf []byte, vs []any, resp3 bool) []byte {
	for _, v := range vs {
		buf = appendReply(buf, v, resp3)
	}
	return buf
}

func appendCount(buf []byte, kind byte, n int64) []byte {
	buf = strconv.AppendInt(append(buf, kind), n, 10)
	return append(buf, '\r', '\n')
}

// appendLine keeps a line a line: an error text may hold a client's bytes.
func appendLine(buf []byte, kind byte, s string) []byte {
	buf = append(buf, kind)
	for i := range len(s) {
		if c := s[i]; c == '\r' || c == '\n' {
			buf = append(buf, ' ')
		} else {
			buf = append(buf, c)
		}
	}
	return append(buf, '\r', '\n')
}
