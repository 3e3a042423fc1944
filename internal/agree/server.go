package agree

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// patience bounds every exchange with a server: it is local and has nothing
// else to do.
const patience = 5 * time.Second

// A wire is a bare connection to a real server.
type wire struct {
	net.Conn
	r       *bufio.Reader
	out     []byte
	blocked bool
	silent  bool      // did not answer in time
	until   time.Time // when the blocked command times out; zero for never
}

func dial(addr string) (*wire, error) {
	conn, err := (&net.Dialer{Timeout: patience}).DialContext(context.Background(), "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", addr, err)
	}
	return &wire{Conn: conn, r: bufio.NewReader(conn)}, nil
}

// queue puts a command behind those that flush will send.
func (w *wire) queue(args []string) {
	w.out = append(strconv.AppendInt(append(w.out, '*'), int64(len(args)), 10), "\r\n"...)
	for _, arg := range args {
		w.out = append(strconv.AppendInt(append(w.out, '$'), int64(len(arg)), 10), "\r\n"...)
		w.out = append(append(w.out, arg...), "\r\n"...)
	}
}

func (w *wire) flush() error {
	if err := w.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	_, err := w.Write(w.out)
	w.out = w.out[:0]
	return err
}

func (w *wire) receive() ([]byte, error) { return readReply(w.r, nil) }

func (w *wire) do(args ...string) ([]byte, error) {
	w.queue(args)
	if err := w.flush(); err != nil {
		return nil, err
	}
	return w.receive()
}

// must wants an answer that is no error.
func (w *wire) must(line string) (string, error) {
	raw, err := w.do(strings.Fields(line)...)
	if err != nil {
		return "", fmt.Errorf("%s: %w", line, err)
	}
	n, err := parseReply(raw)
	if err == nil && n.kind == '-' {
		err = errors.New(n.text)
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", line, err)
	}
	return n.text, nil
}

// receiveWithin reads a reply if one begins to come so soon; nil is none.
func (w *wire) receiveWithin(d time.Duration) ([]byte, error) {
	if err := w.SetReadDeadline(time.Now().Add(d)); err != nil {
		return nil, err
	}
	if _, err := w.r.Peek(1); err != nil {
		if errors.Is(err, os.ErrDeadlineExceeded) {
			err = nil
		}
		return nil, err
	}
	if err := w.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return nil, err
	}
	return w.receive()
}
