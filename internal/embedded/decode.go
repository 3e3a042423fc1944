package embedded

import (
	"bytes"
	"fmt"
	"strconv"
)

// decodeReply reads one RESP2 reply that miniredis encoded, so that a script
// can look into it.
func decodeReply(b []byte) (any, error) {
	v, rest, err := decodeNext(b)
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("decode reply: %d bytes too many", len(rest))
	}
	return v, err
}

func decodeNext(b []byte) (any, []byte, error) {
	end := bytes.Index(b, []byte("\r\n"))
	if end < 1 {
		return nil, nil, fmt.Errorf("decode reply: no line in %q", b)
	}
	kind, line, rest := b[0], string(b[1:end]), b[end+2:]
	switch kind {
	case '+':
		return status(line), rest, nil
	case '-':
		return failure(line), rest, nil
	}
	n, err := strconv.ParseInt(line, 10, 64)
	if err != nil {
		return nil, nil, fmt.Errorf("decode reply %c%s: %w", kind, line, err)
	}
	switch kind {
	case ':':
		return n, rest, nil
	case '$':
		return decodeBulk(n, rest)
	case '*':
		return decodeArray(n, rest)
	}
	return nil, nil, fmt.Errorf("decode reply: unknown type %q", kind)
}

func decodeBulk(n int64, b []byte) (any, []byte, error) {
	if n < 0 {
		return null{}, b, nil
	}
	if int64(len(b))-2 < n {
		return nil, nil, fmt.Errorf("decode reply: %d bytes announced, %d there", n, len(b))
	}
	return string(b[:n]), b[n+2:], nil
}

func decodeArray(n int64, b []byte) (any, []byte, error) {
	if n < 0 {
		return nullArray{}, b, nil
	}
	list := []any{}
	for range n {
		v, rest, err := decodeNext(b)
		if err != nil {
			return nil, nil, err
		}
		list, b = append(list, v), rest
	}
	return list, b, nil
}
