package stream

import (
	"fmt"
	"iter"
	"strconv"
	"time"
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

// appendIDArgs appends IDs that mostly have the millisecond of the one before.
func appendIDArgs(b []byte, ids []ID) []byte {
	var head, tail [22]byte // "1700000000000-", "0"
	var ms []byte
	var last uint64
	for _, id := range ids {
		if ms == nil || id.Ms != last {
			ms, last = append(strconv.AppendUint(head[:0], id.Ms, 10), '-'), id.Ms
		}
		seq := append(strconv.AppendUint(tail[:0], id.Seq, 10), "\r\n"...)
		b = append(appendLine(b, '$', len(ms)+len(seq)-len("\r\n")), ms...)
		b = append(b, seq...)
	}
	return b
}

// clockText writes times as events have them: RFC 3339 in UTC, with the digits of the
// second that matter. It keeps the text of the last second, which is most of the work:
// events that follow each other were mostly made in the same.
type clockText struct {
	second int64
	known  bool // second is in buf
	buf    [len("2006-01-02T15:04:05.000000000Z")]byte
}

const secondLen = len("2006-01-02T15:04:05")

// text is good until the next call. The year must have four digits: see
// [Event.Validate].
func (c *clockText) text(t time.Time) []byte {
	if s := t.Unix(); !c.known || s != c.second {
		c.second, c.known = s, true
		return t.UTC().AppendFormat(c.buf[:0], time.RFC3339Nano)
	}
	text := c.buf[:secondLen]
	if ns := t.Nanosecond(); ns > 0 {
		text = c.buf[:len(c.buf)-1]
		text[secondLen] = '.'
		for at := len(text) - 1; at > secondLen; at-- {
			text[at] = byte('0' + ns%10)
			ns /= 10
		}
		for text[len(text)-1] == '0' {
			text = text[:len(text)-1]
		}
	}
	return append(text, 'Z')
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
