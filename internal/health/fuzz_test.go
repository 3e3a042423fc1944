package health_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/health"
)

// FuzzRequest: whatever bytes come, the server answers them or hangs up, says nothing that it was sent, and answers the next
// one.
func FuzzRequest(f *testing.F) {
	for _, seed := range []string{
		"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n", "GET /readyz HTTP/1.0\r\n\r\n", "GET http://x/livez HTTP/1.1\r\nHost: x\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /livez/../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", "GET //livez HTTP/1.1\r\nHost: x\r\n\r\n", "GET /%6civez HTTP/1.1\r\nHost: x\r\n\r\n", "GET /livez?x=\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
		"POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n", "POST /livez HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfffffffff\r\n",
		"GET /livez HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", "CONNECT x:1 HTTP/1.1\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "*1\r\n$4\r\nPING\r\n",
		"GET /" + strings.Repeat("a", 20_000) + " HTTP/1.1\r\n\r\n", "\x16\x03\x01\x00\x05", "\r\n\r\n", "GET /livez HTTP/1.1\r\nHost: x\r\n\r\nGET /readyz HTTP/1.1\r\nHost: x\r\n\r\n", "",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, request []byte) {
		s, err := health.Listen(t.Context(), "127.0.0.1:0", func() error { return nil }, func() error { return errors.New("away") })
		require.NoError(t, err)
		defer s.Close()
		conn, err := net.Dial("tcp", s.Addr())
		require.NoError(t, err)
		defer conn.Close()
		require.NoError(t, conn.SetDeadline(time.Now().Add(patience)))
		_, _ = conn.Write(request)           // the server may have hung up
		_ = conn.(*net.TCPConn).CloseWrite() //nolint:errcheck // the same; dialled as one
		in := bufio.NewReader(conn)
		for {
			resp, err := http.ReadResponse(in, nil)
			if err != nil {
				break
			}
			body, _ := io.ReadAll(resp.Body)
			require.NoError(t, resp.Body.Close())
			require.Contains(t, []int{200, 204, 301, 307, 400, 404, 405, 411, 413, 414, 417, 431, 500, 501, 503, 505}, resp.StatusCode)
			require.Less(t, len(body), 4096)
		}
		status, body := get(t, http.MethodGet, "http://"+s.Addr()+"/livez")
		require.Equal(t, 200, status)
		require.Equal(t, "ok\n", body)
	})
}

// patience is the deadline of what must happen at once.
const patience = 10 * time.Second
