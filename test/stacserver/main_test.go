package stacserver

import (
	"context"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
)

var (
	asked = flag.Bool("stac.run", false, "run against the servers, and fail where they are not installed")
	size  = flag.Int("stac.items", 400, "how many items a collection has")
	kills = flag.Int("stac.kills", 2, "how often the poller is killed")
)

// patience is how long a condition is waited for: the servers are Python, and may share the machine.
const patience = 15 * time.Minute

func TestMain(m *testing.M) {
	flag.Parse()
	redistest.Main(m)
}

// installation is where the programs are.
type installation struct {
	postgres string // a folder with initdb and postgres
	python   string // a folder with python, uvicorn, pypgstac and rustac
}

// versions is the name of the virtual environment that scripts/install-stac.sh makes.
const versions = "stac-6.3.1-0.9.11-0.9.18-0.9.1"

// installed finds the servers. Without -stac.run it ends the test: to start a PostgreSQL and a server in Python takes longer than
// the tests beside it do.
func installed(t *testing.T) installation {
	t.Helper()
	if !*asked {
		t.Skip("SKIPPED, NOTHING WAS TESTED against a real STAC API server: make test-stac installs one and runs this")
	}
	missing := func(what string) {
		t.Helper()
		t.Fatalf("%s is missing: run scripts/install-stac.sh", what)
	}
	if runtime.GOOS == "windows" {
		missing("a Unix")
	}
	cache, err := os.UserCacheDir()
	require.NoError(t, err)
	in := installation{python: filepath.Join(cache, "leat", versions, "bin")}
	if _, err := os.Stat(filepath.Join(cache, "leat", versions, "complete")); err != nil {
		missing("stac-fastapi with pgSTAC")
	}
	folders, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	slices.Reverse(folders)
	if path, err := exec.LookPath("initdb"); err == nil {
		folders = append(folders, filepath.Dir(path))
	}
	for _, folder := range folders {
		share, err := exec.CommandContext(t.Context(), filepath.Join(folder, "pg_config"), "--sharedir").Output()
		if err != nil {
			continue
		}
		control := filepath.Join(string(share[:max(len(share)-1, 0)]), "extension", "postgis.control")
		if _, err := os.Stat(control); err == nil {
			in.postgres = folder
			return in
		}
	}
	missing("PostgreSQL with PostGIS")
	return in
}

// eventually is a condition that has to come.
func eventually(t *testing.T, cond func() bool, what string, args ...any) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !cond() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("waited in vain: "+what, args...)
		}
	}
}
