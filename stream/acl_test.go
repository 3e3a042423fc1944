package stream

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/deploy/acl"
	"github.com/leat-io/leat/internal/redistest"
)

// aclWork is a lab whose three users are told apart. Whatever one of them is refused is kept, that of calls which go on
// without it, too.
type aclWork struct {
	*lab
	refused error
	failed  error
}

func (w *aclWork) note(err error) {
	switch {
	case err == nil:
	case isRefusal(err):
		w.refused = errors.Join(w.refused, err)
	default:
		w.failed = errors.Join(w.failed, err)
	}
}

// isRefusal tells whether the server said that the user may not. What a script may not is told in other words, which differ
// from version to version.
func isRefusal(err error) bool {
	for _, words := range []string{"NOPERM", "The user executing the script can't", "ACL failure in script"} {
		if strings.Contains(err.Error(), words) {
			return true
		}
	}
	return false
}

// err is what the work was refused, else what else failed.
func (w *aclWork) err() error {
	if w.refused != nil {
		return w.refused
	}
	return w.failed
}

// as is the lab through a connection of another user.
func (w *aclWork) as(conn *Conn) *aclWork {
	l := *w.lab
	l.conn = conn
	l.g = l.group("billing", DeadLetter{MaxLen: 1000})
	return &aclWork{lab: &l}
}

// produces does all that a producer does.
func (w *aclWork) produces() error {
	w.note(w.conn.Ping(w.ctx))
	_, errs := w.conn.Add(w.ctx, w.key, []Event{{ID: "1", Source: "s", Type: "t"}})
	w.note(errs[0])
	return w.err()
}

// consumes does all that a consumer does, with six new entries that somebody has added.
func (w *aclWork) consumes() error {
	w.note(w.conn.Ping(w.ctx))
	if has, err := w.conn.Supports(w.ctx, "XADD"); err != nil || !has {
		w.note(ServerError("NOPERM COMMAND INFO tells nothing"))
	}
	_, err := w.g.Create(w.ctx, Oldest())
	w.note(err)
	_, err = w.g.Position(w.ctx)
	w.note(err)
	batch := w.reads()
	for len(batch) < 6 {
		batch = append(batch, Delivery{EntryID: ID{1, 1}})
	}
	_, err = w.g.Extend(w.ctx, "me", heldOf(batch))
	w.note(err)
	_, err = w.g.Fail(w.ctx, "me", batch[0].Held(), 0, "x")
	w.note(err)
	_, err = w.g.FailKeep(w.ctx, "me", batch[1].Held(), 1, "x")
	w.note(err)
	_, err = w.g.Release(w.ctx, "me", heldOf(batch[2:3]))
	w.note(err)
	w.note(w.g.Bury(w.ctx, "me", &batch[3], ReasonPermanent, "x", true))
	_, err = w.g.AckFenced(w.ctx, "me", heldOf(batch[4:5]))
	w.note(err)
	_, err = w.g.Ack(w.ctx, idsOf(batch[5:6]))
	w.note(err)
	_, err = w.g.Reclaim(w.ctx, "me", Reclaiming{Lease: 0, Cursor: ID{}, Limit: 10})
	w.note(err)
	_ = w.rdb.ZAdd(w.ctx, w.g.retryKey, redis.Z{Score: 1, Member: "1-1"}) // of an entry that was settled
	_, _, _, err = w.g.TakeDue(w.ctx, "me", 10)
	w.note(err)
	_, err = w.g.Recover(w.ctx, "me", func(Held) bool { return false }, 10)
	w.note(err)
	_, _, err = w.g.Rebase(w.ctx, "me")
	w.note(err)
	w.note(w.rdb.XGroupDestroy(w.ctx, w.key, "billing").Err()) // somebody else
	_, err = w.g.Restore(w.ctx, "me", ID{}, heldOf(batch))
	w.note(err)
	_, err = w.g.Leave(w.ctx, "me")
	w.note(err)
	_ = w.rdb.XGroupCreateConsumer(w.ctx, w.key, "billing", "gone") // where there is a group
	_, err = w.g.RemoveIdle(w.ctx, "other", 0)
	w.note(err)
	found, err := w.conn.Observe(w.ctx, w.key, Observing{})
	w.note(err)
	if err == nil && found.Memory == Unknown {
		w.note(ServerError("NOPERM MEMORY USAGE tells nothing"))
	}
	return w.err()
}

