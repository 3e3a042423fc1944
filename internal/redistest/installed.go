package redistest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// newestVariable names a launcher of a newer Redis, instead of what scripts/fetch-redis.sh put into the cache.
const newestVariable = "LEAT_TEST_REDIS_NEWEST"

// Program is a server program for the Binary option.
type Program struct {
	Kind    string // "redis" or "valkey"
	Version string // "8.6.3"
	Path    string
}

// String returns the kind and version, fit for the name of a subtest.
func (p Program) String() string { return p.Kind + "-" + p.Version }

// Installed returns the servers that this machine has: the default one, then of each kind the newest that newer servers were
// fetched of (scripts/fetch-redis.sh), Redis first. A program that appears twice is listed once.
func Installed(t testing.TB) []Program {
	t.Helper()
	path, err := findServer("")
	if err != nil {
		t.Fatal(err)
	}
	programs := []Program{identify(t, path)}
	for _, kind := range []string{"redis", "valkey"} {
		if p, ok := fetched(t, kind); ok && p.String() != programs[0].String() {
			programs = append(programs, p)
		}
	}
	return programs
}

// Newest returns the newest Redis that was fetched beside the machine's own, and whether there is one: the program that
// LEAT_TEST_REDIS_NEWEST names, else what scripts/fetch-redis.sh left in its cache. For what only new versions can do; a test
// that needs it says so loudly when there is none.
func Newest(t testing.TB) (binary string, ok bool) {
	t.Helper()
	p, ok := fetched(t, "redis")
	return p.Path, ok
}

// fetched returns the newest server of a kind in the cache.
func fetched(t testing.TB, kind string) (newest Program, ok bool) {
	t.Helper()
	if path := os.Getenv(newestVariable); path != "" && kind == "redis" {
		return identify(t, path), true
	}
	paths, err := filepath.Glob(filepath.Join(cacheDir(), kind+"-*", kind+"-server"))
	if err != nil {
		t.Fatalf("redistest: look for fetched servers: %v", err)
	}
	for _, path := range paths {
		if p := identify(t, path); !ok || newer(p.Version, newest.Version) {
			newest, ok = p, true
		}
	}
	return newest, ok
}

// cacheDir is where scripts/fetch-redis.sh puts servers; the two must agree.
func cacheDir() string {
	if dir := os.Getenv("LEAT_REDIS_CACHE"); dir != "" {
		return dir
	}
	if dir := os.Getenv("XDG_CACHE_HOME"); dir != "" {
		return filepath.Join(dir, "leat-redis")
	}
	return filepath.Join(os.Getenv("HOME"), ".cache", "leat-redis")
}

// identify asks the program: "Redis server v=8.6.3 sha=..." or "Valkey server v=9.1.2 ...".
func identify(t testing.TB, path string) Program {
	t.Helper()
	out, err := exec.Command(path, "--version").CombinedOutput()
	if err != nil {
		t.Fatalf("redistest: %s --version: %v\n%s", path, err, out)
	}
	kind, rest, _ := strings.Cut(strings.ToLower(string(out)), " ")
	_, rest, found := strings.Cut(rest, "v=")
	version, _, _ := strings.Cut(rest, " ")
	if !found {
		t.Fatalf("redistest: %s --version says %q: no Redis or Valkey", path, out)
	}
	return Program{Kind: kind, Version: version, Path: path}
}

// newer compares versions number by number: 8.10.0 is newer than 8.6.3.
func newer(a, b string) bool {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(as), len(bs)) {
		x, _ := strconv.Atoi(as[i])
		y, _ := strconv.Atoi(bs[i])
		if x != y {
			return x > y
		}
	}
	return len(as) > len(bs)
}
