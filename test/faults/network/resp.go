package network

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// errProtocol is something that is no RESP.
var errProtocol = errors.New("not the protocol of Redis")

// readMessage reads one message of RESP2 or RESP3, a request or a reply, and returns its bytes. An attribute goes with what it
// belongs to.
func readMessage(r *bufio.Reader) ([]byte, error) {
	var raw bytes.Buffer
	// What is still to be read: an array of n adds n.
	for left := 1; left > 0; left-- {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return nil, partly(err, raw.Len()+len(line))
		}
		raw.Write(line)
		if len(line) < 3 {
			return nil, fmt.Errorf("%w: %q", errProtocol, line)
		}
		more, err := readBody(r, &raw, line)
		if err != nil {
			return nil, err
		}
		left += more
	}
	return raw.Bytes(), nil
}

// readBody reads what follows a line and belongs to it, and returns how many messages are still to come after that.
func readBody(r *bufio.Reader, raw *bytes.Buffer, line []byte) (more int, err error) {
	kind := line[0]
	switch kind {
	case '+', '-', ':', ',', '#', '(', '_':
		return 0, nil
	}
	n, err := strconv.Atoi(string(bytes.TrimRight(line[1:], "\r\n")))
	if err != nil {
		return 0, fmt.Errorf("%w: %q", errProtocol, line)
	}
	switch kind {
	case '$', '!', '=':
		if n < 0 {
			return 0, nil // null
		}
		if _, err := io.CopyN(raw, r, int64(n)+2); err != nil {
			return 0, partly(err, raw.Len())
		}
		return 0, nil
	case '*', '~', '>':
		return max(n, 0), nil
	case '%':
		return 2 * n, nil
	case '|':
		return 2*n + 1, nil
	default:
		return 0, fmt.Errorf("%w: %q", errProtocol, line)
	}
}

// partly turns the end of the file into an unexpected one when a part of a message has been read.
func partly(err error, read int) error {
	if errors.Is(err, io.EOF) && read > 0 {
		return io.ErrUnexpectedEOF
	}
	return err
}

// commandName returns the name of the command in a request, in small letters.
func commandName(request []byte) string {
	_, rest, found := bytes.Cut(request, []byte("\n$"))
	if !found || request[0] != '*' {
		return ""
	}
	_, rest, _ = bytes.Cut(rest, []byte("\n"))
	name, _, _ := bytes.Cut(rest, []byte("\r"))
	return string(bytes.ToLower(name))
}
