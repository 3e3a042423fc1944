package agree

import (
	"flag"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
)

var (
	operations = flag.Int("agree.operations", 20_000, "how many operations to compare with each server")
	firstSeed  = flag.Uint64("agree.seed", 1, "the seed of the first sequence")
	onlyServer = flag.String("agree.server", "", "compare with this server only, such as redis-7.0.15")
	reportPath = flag.String("agree.report", "", "write what was compared to this file")
)

func TestMain(m *testing.M) { redistest.Main(m) }

// openLab starts a server with a clock that is set, where that works.
func openLab(t testing.TB, p redistest.Program) *Lab {
	t.Helper()
	options := []redistest.Option{redistest.Config("enable-debug-command", "yes")}
	var clock *Clock
	program := p.Path
	if p.Kind == "redis" {
		var err error
		clock, err = NewClock(t.TempDir())
		require.NoError(t, err)
		t.Cleanup(func() { assert.NoError(t, clock.Close()) })
		program, err = clock.Launcher(p.Path)
		require.NoError(t, err)
	}
	server := redistest.Start(t, append(options, redistest.Binary(program))...)
	lab, err := Open(Target{Addr: server.Addr(), Clock: clock})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, lab.Close()) })
	return lab
}

func leatScripts(t testing.TB) []Script {
	t.Helper()
	scripts, err := LoadScripts(filepath.Join("..", "..", "stream", "scripts"))
	require.NoError(t, err)
	require.NotEmpty(t, scripts)
	return scripts
}

// TestModelAgreesWithServers compares the model with every server that this
// machine has.
func TestModelAgreesWithServers(t *testing.T) {
	t.Parallel()
	var summaries []Summary
	for _, p := range redistest.Installed(t) {
		if *onlyServer != "" && *onlyServer != p.String() {
			continue
		}
		t.Run(p.String(), func(t *testing.T) {
			lab, begin := openLab(t, p), time.Now()
			s, difference, err := lab.Run(*firstSeed, *operations, leatScripts(t))
			require.NoError(t, err)
			s.Seconds = time.Since(begin).Round(time.Second / 10).Seconds()
			summaries = append(summaries, s)
			t.Logf("%d operations in %d sequences agree, known changes: %v", s.Operations, s.Sequences, s.KnownChanges)
			if difference != nil {
				t.Error(difference)
			}
		})
	}
	if *reportPath != "" {
		require.NoError(t, WriteReport(*reportPath, summaries))
	}
}
