package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

// letters is what leat dead list says.
func (s *scene) letters(more ...string) (all []letterJSON) {
	s.Helper()
	out := done(s.T, append([]string{"dead", "list", s.stream, "--group", "g", "--redis", s.server.URL(), "--output", "json"}, more...)...)
	var raw []struct {
		ID, Reason, Error string
		EntryID           string `json:"entry_id"`
		Failures          int
		Fields            []struct{ Name, Value any }
	}
	require.NoError(s.T, json.Unmarshal([]byte(out), &raw))
	for _, l := range raw {
		var one letterJSON
		require.NoError(s.T, one.ID.UnmarshalText([]byte(l.ID)))
		require.NoError(s.T, one.EntryID.UnmarshalText([]byte(l.EntryID)))
		one.Reason, one.Error, one.Failures = l.Reason, l.Error, l.Failures
		all = append(all, one)
	}
	return all
}

// killed makes dead letters of so many entries.
func (s *scene) killed(n int, more ...string) {
	s.Helper()
	for range n {
		s.publish("bad", `{"a":1}`)
	}
	w := s.worker(append(more, "--command", "sh", "--", "-c", "echo 'no\x1b[31m good' >&2; exit 65")...)
	until(s.T, "all dead", func() bool {
		return strings.Count(w.stderr.String(), `"msg":"entry became a dead letter"`) == n
	})
	w.drain()
	require.Len(s.T, s.letters(more...), n)
}

func TestDeadLettersAreListedShownAndRedriven(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.killed(3)
	on := []string{"--group", "g", "--redis", s.server.URL()}
	all := s.letters()
	require.Equal(t, "permanent", all[0].Reason)
	require.Equal(t, 1, all[0].Failures)
	require.Len(t, s.letters("--count", "2"), 2)

	table := done(t, append([]string{"dead", "list", s.stream}, on...)...)
	require.Equal(t, 4, strings.Count(table, "\n"))
	require.Contains(t, table, "permanent")
	require.NotContains(t, table, "\x1b", "no letter writes to the terminal by itself")
	shown := done(t, append([]string{"dead", "show", s.stream, all[1].ID.String()}, on...)...)
	require.Contains(t, shown, "entry:      "+all[1].EntryID.String()+"\n")
	require.Contains(t, shown, "  type: bad\n")
	require.Contains(t, shown, "  data: {\"a\":1}\n")

	// One by its ID; another one that is not there.
	r := leat(t, append([]string{"dead", "redrive", s.stream, all[1].ID.String(), "1-1"}, on...)...)
	require.Equal(t, 1, r.code)
	require.Equal(t, all[1].EntryID.String()+"\n", r.stdout)
	require.Contains(t, r.stderr, "dead letter 1-1 of "+s.stream+"/g: no such dead letter")
	require.Equal(t, 1, strings.Count(r.stderr, "\n"))
	require.Len(t, s.letters(), 2)
	require.Equal(t, 1, s.group().Pending, "it is the group's again")

	r = leat(t, append([]string{"dead", "redrive", s.stream, "--all", "--output", "json"}, on...)...)
	require.Equal(t, 0, r.code, r.stderr)
	require.JSONEq(t, `{"redriven":2,"failed":0,"letters":[]}`, r.stdout)

	script, notes := program(t)
	w := s.worker("--command", "sh", "--", "-c", strings.ReplaceAll(mustRead(t, script), "exit 65", "exit 0"))
	s.settled(0)
	w.drain()
	env := noted(t, notes, "env")
	require.Len(t, env, 3)
	for _, line := range env {
		require.Contains(t, line, s.stream+" 1 ", "no failures are counted any more")
	}
}

func TestRedriveOfManyPages(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	lines := strings.Repeat("{}\n", 250)
	r := call{stdin: strings.NewReader(lines)}.leat(t, "publish", s.stream, "-", "--redis", s.server.URL())
	require.Equal(t, 0, r.code, r.stderr)
	// What fails again while the redrive runs comes behind, and must not keep it
	// from ending.
	w := s.worker("--webhook", answering(t, 400), "--concurrency", "50")
	s.settled(250)
	r = leat(t, "dead", "redrive", s.stream, "--group", "g", "--redis", s.server.URL(), "--all")
	require.Equal(t, 0, r.code, r.stderr)
	require.Equal(t, "redriven 250\n", r.stdout)
	s.settled(250)
	w.drain()
	require.Equal(t, "redriven 250\n", done(t, "dead", "redrive", s.stream, "--group", "g", "--redis", s.server.URL(), "--all"))
	w = s.worker("--webhook", answering(t, 200))
	s.settled(0)
	w.drain()
}

