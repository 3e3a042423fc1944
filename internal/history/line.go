package history

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/stream"
)

// Letters of operations and outcomes, in the order of their constants.
const (
	opLetters      = "psftewkzcmxr"
	outcomeLetters = "iofu"
)

// appendLine appends the record's line. Its process is said by the line before it.
func (r *Record) appendLine(b []byte) []byte {
	b = append(b, opLetters[r.Op], outcomeLetters[r.Outcome])
	if r.Op == Settle {
		b = append(b, '0'+byte(r.Settled))
	}
	b = append(b, ' ')
	b = strconv.AppendInt(b, r.At, 10)
	fields := 0
	switch {
	case r.Note != "":
		fields = 5
	case r.Attempt != 0 || r.Deliveries != 0:
		fields = 4
	case !r.Entry.IsZero():
		fields = 2
	case r.ID != "":
		fields = 1
	}
	for i := range fields {
		b = append(b, ' ')
		switch i {
		case 0:
			b = appendEscaped(b, r.ID, ' ')
		case 1:
			if r.Entry.IsZero() {
				b = append(b, '-')
			} else {
				b = r.Entry.AppendTo(b)
			}
		case 2:
			b = strconv.AppendInt(b, int64(r.Deliveries), 10)
		case 3:
			b = strconv.AppendInt(b, int64(r.Attempt), 10)
		case 4:
			b = appendEscaped(b, r.Note, 0x1f)
		}
	}
	return append(b, '\n')
}

const hexDigits = "0123456789abcdef"

// appendEscaped appends s with what is not above least, or no ASCII, as %XX. An empty s is "-", and one that is "-" is escaped.
func appendEscaped(b []byte, s string, least byte) []byte {
	if s == "" {
		return append(b, '-')
	}
	if s == "-" {
		return append(b, "%2d"...)
	}
	for i := range len(s) {
		if c := s[i]; c > least && c < 0x7f && c != '%' {
			b = append(b, c)
		} else {
			b = append(b, '%', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return b
}

var errLine = errors.New("not a line of a history")

// parseLine reads what appendLine writes, without the line's end.
func parseLine(line string) (r Record, err error) {
	code, rest, _ := strings.Cut(line, " ")
	if err := r.parseCode(code); err != nil {
		return r, err
	}
	at, rest, _ := strings.Cut(rest, " ")
	if r.At, err = strconv.ParseInt(at, 10, 64); err != nil {
		return r, fmt.Errorf("%w: its time: %w", errLine, err)
	}
	id, rest, _ := strings.Cut(rest, " ")
	if r.ID, err = unescape(id); err != nil {
		return r, err
	}
	entry, rest, _ := strings.Cut(rest, " ")
	if entry != "" && entry != "-" {
		if r.Entry, err = stream.ParseID(entry); err != nil {
			return r, err
		}
	}
	for _, to := range []*int{&r.Deliveries, &r.Attempt} {
		var n string
		if n, rest, _ = strings.Cut(rest, " "); n == "" {
			break
		}
		if *to, err = strconv.Atoi(n); err != nil {
			return r, fmt.Errorf("%w: %w", errLine, err)
		}
	}
	r.Note, err = unescape(rest)
	return r, err
}

func (r *Record) parseCode(code string) error {
	if len(code) < 2 {
		return fmt.Errorf("%w: it begins with %q", errLine, code)
	}
	op, outcome := strings.IndexByte(opLetters, code[0]), strings.IndexByte(outcomeLetters, code[1])
	if op < 0 || outcome < 0 {
		return fmt.Errorf("%w: it begins with %q", errLine, code)
	}
	r.Op, r.Outcome = Op(op), Outcome(outcome)
	switch {
	case r.Op != Settle && len(code) == 2:
	case r.Op == Settle && len(code) == 3 && code[2] >= '0' && code[2] <= '0'+byte(consumer.Skipped):
		r.Settled = consumer.Outcome(code[2] - '0')
	default:
		return fmt.Errorf("%w: it begins with %q", errLine, code)
	}
	return nil
}

func unescape(s string) (string, error) {
	switch {
	case s == "-":
		return "", nil
	case strings.IndexByte(s, '%') < 0:
		return s, nil
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b = append(b, s[i])
			continue
		}
		if i+2 >= len(s) {
			return "", fmt.Errorf("%w: %q ends in the middle of %%XX", errLine, s)
		}
		c, err := strconv.ParseUint(s[i+1:i+3], 16, 8)
		if err != nil {
			return "", fmt.Errorf("%w: %q: %w", errLine, s, err)
		}
		b = append(b, byte(c))
		i += 2
	}
	return string(b), nil
}
