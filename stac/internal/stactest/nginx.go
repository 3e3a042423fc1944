package stactest

import (
	"bytes"
	"context"
	"crypto/sha1" //nolint:gosec // the hash that nginx's password files have
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// startTime is how long nginx may take to listen: some milliseconds do.
const startTime = 20 * time.Second

// Nginx serves a folder.
type Nginx struct {
	// URL is where it serves it.
	URL string

	access string
}

// NginxOptions are what requests have to keep to.
type NginxOptions struct {
	// User and Password are asked for where User is given.
	User, Password string
	// Rate is how many requests a second are served; the others get 429. 0: all.
	Rate int
}

// StartNginx starts a real nginx on a free port. It ends with the test.
func StartNginx(tb testing.TB, dir string, o NginxOptions) *Nginx {
	tb.Helper()
	program := find(tb)
	work := tb.TempDir()
	address := freeAddress(tb)
	n := &Nginx{URL: "http://" + address, access: filepath.Join(work, "access.log")}
	conf := filepath.Join(work, "nginx.conf")
	if o.User != "" {
		sum := sha1.Sum([]byte(o.Password)) //nolint:gosec // as above
		WriteFile(tb, filepath.Join(work, "users"), o.User+":{SHA}"+base64.StdEncoding.EncodeToString(sum[:])+"\n")
	}
	WriteFile(tb, conf, n.conf(work, dir, address, o))
	ctx, cancel := context.WithCancel(context.Background())
	command := exec.CommandContext(ctx, program, "-p", work, "-c", conf) //nolint:gosec // G204: the nginx of this machine
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	if err := command.Start(); err != nil {
		tb.Fatalf("start nginx: %v", err)
	}
	ended := make(chan struct{})
	go func() {
		_ = command.Wait() // it is killed
		close(ended)
	}()
	tb.Cleanup(func() { cancel(); <-ended })
	for deadline := time.Now().Add(startTime); ; {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		if err == nil {
			_ = conn.Close()
			return n
		}
		select {
		case <-ended:
			tb.Fatalf("nginx ended: %s", output.String())
		case <-time.After(5 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			tb.Fatalf("nginx does not listen: %v", err)
		}
	}
}

// conf has one process, which is the user's own: workers of a master that runs as
// root are somebody else, who may not read the folder.
func (n *Nginx) conf(work, dir, address string, o NginxOptions) string {
	var inside, outside strings.Builder
	if o.User != "" {
		inside.WriteString("auth_basic catalog; auth_basic_user_file users;\n")
	}
	if o.Rate > 0 {
		fmt.Fprintf(&outside, "limit_req_zone $binary_remote_addr zone=all:1m rate=%dr/s; limit_req_status 429;\n", o.Rate)
		fmt.Fprintf(&inside, "limit_req zone=all burst=%d nodelay;\n", o.Rate)
	}
	var temp strings.Builder
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		fmt.Fprintf(&temp, "%s_temp_path %s;\n", kind, filepath.Join(work, kind))
	}
	return fmt.Sprintf(`daemon off; master_process off; pid %s; error_log stderr;
events { worker_connections 256; }
http {
%s%slog_format short "$status $body_bytes_sent $uri";
access_log %s short;
types { application/json json; }
server { listen %s; root %s; keepalive_requests 100000;
%s}
}
`, filepath.Join(work, "pid"), temp.String(), outside.String(), n.access, address, dir, inside.String())
}

// Served counts the answers by status, and the bytes of their bodies, since the
// start, once there are that many: nginx writes its log when an answer has left.
func (n *Nginx) Served(tb testing.TB, answers int) (statuses map[string]int, size int) {
	tb.Helper()
	for deadline := time.Now().Add(startTime); ; {
		statuses, size, lines := n.log(tb)
		if lines >= answers {
			return statuses, size
		}
		if time.Now().After(deadline) {
			tb.Fatalf("nginx has logged %d answers, want %d", lines, answers)
		}
	}
}

func (n *Nginx) log(tb testing.TB) (statuses map[string]int, size, lines int) {
	tb.Helper()
	log, err := os.ReadFile(n.access)
	if err != nil {
		tb.Fatal(err)
	}
	statuses = map[string]int{}
	for line := range strings.Lines(string(log)) {
		var status string
		var sent int
		if _, err := fmt.Sscan(line, &status, &sent); err != nil {
			break // it is being written
		}
		statuses[status]++
		size += sent
		lines++
	}
	return statuses, size, lines
}

func find(tb testing.TB) string {
	tb.Helper()
	for _, name := range []string{"nginx", "/usr/sbin/nginx", "/usr/local/sbin/nginx"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	tb.Fatal("nginx is neither in the PATH nor in /usr/sbin: scripts/install-nginx.sh installs it")
	return ""
}

func freeAddress(tb testing.TB) string {
	tb.Helper()
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	return address
}
