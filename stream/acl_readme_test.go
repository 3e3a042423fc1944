package stream

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/deploy/acl"
	"github.com/leat-io/leat/internal/redistest"
)

// TestEachRuleIsExplained: the README of deploy/acl has a row for each rule of each file, and no other rows.
func TestEachRuleIsExplained(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "deploy", "acl", "README.md"))
	require.NoError(t, err)
	for _, role := range acl.Roles() {
		_, section, found := strings.Cut(string(text), "## "+string(role)+".acl\n")
		require.True(t, found, role)
		section, _, _ = strings.Cut(section, "\n## ")
		var explained []string
		for line := range strings.Lines(section) {
			if rest, row := strings.CutPrefix(line, "| `"); row {
				rules, reason, _ := strings.Cut(rest, "` | ")
				require.NotEmpty(t, strings.Trim(reason, " |\n"), rules)
				explained = append(explained, strings.Split(unescaped(rules), "`, `")...)
			}
		}
		require.ElementsMatch(t, role.Rules("STREAM"), explained, "%s.acl and its table", role)
	}
	guide, err := os.ReadFile(filepath.Join("..", "docs", "kubernetes.md"))
	require.NoError(t, err)
	require.Contains(t, string(guide), acl.KEDA.File("STREAM", "PASSWORD_SHA256"))
}

// unescaped is the text of a table's cell.
func unescaped(cell string) string { return strings.ReplaceAll(cell, `\|`, "|") }

// moreRights are the rules that some ways to connect need beside those of the files.
var moreRights = map[string]string{
	"+select":         "/1",
	"+client|setname": "?client_name=me",
}

// TestMoreRights: what the README says some URLs need is needed, and is enough.
func TestMoreRights(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	ctx, rdb := testContext(t), s.Client(t)
	text, err := os.ReadFile(filepath.Join("..", "deploy", "acl", "README.md"))
	require.NoError(t, err)
	explained := unescaped(string(text))
	for rule, suffix := range moreRights {
		require.Contains(t, explained, "`"+rule+"`")
		for _, role := range acl.Roles() {
			setUser(ctx, t, rdb, role.User(), role.Rules("orders"))
			at := "redis://" + role.User() + ":pw@" + s.Addr() + suffix
			_, err := Dial(ctx, at)
			require.Equal(t, "NOPERM", Code(err), "%s %s: %v", role, rule, err)
			setUser(ctx, t, rdb, role.User(), append(role.Rules("orders"), rule))
			dial(t, at)
		}
	}
	cluster := redistest.SharedCluster(t)
	require.Contains(t, explained, "`+cluster|slots`")
	for _, less := range []bool{true, false} {
		rules := acl.Producer.Rules("orders")
		if !less {
			rules = append(rules, "+cluster|slots")
		}
		for _, node := range cluster.Nodes() {
			setUser(ctx, t, node.Client(t), acl.Producer.User(), rules)
		}
		_, err := Dial(ctx, strings.Replace(cluster.URL(), "://", "://"+acl.Producer.User()+":pw@", 1))
		require.Equal(t, less, err != nil, "%v", err)
	}
}

// TestDurabilityTakesMoreRights: a producer that waits for replicas and for the disk.
func TestDurabilityTakesMoreRights(t *testing.T) {
	t.Parallel()
	newest, ok := redistest.Newest(t)
	if !ok {
		t.Log("NOT TESTED: no Redis that has WAITAOF is at hand (scripts/fetch-redis.sh)")
		return
	}
	s := redistest.Start(t, redistest.Binary(newest), redistest.AOF("always"))
	ctx, rdb := testContext(t), s.Client(t)
	for _, c := range []struct {
		durability Durability
		rules      []string
	}{
		{Durability{Replicas: 1, Timeout: time.Millisecond}, []string{"+wait"}},
		{Durability{Fsync: true, Timeout: time.Second}, []string{"+waitaof", "+command|info"}},
	} {
		for _, less := range append(withoutOne(c.rules), lessRules{"", c.rules}) {
			setUser(ctx, t, rdb, acl.Producer.User(), append(acl.Producer.Rules("orders"), less.rules...))
			conn := dial(t, "redis://"+acl.Producer.User()+":pw@"+s.Addr())
			var a Adds
			a.Reset("orders")
			a.Append(&Event{ID: "1", Source: "s", Type: "t"})
			ids, errs := make([]ID, 1), make([]error, 1)
			conn.AddDurably(ctx, &a, c.durability, ids, errs)
			refused := errs[0] != nil && (isRefusal(errs[0]) || errors.Is(errs[0], errNoFsync))
			require.Equal(t, less.rule != "", refused, "without %q: %v", less.rule, errs[0])
		}
	}
}
