package embedded

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// answerWithin bounds every exchange of the tests.
const answerWithin = 20 * time.Second

// A wire is a bare connection: replies are seen as they were sent.
type wire struct {
	t    testing.TB
	conn net.Conn
	r    *bufio.Reader
}

func dial(t testing.TB, addr string) *wire {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() }) // a test may have closed it
	return &wire{t, conn, bufio.NewReader(conn)}
}

func (w *wire) send(args ...string) {
	w.t.Helper()
	var s strings.Builder
	fmt.Fprintf(&s, "*%d\r\n", len(args))
	for _, a := range args {
		fmt.Fprintf(&s, "$%d\r\n%s\r\n", len(a), a)
	}
	require.NoError(w.t, w.conn.SetDeadline(time.Now().Add(answerWithin)))
	_, err := io.WriteString(w.conn, s.String())
	require.NoError(w.t, err)
}

// do sends a command and shows its reply.
func (w *wire) do(args ...string) string {
	w.t.Helper()
	w.send(args...)
	return w.receive()
}

// receive shows one reply: +status -error :1 "bulk" nil nilarray [..] {..}.
func (w *wire) receive() string {
	w.t.Helper()
	line, err := w.r.ReadString('\n')
	require.NoError(w.t, err)
	kind, text := line[0], strings.TrimRight(line[1:], "\r\n")
	switch kind {
	case '+', '-', ':', ',', '#', '(':
		return string(kind) + text
	case '_':
		return "nil3"
	}
	n, err := strconv.Atoi(text)
	require.NoError(w.t, err, line)
	switch kind {
	case '$', '=':
		if n < 0 {
			return "nil"
		}
		buf := make([]byte, n+2)
		_, err := io.ReadFull(w.r, buf)
		require.NoError(w.t, err)
		return strconv.Quote(string(buf[:n]))
	case '*', '~', '>':
		if n < 0 {
			return "nilarray"
		}
		return "[" + strings.Join(w.receiveN(n), " ") + "]"
	case '%':
		return "{" + strings.Join(w.receiveN(2*n), " ") + "}"
	}
	w.t.Fatalf("unknown reply %q", line)
	return ""
}

func (w *wire) receiveN(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = w.receive()
	}
	return list
}

var (
	clockID = regexp.MustCompile(`"1[0-9]{12}-[0-9]+"`)
	number  = regexp.MustCompile(`:[0-9]+|"[0-9]+"`)
)

// mask hides what a clock made: entry IDs always, other numbers if asked.
func mask(reply string, numbers bool) string {
	reply = clockID.ReplaceAllString(reply, `"<id>"`)
	if numbers {
		reply = number.ReplaceAllString(reply, ":#")
	}
	return reply
}

// sorted compares replies whose order Redis does not promise.
func sorted(reply string) string {
	words := strings.Fields(strings.Trim(reply, "[]{}"))
	sort.Strings(words)
	return strings.Join(words, " ")
}
