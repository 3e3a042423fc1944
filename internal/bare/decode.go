package bare

import (
	"errors"
	"fmt"
)

// ServerError is an error reply, word for word: "NOGROUP No such key ...".
type ServerError string

// Error is the reply.
func (e ServerError) Error() string { return string(e) }

func isServerError(err error) bool {
	var reply ServerError
	return errors.As(err, &reply)
}

// ErrProtocol is wrapped where a reply is not RESP2, or not what the command gives.
var ErrProtocol = errors.New("unexpected reply")

// maxLength bounds lengths and counts in replies. Redis' own limit for a string is
// 512 MiB; past this one the server is no Redis.
const maxLength = 1 << 30

// short is the position behind what is not complete yet.
const short = 0

// malformed shows the beginning of what was not understood.
func malformed(want string, b []byte) error {
	return fmt.Errorf("%w: want %s, got %.40q", ErrProtocol, want, b)
}

// number parses a line of a kind and a number ("$15\r\n"), which begins at i, and
// gives the number and the position behind it. -1 is a null.
func number(b []byte, i int, kind byte) (n, next int, err error) {
	if i >= len(b) {
		return 0, short, nil
	}
	if b[i] != kind {
		return 0, short, malformed(fmt.Sprintf("a reply of kind %q", kind), b[i:])
	}
	negative := false
	for j := i + 1; j < len(b); j++ {
		switch digit := b[j] - '0'; {
		case digit <= 9 && n < maxLength:
			n = n*10 + int(digit)
		case b[j] == '-' && j == i+1:
			negative = true
		case b[j] == '\r' && j > i+1:
			switch {
			case j+1 == len(b):
				return 0, short, nil
			case b[j+1] != '\n' || n > maxLength || negative && (n != 1 || kind == ':'):
				return 0, short, malformed("a length", b[i:])
			case negative:
				n = -1
			}
			return n, j + 2, nil
		default:
			return 0, short, malformed("a length", b[i:])
		}
	}
	return 0, short, nil
}

// bulk is the string that begins at i, nil where it is a null, and the position
// behind it.
func bulk(b []byte, i int) (s []byte, next int, err error) {
	n, from, err := number(b, i, '$')
	if from == short || n < 0 {
		return nil, from, err
	}
	to := from + n
	if to+2 > len(b) {
		return nil, short, nil
	}
	if b[to] != '\r' || b[to+1] != '\n' {
		return nil, short, malformed("the end of a string", b[to:])
	}
	return b[from:to:to], to + 2, nil
}

// line is the line that begins at i, without its kind and end, and the position
// behind it.
func line(b []byte, i int) (text []byte, next int) {
	for j := i + 1; j+1 < len(b); j++ {
		if b[j] == '\r' && b[j+1] == '\n' {
			return b[i+1 : j], j + 2
		}
	}
	return nil, short
}

// refused is the error reply that b begins with, once it is complete; whether it
// is one at all is known from its first byte.
func refused(b []byte) (is bool, n int, err error) {
	if len(b) == 0 || b[0] != '-' {
		return false, short, nil
	}
	text, n := line(b, 0)
	if n == short {
		return true, short, nil
	}
	return true, n, ServerError(text)
}

// integer is the reply that b begins with, an integer.
func integer(b []byte, result *int) (int, error) {
	if is, n, err := refused(b); is {
		return n, err
	}
	n, next, err := number(b, 0, ':')
	*result = n
	return next, err
}