// reads reads, and does what ends a read that waits.
func (w *aclWork) reads() Batch {
	r := w.g.Reader("me", false)
	batch, err := r.Read(w.ctx, 10, time.Second)
	w.note(err)
	if r.clientID == 0 {
		w.note(ServerError("NOPERM CLIENT ID tells nothing"))
	}
	_, err = w.conn.do(w.ctx, w.key, "CLIENT", "UNBLOCK", r.clientID)
	w.note(err)
	w.note(r.Unblock(w.ctx))
	w.note(r.Close())
	return batch
}

// operates does all that an operator does, with a dead letter whose entry is in the stream and one whose is not.
func (w *aclWork) operates() error {
	w.note(w.conn.Ping(w.ctx))
	_, err := w.conn.Groups(w.ctx, w.key)
	w.note(err)
	_, err = w.g.Info(w.ctx)
	w.note(err)
	rows, err := w.g.Pending(w.ctx, PendingQuery{})
	w.note(err)
	for _, row := range rows {
		_, err = w.g.DueTimes(w.ctx, []ID{row.ID})
		w.note(err)
	}
	letters, _, err := w.g.Letters(w.ctx, ID{}, 10)
	w.note(err)
	if err == nil {
		require.Len(w.t, letters, 2)
	}
	for _, letter := range letters {
		_, err = w.g.Redrive(w.ctx, letter)
		w.note(err)
	}
	return w.err()
}

// dead makes two dead letters, the entry of one of which is deleted, and leaves an entry pending.
func (w *aclWork) dead() {
	for i, d := range w.given("worker", 3) {
		if i == 2 {
			return
		}
		require.NoError(w.t, w.g.Bury(w.ctx, "worker", &d, ReasonPermanent, "x", true))
		if i == 1 {
			w.del(d.EntryID)
		}
	}
}

// scales asks what KEDA does.
func (w *aclWork) scales() error {
	for _, command := range []string{"INFO", "XINFO GROUPS " + w.key, "XLEN " + w.key, "XPENDING " + w.key + " billing"} {
		_, err := w.conn.do(w.ctx, w.key, words(command)...)
		w.note(err)
	}
	return w.err()
}

// works are what each role does, and what has to be there before it does. The poller's are in stac/poll.
var works = map[acl.Role]struct {
	before func(admin *aclWork)
	do     func(user *aclWork) error
}{
	acl.Producer: {func(*aclWork) {}, (*aclWork).produces},
	acl.Consumer: {func(admin *aclWork) { admin.add(6) }, (*aclWork).consumes},
	acl.Operator: {(*aclWork).dead, (*aclWork).operates},
	acl.KEDA:     {(*aclWork).dead, (*aclWork).scales},
}

// workers are the roles that work here.
func workers() []acl.Role {
	return slices.DeleteFunc(acl.Roles(), func(role acl.Role) bool { return role == acl.Poller })
}

// workAs makes a user with these rules, lets it do the role's work on the stream "orders", and leaves nothing behind.
func workAs(t *testing.T, s *redistest.Server, role acl.Role, protocol string, rules []string) error {
	t.Helper()
	ctx, rdb := testContext(t), s.Client(t)
	setUser(ctx, t, rdb, role.User(), rules)
	admin := &aclWork{lab: labOn(t, wrapOptions(t, rdb.Options()), rdb, "orders")}
	works[role].before(admin)
	require.NoError(t, rdb.ScriptFlush(ctx).Err(), "the server knows no script yet")
	defer func() {
		require.NoError(t, rdb.Del(ctx, admin.key, admin.g.retryKey, admin.g.failuresKey, admin.g.deadKey).Err())
	}()
	u := url.URL{Scheme: "redis", User: url.UserPassword(role.User(), "pw"), Host: s.Addr(), RawQuery: "protocol=" + protocol}
	conn, err := Dial(ctx, u.String())
	if err != nil {
		return err
	}
	defer func() { require.NoError(t, conn.Close()) }()
	return works[role].do(admin.as(conn))
}

