package network

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	random "math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/leat-io/leat/test/faults/needs"
)

const (
	// toxiproxyModule is the program, pinned in tools/go.mod.
	toxiproxyModule = "github.com/Shopify/toxiproxy/v2/cmd/server"
	// programVariable names a toxiproxy-server that is there, instead of building one: for a machine without Go.
	programVariable = "LEAT_TOXIPROXY"
	// startTimeout bounds a start on a busy machine; building the program is not part of it.
	startTimeout = 30 * time.Second
	// callTimeout bounds a call of the API. Some toxics let go of what they hold for 5 s at most when they are taken away.
	callTimeout = 30 * time.Second
)

// Toxiproxy is a toxiproxy server, a child of this process that ends with it. It is safe for concurrent use.
type Toxiproxy struct {
	child *child
	api   string // http://127.0.0.1:port
	http  *http.Client
}

// StartToxiproxy starts a toxiproxy server, building it first when the cache has none: that takes half a minute once. Without Go,
// or outside of leat's sources, the error wraps ErrUnavailable. It ends with Close.
func StartToxiproxy(ctx context.Context) (*Toxiproxy, error) {
	program, err := BuildToxiproxy(ctx)
	if err != nil {
		return nil, err
	}
	const attempts = 5 // somebody may be quicker to take the port
	for range attempts {
		var t *Toxiproxy
		if t, err = startToxiproxy(ctx, program); err == nil {
			return t, nil
		}
		if ctx.Err() != nil {
			break
		}
	}
	return nil, err
}

// BuildToxiproxy builds the server where need be and returns its path.
func BuildToxiproxy(ctx context.Context) (string, error) {
	const what = "build toxiproxy"
	if path := os.Getenv(programVariable); path != "" {
		return path, nil
	}
	if _, err := needs.Tool(what, "go", "or name a toxiproxy-server in "+programVariable); err != nil {
		return "", err
	}
	module, err := output(ctx, "", "go", "env", "GOMOD")
	if err != nil {
		return "", fmt.Errorf("%s: %w", what, err)
	}
	root := filepath.Dir(module)
	tools := filepath.Join(root, "tools", "go.mod")
	if _, err := os.Stat(tools); err != nil {
		return "", needs.Unavailable(what, "leat's sources: "+err.Error())
	}
	// With -n go tool builds the program, keeps it in its cache and says where it is.
	path, err := output(ctx, root, "go", "tool", "-modfile="+tools, "-n", toxiproxyModule)
	if err != nil {
		return "", fmt.Errorf("%s: %w", what, err)
	}
	return path, nil
}

// output runs a command of Go's and returns the line that it prints.
func output(ctx context.Context, dir, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, said.String())
	}
	return strings.TrimSpace(string(out)), nil
}

func startToxiproxy(ctx context.Context, program string) (*Toxiproxy, error) {
	addr, err := freeAddr(ctx)
	if err != nil {
		return nil, fmt.Errorf("start toxiproxy: %w", err)
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("start toxiproxy: %w", err)
	}
	// A proxy of this name tells our server from somebody else's, who was quicker to take the port.
	sign := rand.Text()
	config, err := writeConfig(sign)
	if err != nil {
		return nil, fmt.Errorf("start toxiproxy: %w", err)
	}
	defer func() { _ = os.Remove(config) }()
	cmd := exec.Command(program, "-host", host, "-port", port, "-config", config)
	cmd.Env = append(os.Environ(), "LOG_LEVEL=error")
	c, err := startChild(cmd)
	if err != nil {
		return nil, fmt.Errorf("start toxiproxy: %w", err)
	}
	t := &Toxiproxy{child: c, api: "http://" + addr, http: &http.Client{Transport: &http.Transport{}, Timeout: callTimeout}}
	if err := t.await(ctx, sign); err != nil {
		t.Close()
		return nil, fmt.Errorf("start toxiproxy: %w\n%s", err, c.said())
	}
	return t, nil
}

// freeAddr returns a loopback address that nobody listens on now. Its port is below those that kernels use for outgoing
// connections, which could take it while a proxy is down, and below those that redistest reserves.
func freeAddr(ctx context.Context) (addr string, err error) {
	const first, last, attempts = 10000, 15000, 100
	for range attempts {
		addr = net.JoinHostPort("127.0.0.1", strconv.Itoa(first+random.IntN(last-first)))
		var l net.Listener
		if l, err = new(net.ListenConfig).Listen(ctx, "tcp", addr); err == nil {
			return addr, l.Close()
		}
	}
	return "", fmt.Errorf("find a port: %w", err)
}

func writeConfig(sign string) (string, error) {
	f, err := os.CreateTemp("", "leat-toxiproxy-")
	if err != nil {
		return "", err
	}
	err = json.NewEncoder(f).Encode([]map[string]any{{"name": sign, "listen": "127.0.0.1:0", "upstream": "127.0.0.1:1", "enabled": false}})
	return f.Name(), errors.Join(err, f.Close())
}

// await waits until our own server answers.
func (t *Toxiproxy) await(ctx context.Context, sign string) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		err := t.call(ctx, http.MethodDelete, "/proxies/"+sign, nil)
		if err == nil {
			return nil
		}
		select {
		case <-t.child.gone:
			return errors.New("it ended")
		case <-ctx.Done():
			return fmt.Errorf("it does not answer: %w", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// Close ends the server, and with it every proxy. It may be called twice.
func (t *Toxiproxy) Close() {
	t.child.kill()
	t.http.CloseIdleConnections()
}

// call calls the API; in may be nil.
func (t *Toxiproxy) call(ctx context.Context, method, path string, in any) error {
	var body bytes.Buffer
	if in != nil {
		if err := json.NewEncoder(&body).Encode(in); err != nil {
			return fmt.Errorf("toxiproxy: %s %s: %w", method, path, err)
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, t.api+path, &body)
	if err != nil {
		return fmt.Errorf("toxiproxy: %s %s: %w", method, path, err)
	}
	resp, err := t.http.Do(req)
	if err != nil {
		return fmt.Errorf("toxiproxy: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	reply, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("toxiproxy: %s %s: %w", method, path, err)
	}
	if resp.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("toxiproxy: %s %s: %s: %s", method, path, resp.Status, bytes.TrimSpace(reply))
	}
	return nil
}
