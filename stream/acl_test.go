package stream

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
)

// leastPrivilege are the rules of a user who may do all that this package does
// with the stream "orders" and its groups, and nothing else. Each has its reason.
var leastPrivilege = []struct{ rule, reason string }{
	{"~orders", "the stream itself"},
	{"~leat:{orders}:*", "what belongs to it: retry sets, failures, dead letters"},
	{"+ping", "Dial"},
	{"+command|info", "which commands the server has; without it newer ones are not used"},
	{"+client|id", "the reader's own number, for CLIENT UNBLOCK; without it reads end with their block time only"},
	{"+client|unblock", "a read that waits is ended at once at shutdown"},
	{"+xadd", "publish; the dead letters"},
	{"+xreadgroup", "read"},
	{"+xack", "acknowledge"},
	{"+xpending", "the fence, and the lists of what is pending"},
	{"+xclaim", "leases, retries, hand-over"},
	{"+xautoclaim", "what dead workers left"},
	{"+xrange", "payloads of what is taken over, and dead letters"},
	{"+xinfo", "groups, positions and consumers"},
	{"+xgroup", "make the group; remove names under which nothing is pending"},
	{"+xdel", "a dead letter that was redriven"},
	{"+xlen", "the number of dead letters"},
	{"+xtrim", "DeadLetter.MaxLen"},
	{"+eval", "scripts, the first time"},
	{"+evalsha", "scripts"},
	{"+time", "the server's clock, in scripts"},
	{"+type", "whether the dead-letter key is a stream, in scripts"},
	{"+exists", "whether the stream is there, in scripts"},
	{"+hget", "the number of failures"},
	{"+hset", "the number of failures"},
	{"+hdel", "the number of failures"},
	{"+zadd", "the retry set"},
	{"+zrem", "the retry set"},
	{"+zscore", "the retry set"},
	{"+zcard", "the retry set"},
	{"+zrange", "the retry set"},
	{"+zrangebyscore", "the retry set"},
}

func rules(without string) string {
	var b strings.Builder
	for _, r := range leastPrivilege {
		if r.rule != without {
			b.WriteString(r.rule + " ")
		}
	}
	return strings.TrimSpace(b.String())
}

// everything does all that this package can do on "orders", and returns every
// error, those of operations that go on without a command, too.
func everything(l *lab) error {
	var errs []error
	note := func(err error) {
		if err != nil {
			errs = append(errs, err)
		}
	}
	require.NoError(l.t, l.rdb.ScriptFlush(l.ctx).Err()) // the server knows no script yet
	l.g = l.group("billing", DeadLetter{MaxLen: 1000})
	note(l.conn.Ping(l.ctx))
	if has, err := l.conn.Supports(l.ctx, "XADD"); err != nil || !has {
		note(ServerError("NOPERM COMMAND INFO tells nothing"))
	}
	_, err := l.g.Create(l.ctx, Oldest())
	note(err)
	for range 6 {
		_, addErrs := l.conn.Add(l.ctx, l.key, []Event{{ID: "1", Source: "s", Type: "t"}})
		note(addErrs[0])
	}
	r := l.g.Reader("me", false)
	batch, err := r.Read(l.ctx, 10, time.Second)
	note(err)
	if r.clientID == 0 {
		note(ServerError("NOPERM CLIENT ID tells nothing"))
	}
	_, err = l.conn.do(l.ctx, l.key, "CLIENT", "UNBLOCK", r.clientID)
	note(err)
	note(r.Unblock(l.ctx))
	note(r.Close())
	for len(batch) < 6 {
		batch = append(batch, Delivery{EntryID: ID{1, 1}})
	}
	_, err = l.g.Extend(l.ctx, "me", heldOf(batch))
	note(err)
	_, err = l.g.Fail(l.ctx, "me", batch[0].Held(), 0, "x")
	note(err)
	_, err = l.g.FailKeep(l.ctx, "me", batch[1].Held(), 1, "x")
	note(err)
	_, err = l.g.Release(l.ctx, "me", heldOf(batch[2:3]))
	note(err)
	err = l.g.Bury(l.ctx, "me", &batch[3], ReasonPermanent, "x", true)
	note(err)
	_, err = l.g.AckFenced(l.ctx, "me", heldOf(batch[4:5]))
	note(err)
	_, err = l.g.Ack(l.ctx, idsOf(batch[5:6]))
	note(err)
	_, err = l.g.DueTimes(l.ctx, idsOf(batch))
	note(err)
	_, _, _, err = l.g.TakeDue(l.ctx, "me", 10)
	note(err)
	_, err = l.g.Reclaim(l.ctx, "me", Reclaiming{Lease: 0, Cursor: ID{}, Limit: 10})
	note(err)
	_, err = l.g.Recover(l.ctx, "me", func(Held) bool { return false }, 10)
	note(err)
	letters, _, err := l.g.Letters(l.ctx, ID{}, 10)
	note(err)
	for _, letter := range letters {
		_, err = l.g.Redrive(l.ctx, letter)
		note(err)
	}
	_, err = l.g.Restore(l.ctx, "me", ID{}, heldOf(batch))
	note(err)
	_, err = l.g.Info(l.ctx)
	note(err)
	_, err = l.conn.Groups(l.ctx, l.key)
	note(err)
	_, err = l.g.Leave(l.ctx, "me")
	note(err)
	_, err = l.g.RemoveIdle(l.ctx, "other", 0)
	note(err)
	for _, err := range errs {
		if Code(err) == "NOPERM" || strings.Contains(err.Error(), "can't run this command") || strings.Contains(err.Error(), "NOPERM") {
			return err
		}
	}
	if len(errs) > 0 {
		return errs[0]
	}
	return nil
}