func setUser(ctx context.Context, t *testing.T, rdb *redis.Client, name string, rules []string) {
	t.Helper()
	args := []any{"ACL", "SETUSER", name, "reset", "on", ">pw"}
	for _, rule := range rules {
		args = append(args, rule)
	}
	require.NoError(t, rdb.Do(ctx, args...).Err(), "%s", rules)
}

// TestLeastPrivilege: the users of deploy/acl can do all that is theirs to do.
func TestLeastPrivilege(t *testing.T) {
	t.Parallel()
	for _, program := range redistest.Installed(t) {
		t.Run(program.String(), func(t *testing.T) {
			t.Parallel()
			s := redistest.Start(t, redistest.Binary(program.Path))
			for _, role := range workers() {
				for _, protocol := range []string{"2", "3"} {
					require.NoError(t, workAs(t, s, role, protocol, role.Rules("orders")), "%s, protocol %s", role, protocol)
				}
			}
		})
	}
}

// TestNoRuleIsTooMuch takes one rule of one of the users away at a time: it must be refused something. What a selector
// gives is taken away rule by rule, too.
func TestNoRuleIsTooMuch(t *testing.T) {
	t.Parallel()
	for _, program := range redistest.Installed(t) {
		t.Run(program.String(), func(t *testing.T) {
			t.Parallel()
			s := redistest.Start(t, redistest.Binary(program.Path))
			for _, role := range workers() {
				for _, less := range withoutOne(role.Rules("orders")) {
					err := workAs(t, s, role, "3", less.rules)
					require.Error(t, err, "%s: nothing needs %s", role.User(), less.rule)
					require.True(t, isRefusal(err), "%s without %s: %v", role.User(), less.rule, err)
				}
			}
		})
	}
}

type lessRules struct {
	rule  string // what is missing
	rules []string
}

// withoutOne is the rules with one of them missing, for each of them, those in selectors included.
func withoutOne(rules []string) (all []lessRules) {
	for i, rule := range rules {
		all = append(all, lessRules{rule, slices.Delete(slices.Clone(rules), i, i+1)})
		inside, selector := strings.CutPrefix(rule, "(")
		if !selector {
			continue
		}
		words := strings.Fields(strings.TrimSuffix(inside, ")"))
		for j := range words {
			less := slices.Clone(rules)
			less[i] = "(" + strings.Join(slices.Delete(slices.Clone(words), j, j+1), " ") + ")"
			all = append(all, lessRules{words[j] + " of " + rule, less})
		}
	}
	return all
}

