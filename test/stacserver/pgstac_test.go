package stacserver

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// pgstac is stac-fastapi with pgSTAC.
type pgstac struct {
	t   *testing.T
	in  installation
	env []string
	// addr is where it listens, log what it says.
	addr string
	log  *said
}

// startPgSTAC starts a PostgreSQL with nothing in it, and the server before it.
func startPgSTAC(t *testing.T, in installation) *pgstac {
	t.Helper()
	port := freePort(t)
	startPostgres(t, in, port)
	s := &pgstac{t: t, in: in, addr: "127.0.0.1:" + freePort(t)}
	s.env = []string{
		"PGHOST=127.0.0.1", "PGPORT=" + port, "PGUSER=postgres", "PGPASSWORD=none", "PGDATABASE=postgres",
		"ENABLE_TRANSACTIONS_EXTENSIONS=TRUE", "PYTHONWARNINGS=ignore",
	}
	run(t, nil, s.env, filepath.Join(in.python, "pypgstac"), "migrate")
	s.log = serve(t, nil, s.env, filepath.Join(in.python, "uvicorn"), "stac_fastapi.pgstac.app:app",
		"--host", "127.0.0.1", "--port", s.addr[len("127.0.0.1:"):], "--log-level", "warning", "--no-access-log")
	answers(t, s.addr, s.log)
	return s
}

// startPostgres starts a PostgreSQL that keeps nothing. It refuses to run as root: where the tests do, it runs as the user of its
// package.
func startPostgres(t *testing.T, in installation, port string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "leat-postgres-") //nolint:usetesting // t.TempDir is in a folder that no other user may enter
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	var who *syscall.Credential
	if os.Geteuid() == 0 {
		owner, err := user.Lookup("postgres")
		require.NoError(t, err, "PostgreSQL does not run as root, and there is no user postgres")
		uid, err := strconv.ParseUint(owner.Uid, 10, 32)
		require.NoError(t, err)
		gid, err := strconv.ParseUint(owner.Gid, 10, 32)
		require.NoError(t, err)
		require.NoError(t, os.Chown(dir, int(uid), int(gid)))
		who = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	data := filepath.Join(dir, "data")
	run(t, who, nil, filepath.Join(in.postgres, "initdb"), "-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-locale", "--no-sync")
	log := serve(t, who, nil, filepath.Join(in.postgres, "postgres"), "-D", data, "-p", port, "-c", "listen_addresses=127.0.0.1",
		"-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off")
	answers(t, "127.0.0.1:"+port, log)
	eventually(t, func() bool { return log.count("ready to accept connections") > 0 }, "PostgreSQL is ready")
}

// collect makes a collection and loads items into it, past the API.
func (s *pgstac) collect(id string, items []item) {
	s.t.Helper()
	s.must(http.MethodPost, "/collections", collection(id))
	var lines bytes.Buffer
	for i := range items {
		raw, err := json.Marshal(items[i].json())
		require.NoError(s.t, err)
		lines.Write(append(raw, '\n'))
	}
	file := filepath.Join(s.t.TempDir(), id+".ndjson")
	require.NoError(s.t, os.WriteFile(file, lines.Bytes(), 0o600))
	run(s.t, nil, s.env, filepath.Join(s.in.python, "pypgstac"), "load", "items", file, "--method", "insert")
}

// must is a request to the API that has to go well.
func (s *pgstac) must(method, path string, body any) {
	s.t.Helper()
	status, answer := s.call(s.t.Context(), method, path, body)
	require.Less(s.t, status, 300, "%s %s: %s", method, path, answer)
}

// call is a request to the API; a status of 0 has an error instead of an answer.
func (s *pgstac) call(ctx context.Context, method, path string, body any) (status int, answer string) {
	raw, err := json.Marshal(body)
	if err != nil {
		return 0, err.Error()
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://"+s.addr+path, bytes.NewReader(raw))
	if err != nil {
		return 0, err.Error()
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err.Error()
	}
	return resp.StatusCode, string(text)
}