func TestLeastPrivilege(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t, redistest.ACLUser("leat", "pw", rules("")))
	for _, protocol := range []string{"2", "3"} {
		l := labOn(t, dial(t, s.URL()+"?protocol="+protocol), s.Client(t), "orders")
		require.NoError(t, everything(l), "protocol %s", protocol)
		require.NoError(t, l.rdb.Del(l.ctx, l.key, l.g.retryKey, l.g.failuresKey, l.g.deadKey).Err())
	}
	l := labOn(t, dial(t, s.URL()), s.Client(t), "others")
	_, err := l.g.Create(l.ctx, Oldest())
	require.Equal(t, "NOPERM", Code(err))
}

// TestNoRuleIsTooMuch takes one rule away at a time: something must fail.
func TestNoRuleIsTooMuch(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	admin := s.Client(t)
	for i, r := range leastPrivilege {
		ctx := testContext(t)
		user := "u" + string(rune('a'+i%26)) + string(rune('a'+i/26))
		args := []any{"ACL", "SETUSER", user, "reset", "on", ">pw"}
		for rule := range strings.SplitSeq(rules(r.rule), " ") {
			args = append(args, rule)
		}
		require.NoError(t, admin.Do(ctx, args...).Err())
		conn, err := Dial(ctx, "redis://"+user+":pw@"+s.Addr())
		if err == nil {
			l := labOn(t, conn, admin, "orders")
			err = everything(l)
			require.NoError(t, admin.Del(ctx, l.key, l.g.retryKey, l.g.failuresKey, l.g.deadKey).Err())
			require.NoError(t, conn.Close())
		}
		require.Error(t, err, "nothing needs %s (%s)", r.rule, r.reason)
	}
}

func TestWhoMayNotAskGetsNoNewCommands(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t, redistest.ACLUser("leat", "pw", "~* &* +@all -command -client|id"))
	l := labOn(t, dial(t, s.URL()), s.Client(t), "orders").create()
	has, err := l.conn.Supports(l.ctx, "XADD")
	require.NoError(t, err)
	require.False(t, has)
	l.add(1)
	r := l.g.Reader("me", false)
	batch, err := r.Read(l.ctx, 10, time.Second)
	require.NoError(t, err)
	require.NoError(t, r.Unblock(l.ctx), "it can do nothing, and says nothing")
	require.NoError(t, r.Close())
	ok, err := l.g.Release(l.ctx, "me", heldOf(batch))
	require.NoError(t, err)
	require.Equal(t, []bool{true}, ok)
}