func TestDeadLetterStreamOfAnotherName(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	other := s.stream + ":graveyard"
	s.killed(2, "--dead-letter", other)
	require.EqualValues(t, 2, s.rdb.XLen(t.Context(), other).Val())
	require.Empty(t, s.letters())
	require.Equal(t, "redriven 2\n", done(t, "dead", "redrive", s.stream, "--group", "g", "--redis", s.server.URL(), "--all", "--dead-letter", other))
	require.Zero(t, s.rdb.XLen(t.Context(), other).Val())
}

func TestTombstoneCannotBeRedriven(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.publish("t", "1")
	script, notes := program(t)
	s.publish("slow", "2")
	w := s.worker("--command", "sh", script)
	until(t, "slow one begun", func() bool { return len(noted(t, notes, "began")) == 1 })
	id := s.rdb.XRevRangeN(t.Context(), s.stream, "+", "-", 1).Val()[0].ID
	require.NoError(t, s.rdb.XDel(t.Context(), s.stream, id).Err())
	until(t, "a tombstone", func() bool { return s.rdb.XLen(t.Context(), "leat:{"+s.stream+"}:dead:g").Val() == 1 })
	require.NoError(t, writeFile(notes+"/go"))
	w.drain()
	r := leat(t, "dead", "redrive", s.stream, "--group", "g", "--redis", s.server.URL(), "--all")
	require.Equal(t, "payload-lost", s.letters()[0].Reason)
	require.Equal(t, 1, r.code)
	require.Equal(t, "redriven 0\n", r.stdout)
	require.Contains(t, r.stderr, "no payload")
	shown := done(t, "dead", "show", s.stream, s.letters()[0].ID.String(), "--group", "g", "--redis", s.server.URL())
	require.Contains(t, shown, "fields:     none")
}

func TestForeignFieldsAreShownSafely(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	require.NoError(t, s.rdb.XAdd(t.Context(), &redis.XAddArgs{Stream: s.stream, Values: []string{"k", "\x1b[2Jx", "k", "\xff\x00"}}).Err())
	w := s.worker("--command", "sh", "--", "-c", "exit 65")
	s.settled(1)
	w.drain()
	id := s.letters()[0].ID.String()
	shown := done(t, "dead", "show", s.stream, id, "--group", "g", "--redis", s.server.URL())
	require.Contains(t, shown, `  k: "\x1b[2Jx"`+"\n"+`  k: "\xff\x00"`+"\n")
	asJSON := done(t, "dead", "show", s.stream, id, "--group", "g", "--redis", s.server.URL(), "--output", "json")
	require.JSONEq(t, `{"fields":[{"name":"k","value":"\u001b[2Jx"},{"name":"k","value":{"base64":"/wA="}}]}`, onlyKeys(t, asJSON, "fields"))
}

func TestGroupsAndPending(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	script, notes := program(t)
	s.publish("slow", "1")
	s.publish("retry", "2")
	w := s.worker("--backoff-min", "1h", "--backoff-max", "2h", "--name", "w-1",
		"--command", "sh", "--", "-c", `[ "$LEAT_TYPE" = retry ] && exit 75; . `+script)
	until(t, "one begun", func() bool { return len(noted(t, notes, "began")) == 1 })
	w.logged("handler failed, entry waits for its next try")
	on := []string{s.stream, "--redis", s.server.URL()}
	require.Regexp(t, `(?m)^GROUP +CONSUMERS +PENDING +WAITING +LAG +DEAD +LAST-DELIVERED\ng +2 +2 +1 +0 +0 +\d+-\d+$`, done(t, append([]string{"groups"}, on...)...))

	on = append(on, "--group", "g")
	table := done(t, append([]string{"pending"}, on...)...)
	require.Regexp(t, `\n\d+-\d+ +w-1 +\S+ +1 +-\n\d+-\d+ +leat:parked +\S+ +1 +20\S+Z\n$`, table)
	var rows []pendingRow
	require.NoError(t, json.Unmarshal([]byte(done(t, append([]string{"pending", "--output", "json", "--consumer", "w-1"}, on...)...)), &rows))
	require.Len(t, rows, 1)
	require.Nil(t, rows[0].Due)
	r := leat(t, append([]string{"pending", "--count", "1"}, on...)...)
	require.Equal(t, 2, strings.Count(r.stdout, "\n"))
	require.Contains(t, r.stderr, "there may be more")
	require.NoError(t, writeFile(notes+"/go"))
	w.drain()
}

func TestWhatIsNotThereIsSaid(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	on := []string{s.stream, "--redis", s.server.URL()}
	for _, args := range [][]string{{"groups"}, {"pending", "--group", "g"}, {"dead", "list", "--group", "g"}, {"dead", "redrive", "--all", "--group", "g"}, {"dead", "show", "--group", "g"}} {
		args = append(args, on...)
		if args[1] == "show" {
			args = append(args, "1-1")
		}
		r := leat(t, args...)
		require.Equal(t, 1, r.code, "%q", args)
		require.Contains(t, r.stderr, s.stream)
		require.Equal(t, 1, strings.Count(r.stderr, "\n"), r.stderr)
	}
}
