package simulate

import (
	"bytes"
	"strconv"
)

// decode makes strings, numbers and lists of a reply in RESP2; an error of the
// server's, and a null, are nil.
func decode(b []byte) any {
	v, _ := decodeOne(b)
	return v
}

func decodeOne(b []byte) (any, []byte) {
	line, rest, _ := bytes.Cut(b, []byte("\r\n"))
	if len(line) == 0 {
		return nil, nil
	}
	n, _ := strconv.ParseInt(string(line[1:]), 10, 64)
	switch line[0] {
	case ':':
		return n, rest
	case '+':
		return string(line[1:]), rest
	case '$':
		if n < 0 {
			return nil, rest
		}
		return string(rest[:n]), rest[n+2:]
	case '*':
		if n < 0 {
			return nil, rest
		}
		list := make([]any, n)
		for i := range list {
			list[i], rest = decodeOne(rest)
		}
		return list, rest
	}
	return nil, rest
}

// list, str and number are what a reply should be; zero when it is not.
func list(v any) []any {
	l, _ := v.([]any)
	return l
}

func str(v any) string {
	s, _ := v.(string)
	return s
}

func number(v any) int64 {
	n, _ := v.(int64)
	return n
}
