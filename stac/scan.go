package stac

import (
	"encoding/json"
	"fmt"
)

// maxJSONDepth is far beyond what items have (a projection in PROJJSON has some
// fifteen levels), and far below what hurts.
const maxJSONDepth = 128

// scanner walks JSON without building anything of it. It is as strict as
// encoding/json, which would read each page twice and make maps of what nobody
// asks for. The first error stays, and ends all loops.
type scanner struct {
	buf   []byte
	pos   int
	depth int
	first bool // nothing of the innermost object or array has been seen
	err   error
	deep  bool // the error is about depth
}

// scanError is what is wrong at a byte.
type scanError struct {
	offset int
	reason string
}

func (e *scanError) Error() string { return fmt.Sprintf("byte %d: %s", e.offset, e.reason) }

func (s *scanner) fail(reason string) bool {
	if s.err == nil {
		if s.pos >= len(s.buf) {
			reason = "it ends too early"
		}
		s.err = &scanError{s.pos, reason}
		s.pos = len(s.buf)
	}
	return false
}

// peek is the next byte that is no space, 0 at the end.
func (s *scanner) peek() byte {
	for s.pos < len(s.buf) {
		switch c := s.buf[s.pos]; c {
		case ' ', '\n', '\r', '\t':
			s.pos++
		default:
			return c
		}
	}
	return 0
}

// enter goes into an object or array; more is called before each of its members.
func (s *scanner) enter(bracket byte) {
	if s.peek() != bracket {
		s.fail("want " + string(bracket))
		return
	}
	if s.depth++; s.depth > maxJSONDepth {
		s.deep = s.err == nil
		s.fail(fmt.Sprintf("JSON is nested deeper than %d levels", maxJSONDepth))
		return
	}
	s.pos++
	s.first = true
}

// more tells whether there is another member, and goes out if there is none.
func (s *scanner) more(bracket byte) bool {
	c := s.peek()
	switch {
	case s.err != nil:
		return false
	case c == bracket:
		s.pos++
		s.depth--
		s.first = false
		return false
	case s.first:
		s.first = false
		return true
	case c != ',':
		return s.fail("want , or " + string(bracket))
	}
	s.pos++
	return true
}

// key is the name of the next member; its value is next.
func (s *scanner) key() []byte {
	if s.peek() != '"' {
		s.fail("want the name of a member")
		return nil
	}
	name := s.text()
	if s.peek() != ':' {
		s.fail("want :")
		return nil
	}
	s.pos++
	return name
}

// text is a string without its quotes and escapes. It aliases the buffer unless
// there were escapes.
func (s *scanner) text() []byte {
	start := s.pos
	raw, escaped := s.quoted()
	if !escaped || s.err != nil {
		return raw
	}
	var plain string
	if json.Unmarshal(s.buf[start:s.pos], &plain) != nil {
		s.pos = start
		s.fail("bad string")
	}
	return []byte(plain)
}

// quoted passes over a string and is what is between its quotes.
func (s *scanner) quoted() (raw []byte, escaped bool) {
	s.pos++
	start := s.pos
	for i := start; i < len(s.buf); i++ {
		switch c := s.buf[i]; {
		case c == '"':
			s.pos = i + 1
			return s.buf[start:i], escaped
		case c == '\\':
			escaped = true
			n := escape(s.buf[i:])
			if n == 0 {
				s.pos = i
				s.fail("bad escape in a string")
				return nil, false
			}
			i += n - 1
		case c < ' ':
			s.pos = i
			s.fail("control character in a string")
			return nil, false
		}
	}
	s.pos = len(s.buf)
	s.fail("")
	return nil, false
}

// escape is the length of the escape at the start of b, 0 when it is none.
func escape(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if len(b) < 6 {
			return 0
		}
		for _, c := range b[2:6] {
			if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'f') {
				return 0
			}
		}
		return 6
	}
	return 0
}

// skip passes over a value and is its bytes.
func (s *scanner) skip() []byte {
	c := s.peek()
	start := s.pos
	switch {
	case c == '"':
		s.quoted()
	case c == '{':
		for s.enter('{'); s.more('}'); s.skip() {
			if s.peek() != '"' {
				s.fail("want the name of a member")
				break
			}
			s.quoted()
			if s.peek() != ':' {
				s.fail("want :")
				break
			}
			s.pos++
		}
	case c == '[':
		for s.enter('['); s.more(']'); s.skip() {
			continue
		}
	case c == '-' || c >= '0' && c <= '9':
		s.number()
	case c == 't':
		s.word("true")
	case c == 'f':
		s.word("false")
	case c == 'n':
		s.word("null")
	default:
		s.fail("want a value")
	}
	if s.err != nil {
		return nil
	}
	return s.buf[start:s.pos:s.pos]
}

func (s *scanner) word(word string) {
	if len(s.buf)-s.pos < len(word) || string(s.buf[s.pos:s.pos+len(word)]) != word {
		s.fail("want " + word)
		return
	}
	s.pos += len(word)
}

// number passes over a number as JSON has it: -0.5e+7.
func (s *scanner) number() {
	if s.at('-') {
		s.pos++
	}
	if s.at('0') {
		s.pos++
	} else if !s.digits() {
		s.fail("bad number")
		return
	}
	if s.at('.') {
		s.pos++
		if !s.digits() {
			s.fail("bad number")
			return
		}
	}
	if s.at('e') || s.at('E') {
		s.pos++
		if s.at('+') || s.at('-') {
			s.pos++
		}
		if !s.digits() {
			s.fail("bad number")
		}
	}
}

func (s *scanner) at(c byte) bool { return s.pos < len(s.buf) && s.buf[s.pos] == c }

func (s *scanner) digits() bool {
	start := s.pos
	for s.pos < len(s.buf) && s.buf[s.pos] >= '0' && s.buf[s.pos] <= '9' {
		s.pos++
	}
	return s.pos > start
}

// end is the first error; anything but space behind the value is one.
func (s *scanner) end() error {
	if s.err == nil && s.peek() != 0 || s.err == nil && s.pos < len(s.buf) {
		s.fail("something follows the JSON value")
	}
	return s.err
}