// TestUsersCannotDoWhatIsNotTheirs: other streams, other roles' work, anything else.
func TestUsersCannotDoWhatIsNotTheirs(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	ctx, rdb := testContext(t), s.Client(t)
	everybody := []string{
		"XADD invoices * a b", "XADD leat:{invoices}:dead:g * a b", "XTRIM orders MAXLEN 0", "XDEL orders 1-1", "XSETID orders 9-9",
		"XGROUP DESTROY orders g", "XGROUP SETID orders g 0", "DEL orders", "GET orders", "SET orders 1", "RENAME orders other", "EXPIRE orders 1",
		"KEYS *", "SCAN 0", "FLUSHALL", "FLUSHDB", "SWAPDB 0 1", "MULTI", "WAIT 0 0", "PUBLISH c m", "SUBSCRIBE c", "CONFIG GET *", "INFO",
		"ACL LIST", "ACL WHOAMI", "CLIENT LIST", "CLIENT KILL TYPE normal", "CLIENT NO-EVICT on", "SCRIPT FLUSH", "SCRIPT KILL", "FUNCTION LIST",
		"DEBUG SLEEP 0", "MONITOR", "SHUTDOWN", "SAVE", "REPLICAOF NO ONE", "LATENCY RESET", "SLOWLOG GET", "MODULE LIST", "COMMAND COUNT",
	}
	const read, xadd = "XREADGROUP GROUP g c STREAMS orders >", "XADD orders * a b"
	own := map[acl.Role][]string{
		acl.Producer: {
			read, "XRANGE orders - +", "XLEN orders", "XINFO GROUPS orders", "CLIENT ID", "EVAL return(1) 0",
			"XADD leat:{orders}:dead:g * a b", "ZADD leat:{orders}:retry:g 1 1-1",
		},
		acl.Consumer: {
			xadd, "EVAL return(redis.call('XADD',KEYS[1],'*','a','b')) 1 orders", "EVAL return(redis.call('GET','secret')) 0",
			"XTRIM leat:{orders}:retry:g MAXLEN 0", "XDEL leat:{orders}:dead:g 1-1", "DEL leat:{orders}:dead:g", "XRANGE invoices - +", "XINFO STREAM invoices",
		},
		acl.Operator: {
			read, "XACK orders g 1-1", "XAUTOCLAIM orders g c 0 0", "XGROUP CREATE orders h 0", "XADD leat:{orders}:dead:g * a b",
			"HSET leat:{orders}:failures:g 1-1 1", "EVAL return(redis.call('DEL',KEYS[1])) 1 orders",
		},
		acl.Poller: {
			read, "XACK orders g 1-1", "XINFO GROUPS orders", "XLEN orders", "XGROUP CREATE orders h 0", "XRANGE leat:{orders}:dead:g - +",
			"GET leat:{orders}:retry:g", "EVAL return(redis.call('DEL',KEYS[1])) 1 orders", "EVAL return(redis.call('SET',KEYS[1],1)) 1 orders",
			"DEL leat:{invoices}:stac:lease:s",
		},
		acl.KEDA: {
			read, xadd, "XRANGE orders - +", "XREAD STREAMS orders 0", "XINFO STREAM orders", "XGROUP CREATE orders h 0", "EVAL return(1) 0",
			"ZCARD leat:{orders}:retry:g",
		},
	}
	require.NoError(t, rdb.Do(ctx, words(xadd)...).Err())
	for _, role := range acl.Roles() {
		setUser(ctx, t, rdb, role.User(), role.Rules("orders"))
		o := *rdb.Options()
		o.Username, o.Password = role.User(), "pw"
		client := redis.NewClient(&o)
		for _, command := range append(slices.Clone(everybody), own[role]...) {
			if role == acl.KEDA && command == "INFO" {
				continue
			}
			err := client.Do(ctx, words(command)...).Err()
			require.Error(t, err, "%s may %s", role.User(), command)
			require.True(t, isRefusal(err), "%s: %s: %v", role.User(), command, err)
		}
		require.NoError(t, client.Close())
	}
	require.EqualValues(t, 1, rdb.XLen(ctx, "orders").Val())
}

func words(command string) (args []any) {
	for word := range strings.FieldsSeq(command) {
		args = append(args, word)
	}
	return args
}

// TestACLFilesAreLoaded as they are: Redis reads them by aclfile, and lets the users in with their password.
func TestACLFilesAreLoaded(t *testing.T) {
	t.Parallel()
	digest := fmt.Sprintf("%x", sha256.Sum256([]byte("pw")))
	var text strings.Builder
	for _, role := range acl.Roles() {
		text.WriteString(role.File("orders", digest))
	}
	file := filepath.Join(t.TempDir(), "users.acl")
	require.NoError(t, os.WriteFile(file, []byte(text.String()), 0o600))
	for _, program := range redistest.Installed(t) {
		s := redistest.Start(t, redistest.Binary(program.Path), redistest.Config("aclfile", file))
		for _, role := range acl.Roles() {
			dial(t, "redis://"+role.User()+":pw@"+s.Addr())
			_, err := Dial(testContext(t), "redis://"+role.User()+":no@"+s.Addr())
			require.Equal(t, "WRONGPASS", Code(err))
		}
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
