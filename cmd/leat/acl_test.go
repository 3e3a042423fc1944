package main

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/deploy/acl"
	"github.com/leat-io/leat/internal/redistest"
)

// TestCommandsUnderTheACLUsers runs each command as each user of deploy/acl: what is not the user's to do is refused in one
// line that says why.
func TestCommandsUnderTheACLUsers(t *testing.T) {
	t.Parallel()
	for _, program := range redistest.Installed(t) {
		t.Run(program.String(), func(t *testing.T) {
			t.Parallel()
			commandsUnderACL(t, program.Path)
		})
	}
}

func commandsUnderACL(t *testing.T, program string) {
	const password = "canary-of-acl"
	opts := []redistest.Option{redistest.Binary(program)}
	for _, role := range acl.Roles() {
		opts = append(opts, redistest.ACLUser(role.User(), password, strings.Join(role.Rules("orders"), " ")))
	}
	s := &scene{t, redistest.Start(t, opts...), nil, "orders"}
	s.rdb = s.server.Client(t)
	on := func(role acl.Role) []string {
		u := url.URL{Scheme: "redis", User: url.UserPassword(role.User(), password), Host: s.server.Addr()}
		return []string{"--redis", u.String()}
	}
	// A worker as a consumer makes the group, and a dead letter of what a producer has published.
	work := append([]string{"worker", "--stream", "orders", "--group", "g", "--lease", "2s"}, on(acl.Consumer)...)
	done(t, append([]string{"publish", "orders", "--data", "1"}, on(acl.Producer)...)...)
	w := call{}.start(t, append(work, "--command", "sh", "--", "-c", "exit 65")...)
	s.settled(1)
	w.drain()
	letter := s.rdb.XRange(t.Context(), "leat:{orders}:dead:g", "-", "+").Val()[0].ID

	for _, c := range []struct {
		may  []acl.Role
		args []string
	}{
		{[]acl.Role{acl.Producer, acl.Operator, acl.Poller}, []string{"publish", "orders", "--data", "2"}},
		{[]acl.Role{acl.Operator}, []string{"groups", "orders"}},
		{[]acl.Role{acl.Consumer, acl.Operator}, []string{"pending", "orders", "--group", "g"}},
		{[]acl.Role{acl.Consumer, acl.Operator}, []string{"dead", "list", "orders", "--group", "g"}},
		{[]acl.Role{acl.Consumer, acl.Operator}, []string{"dead", "show", "orders", letter, "--group", "g"}},
		{[]acl.Role{acl.Operator}, []string{"dead", "redrive", "orders", "--group", "g", "--all"}},
		{nil, []string{"bench", "--duration", "1s"}},
		{nil, []string{"demo", "--events", "10", "--kill-after", "0"}},
	} {
		for _, role := range people() {
			r := leat(t, append(c.args, on(role)...)...)
			require.NotContains(t, r.stdout+r.stderr, password)
			if slices.Contains(c.may, role) {
				require.Equal(t, 0, r.code, "%s as %s: %s", c.args, role, r.stderr)
				continue
			}
			refusedInOneLine(t, r, string(role)+" "+strings.Join(c.args, " "))
		}
	}
	for _, role := range []acl.Role{acl.Producer, acl.Operator, acl.Poller, acl.KEDA} {
		r := leat(t, append([]string{"worker", "--stream", "orders", "--group", "g", "--command", "true"}, on(role)...)...)
		require.Equal(t, 1, r.code)
		require.Contains(t, r.stderr, "NOPERM", role)
		require.NotContains(t, r.stderr, password)
	}
	require.EqualValues(t, 1, s.rdb.XPending(t.Context(), "orders", "g").Val().Count, "what was redriven")
}

// people are the roles that run leat.
func people() []acl.Role {
	return slices.DeleteFunc(acl.Roles(), func(role acl.Role) bool { return role == acl.KEDA })
}

// TestStacUnderTheACLUsers: the poller's user can do what the poller does, and nobody else can.
func TestStacUnderTheACLUsers(t *testing.T) {
	t.Parallel()
	const password = "canary-of-acl"
	var opts []redistest.Option
	for _, role := range acl.Roles() {
		opts = append(opts, redistest.ACLUser(role.User(), password, strings.Join(role.Rules("items"), " ")))
	}
	server := redistest.Start(t, opts...)
	api := newStacServer(t, 20)
	on := func(role acl.Role, args ...string) result {
		u := url.URL{Scheme: "redis", User: url.UserPassword(role.User(), password), Host: server.Addr()}
		r := leat(t, append(append(append([]string{"stac"}, args...), "--stream", "items", "--redis", u.String()), api.flags()...)...)
		require.NotContains(t, r.stdout+r.stderr, password)
		return r
	}
	poll := []string{"poll", "--once", "--since", "all", "--lease", "300ms"} // for so long one that is refused tries again
	check := []string{"check", "--since", "2026-05-01", "--until", "2026-05-01", "--entries"}
	for _, args := range [][]string{poll, {"backfill", "--since", "2026-05-01"}, check} {
		r := on(acl.Poller, args...)
		require.Equal(t, 0, r.code, "%s: %s", args, r.stderr)
	}
	for _, role := range []acl.Role{acl.Producer, acl.Consumer, acl.Operator} {
		for _, args := range [][]string{poll, check} {
			r := on(role, args...)
			require.Equal(t, 1, r.code, "%s as %s", args, role)
			require.Regexp(t, "NOPERM|ACL failure|user executing the script", r.stderr, "%s as %s", args, role)
		}
	}
	require.EqualValues(t, 20, server.Client(t).XLen(t.Context(), "items").Val())
}

func refusedInOneLine(t *testing.T, r result, what string) {
	t.Helper()
	require.Equal(t, 1, r.code, what)
	require.Contains(t, r.stderr, "NOPERM", what)
	require.Equal(t, 1, strings.Count(r.stderr, "\n"), "%s: %s", what, r.stderr)
}
