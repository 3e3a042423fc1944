package stream

import (
	"fmt"
	"iter"
	"strconv"
)

// Commands go over the wire as arrays of bulk strings.

func appendCommand(b []byte, args int) []byte {
	return appendLine(b, '*', args)
}

func appendLine(b []byte, kind byte, n int) []byte {
	b = append(b, kind)
	if n < 10 {
		b = append(b, byte('0'+n))
	} else {
		b = strconv.AppendInt(b, int64(n), 10)
	}
	return append(b, '\r', '\n')
}

func appendArg[T string | []byte](b []byte, arg T) []byte {
	b = appendLine(b, '$', len(arg))
	b = append(b, arg...)
	return append(b, '\r', '\n')
}

func appendIntArg(b []byte, n int64) []byte {
	var digits [20]byte
	return appendArg(b, strconv.AppendInt(digits[:0], n, 10))
}

func appendIDArg(b []byte, id ID) []byte {
	var text [41]byte
	return appendArg(b, id.AppendTo(text[:0]))
}

// commandsIn are the arguments of each command that was encoded.
func commandsIn(b []byte) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		for c := (&cursor{buf: b}); c.pos < len(c.buf); {
			args, err := c.command()
			if !yield(args, err) || err != nil {
				return
			}
		}
	}
}

func (c *cursor) command() ([]any, error) {
	n, ok, err := c.array()
	if err != nil || !ok {
		return nil, orProtocol(err, c, "no command")
	}
	args := make([]any, n)
	for i := range args {
		if args[i], err = c.str(); err != nil {
			return nil, fmt.Errorf("argument %d: %w", i, err)
		}
	}
	return args, nil
}
