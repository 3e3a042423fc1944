package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// TestRulesNameWhatIsThere: the rules of deploy/prometheus are looked at as the dashboards are. What a recording rule makes is a
// metric for those behind it.
func TestRulesNameWhatIsThere(t *testing.T) {
	t.Parallel()
	metrics := catalogue(t)
	paths := []string{filepath.Join(root, "deploy/prometheus/leat-recording.yaml")}
	more, err := filepath.Glob(filepath.Join(root, "deploy/prometheus/*alerts.yaml"))
	require.NoError(t, err)
	require.NotEmpty(t, more)
	for _, path := range append(paths, more...) {
		var file struct {
			Groups []struct {
				Rules []struct{ Record, Alert, Expr string }
			}
		}
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NoError(t, yaml.Unmarshal(content, &file))
		for _, g := range file.Groups {
			for _, r := range g.Rules {
				expr, err := parser.NewParser(parser.Options{}).ParseExpr(r.Expr)
				require.NoError(t, err, r.Record+r.Alert)
				labels, err := (checker{metrics: metrics}).labels(expr)
				require.NoError(t, err, r.Record+r.Alert)
				if r.Record != "" {
					metrics[r.Record] = metric{kind: "gauge", labels: labels, made: true}
				}
			}
		}
	}
}
