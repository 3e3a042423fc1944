package rules_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestComposeLoadsTheRules: the Prometheus of the compose file, with the rules where it has them mounted, takes its configuration and
// finds every file of rules, and not the tests beside them.
func TestComposeLoadsTheRules(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../../deploy/compose/prometheus.yml")
	require.NoError(t, err)
	mounted, err := filepath.Abs(rulesDir)
	require.NoError(t, err)
	config := filepath.Join(t.TempDir(), "prometheus.yml")
	require.NoError(t, os.WriteFile(config, []byte(strings.ReplaceAll(string(text), "/etc/prometheus/rules", mounted)), 0o600))
	out, err := promtool(t, "check", "config", config)
	require.NoError(t, err, out)
	for _, path := range ruleFiles(t) {
		require.Contains(t, out, filepath.Base(path))
	}
	require.NotContains(t, out, "/tests/")
}
