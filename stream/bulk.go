package stream

import "encoding/binary"

// Nearly all that a read brings is strings of less than a thousand bytes, in
// arrays of less than a hundred elements. The functions of this file know these
// and nothing else: they work on values that stay in registers, look at a first
// line as one word instead of byte by byte, and give up without a reason (next
// is 0) on everything else: a null, a longer string, another type, a mistake, a
// reply that goes on in the next piece. Whoever calls them asks the cursor then,
// which knows all of RESP, gets what is missing, and says what is wrong.

// crlf is "\r\n" as binary.LittleEndian reads it.
const crlf = '\r' | '\n'<<8

// shortArray reads the first line of an array at pos that has one or two digits:
// "*12\r\n" is 12. next is where the first element begins.
func shortArray(buf []byte, pos int) (n, next int) {
	if len(buf)-pos < 8 {
		return 0, 0
	}
	w := binary.LittleEndian.Uint64(buf[pos:]) // the lowest byte is the one at pos
	first := int(byte(w>>8) - '0')             // below '0' wraps around, and is above 9 as well
	if byte(w) != '*' || first > 9 {
		return 0, 0
	}
	if uint16(w>>16) == crlf {
		return first, pos + len("*0\r\n")
	}
	second := int(byte(w>>16) - '0')
	if second > 9 || uint16(w>>24) != crlf {
		return 0, 0
	}
	return 10*first + second, pos + len("*00\r\n")
}

// bulk reads a string at pos whose length has one to three digits: "$2\r\nid\r\n"
// is "id". next is where the value behind it begins.
func bulk(buf []byte, pos int) (b []byte, next int) {
	if len(buf)-pos < 8 {
		return nil, 0
	}
	w := binary.LittleEndian.Uint64(buf[pos:]) // as in shortArray
	n, begin := int(byte(w>>8)-'0'), pos+len("$0\r\n")
	if byte(w) != '$' || n > 9 {
		return nil, 0
	}
	if uint16(w>>16) != crlf {
		second := int(byte(w>>16) - '0')
		if second > 9 {
			return nil, 0
		}
		n, begin = 10*n+second, begin+1
		if uint16(w>>24) != crlf {
			third := int(byte(w>>24) - '0')
			if third > 9 || uint16(w>>32) != crlf {
				return nil, 0
			}
			n, begin = 10*n+third, begin+1
		}
	}
	end := begin + n
	if len(buf)-end < 2 || binary.LittleEndian.Uint16(buf[end:]) != crlf {
		return nil, 0
	}
	return buf[begin:end:end], end + 2
}
