package ndjson

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// byteOrderMark is how some editors begin a file in UTF-8.
var byteOrderMark = []byte("\xef\xbb\xbf")

// Reader reads lines. It is for one goroutine.
type Reader struct {
	in    *bufio.Reader
	limit int
	line  int
	read  int64
	err   error
}

// Line is a line that is not empty, without its end and the space around it.
type Line struct {
	// Number is 1 for the first line.
	Number int
	// Data is the caller's own; nil where Err is set.
	Data []byte
	// Read is how many bytes of the input end with this line.
	Read int64
	// Err says that the line is longer than the limit. The next one can be read.
	Err error
}

// ErrTooLong is wrapped by the Err of lines that exceed the limit.
var ErrTooLong = errors.New("line is too long")

// NewReader reads lines of at most limit bytes. What is longer is passed over
// without being held in memory.
func NewReader(r io.Reader, limit int) *Reader {
	return &Reader{in: bufio.NewReaderSize(r, 64<<10), limit: limit}
}

// Next is the next line that is not empty; io.EOF when there is none, any other
// error when the input cannot be read. Errors come again at each further call.
func (r *Reader) Next() (Line, error) {
	for r.err == nil {
		raw, long, err := r.raw()
		r.err = err
		if err != nil && (!errors.Is(err, io.EOF) || len(raw) == 0 && !long) {
			break // a line that a failure cut off is none
		}
		r.line++
		if r.line == 1 {
			raw = bytes.TrimPrefix(raw, byteOrderMark)
		}
		line := Line{Number: r.line, Read: r.read}
		if long {
			line.Err = fmt.Errorf("%w: more than %d bytes", ErrTooLong, r.limit)
			return line, nil
		}
		if line.Data = bytes.TrimSpace(raw); len(line.Data) > 0 {
			return line, nil
		}
	}
	if errors.Is(r.err, io.EOF) {
		return Line{}, io.EOF
	}
	return Line{}, fmt.Errorf("read line %d: %w", r.line+1, r.err)
}

// raw is everything up to and with the next LF, of which no more than the limit is
// kept.
func (r *Reader) raw() (line []byte, long bool, err error) {
	for {
		part, err := r.in.ReadSlice('\n')
		r.read += int64(len(part))
		// The end of the line and a byte order mark do not count.
		if long = long || len(line)+len(part) > r.limit+len("\r\n")+len(byteOrderMark); long {
			line = nil
		} else {
			line = append(line, part...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, long, err
		}
	}
}
