package producer_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/producer"
	"github.com/leat-io/leat/stream"
)

// follow starts a replica of a server and waits until it follows.
func follow(t testing.TB, master *redistest.Server) *redistest.Server {
	t.Helper()
	host, port, err := net.SplitHostPort(master.Addr())
	require.NoError(t, err)
	replica := redistest.Start(t, redistest.Config("replicaof", host+" "+port))
	require.Eventually(t, func() bool {
		return strings.Contains(replica.Client(t).Info(t.Context(), "replication").Val(), "master_link_status:up")
	}, patience, 5*time.Millisecond, "the replica follows")
	return replica
}

// notDurable demands that the event is stored, with that ID, and not on a replica.
func notDurable(t testing.TB, id stream.ID, err error) {
	t.Helper()
	var weak *stream.NotDurableError
	require.ErrorAs(t, err, &weak)
	require.ErrorIs(t, err, stream.ErrUnknownOutcome, "nobody may take it for not stored")
	assert.Equal(t, id, weak.ID)
	assert.NotZero(t, id)
	assert.Zero(t, weak.Replicas)
}

func TestAReplicaThatStandsStill(t *testing.T) {
	t.Parallel()
	master := redistest.Start(t)
	replica := follow(t, master)
	rdb := master.Client(t)
	for name, opts := range map[string][]stream.Option{"plain": nil, "hooked": {stream.WithHook(loseReplies(func() bool { return false }))}} {
		conn := dial(t, master.URL(), opts...)
		l := newLedger()
		patient := open(t, conn, producer.Config{Replicas: 1, DurabilityTimeout: patience})
		hasty := open(t, conn, producer.Config{Replicas: 1, DurabilityTimeout: 50 * time.Millisecond, Hooks: l.hooks()})
		_, err := patient.Publish(t.Context(), name, events(2)...)
		require.NoError(t, err)
		_, err = patient.Send(t.Context(), name, event(2)).Wait(within(t, patience))
		require.NoError(t, err)

		replica.Pause()
		got, err := hasty.Publish(t.Context(), name, events(5)[3:]...)
		var failure *producer.PublishError
		require.ErrorAs(t, err, &failure)
		require.Len(t, failure.Errs, 2)
		for i, id := range got {
			notDurable(t, id, failure.Errs[i])
		}
		require.ErrorContains(t, err, "0 of 2 events are not stored, of 0 the outcome is unknown, 2 are stored less durably than asked for; event 0: ")
		id, err := hasty.Send(t.Context(), name, event(5)).Wait(within(t, patience))
		notDurable(t, id, err)
		assert.Equal(t, 3, l.count(stream.ClassUnknown))
		assert.Empty(t, l.retried)
		assert.Equal(t, ids(6), stored(t, rdb, name, "id"), "all are there, none twice")

		replica.Resume()
		_, err = patient.Publish(t.Context(), name, event(6))
		require.NoError(t, err)
		_, err = patient.Send(t.Context(), name, event(7)).Wait(within(t, patience))
		require.NoError(t, err)
		assert.Equal(t, ids(8), stored(t, rdb, name, "id"))
	}
}

// TestALostAnswerOfAWait: the replies to the adds came, so that the IDs are known.
func TestALostAnswerOfAWait(t *testing.T) {
	t.Parallel()
	conn := fake(t, func(cmds [][]any) []string { return replies(cmds[1:], replyID) })
	p := open(t, conn, producer.Config{Replicas: 1})
	got, err := p.Publish(t.Context(), "s", events(2)...)
	require.ErrorIs(t, err, stream.ErrNotDurable)
	require.ErrorIs(t, err, stream.ErrUnknownOutcome)
	assert.Equal(t, []stream.ID{{Ms: 1, Seq: 1}, {Ms: 1, Seq: 1}}, got)
	id, err := p.Send(t.Context(), "s", event(1)).Wait(t.Context())
	require.ErrorIs(t, err, stream.ErrNotDurable)
	assert.Equal(t, stream.ID{Ms: 1, Seq: 1}, id)
}

// TestWhatIsNotDurableIsNotSentAgain, while what was refused beside it is, with a WAIT of its own.
func TestWhatIsNotDurableIsNotSentAgain(t *testing.T) {
	t.Parallel()
	for _, send := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var sent [][]any
			conn := fake(t, func(cmds [][]any) []string {
				var batch []any
				out := replies(cmds, replyID)
				for i, args := range cmds[:len(cmds)-1] {
					batch = append(batch, args[6])
					if args[6] == "event-1" && len(sent) < 2 {
						out[i] = replyOOM
					}
				}
				assert.Equal(t, []any{"WAIT", "2", "1000"}, cmds[len(cmds)-1])
				out[len(cmds)-1] = ":1\r\n"
				if len(sent) == 2 {
					out[len(cmds)-1] = ":2\r\n"
				}
				sent = append(sent, batch)
				return out
			})
			p := open(t, conn, producer.Config{Replicas: 2, Linger: time.Second})
			errs := map[int]error{}
			if send {
				var receipts []*producer.Receipt
				for _, e := range events(3) {
					receipts = append(receipts, p.Send(t.Context(), "s", e))
				}
				for i, r := range receipts {
					id, err := r.Wait(t.Context())
					assert.NotZero(t, id)
					if err != nil {
						errs[i] = err
					}
				}
			} else {
				got, err := p.Publish(t.Context(), "s", events(3)...)
				assert.NotContains(t, got, stream.ID{})
				var failure *producer.PublishError
				require.ErrorAs(t, err, &failure)
				errs = failure.Errs
			}
			assert.Equal(t, [][]any{{"event-0", "event-1", "event-2"}, {"event-1"}, {"event-1"}}, sent)
			require.Len(t, errs, 2)
			require.ErrorIs(t, errs[0], stream.ErrNotDurable)
			require.ErrorIs(t, errs[2], stream.ErrNotDurable)
			require.NoError(t, p.Close(t.Context()))
		})
	}
}

func TestPipelinesBehindOneThatIsNotDurableAreNotSent(t *testing.T) {
	t.Parallel()
	sent := 0
	conn := fake(t, func(cmds [][]any) []string {
		sent += len(cmds) - 1
		return append(replies(cmds[1:], replyID), ":0\r\n")
	})
	got, err := open(t, conn, producer.Config{Replicas: 1}).Publish(t.Context(), "s", events(5_010)...)
	assert.Equal(t, 5_000, sent)
	var failure *producer.PublishError
	require.ErrorAs(t, err, &failure)
	require.ErrorIs(t, failure.Errs[4_999], stream.ErrNotDurable)
	require.NotErrorIs(t, failure.Errs[5_000], stream.ErrUnknownOutcome)
	require.ErrorContains(t, failure.Errs[5_009], "not sent")
	assert.Zero(t, got[5_000])
}

// TestAMasterThatWantsReplicas (min-replicas-to-write) has not executed what it refuses.
func TestAMasterThatWantsReplicas(t *testing.T) {
	t.Parallel()
	master := redistest.Start(t, redistest.Config("min-replicas-to-write", "1"))
	l := newLedger()
	conn := dial(t, master.URL())
	brief := open(t, conn, producer.Config{Replicas: 1, RetryFor: producer.NoRetry, DurabilityTimeout: time.Millisecond})
	got, err := brief.Publish(t.Context(), "orders", event(0))
	assert.Equal(t, "NOREPLICAS", stream.Code(err))
	assert.Equal(t, stream.ClassNotExecuted, stream.Classify(err))
	assert.Zero(t, got[0])

	p := open(t, conn, producer.Config{Replicas: 1, RetryFor: patience, DurabilityTimeout: patience, Hooks: l.hooks()})
	published := make(chan error, 1)
	go func() {
		_, err := p.Publish(context.Background(), "orders", events(3)...)
		published <- err
	}()
	replica := follow(t, master)
	require.NoError(t, <-published)
	assert.Equal(t, ids(3), stored(t, replica.Client(t), "orders", "id"), "the replica has them when Publish returns")
}

func TestAServerWithoutReplicas(t *testing.T) {
	t.Parallel()
	server := redistest.Shared(t)
	name := redistest.Prefix(t) + "orders"
	p := open(t, dial(t, server.URL()), producer.Config{Replicas: 1, DurabilityTimeout: time.Millisecond})
	id, err := p.Send(t.Context(), name, event(0)).Wait(within(t, patience))
	notDurable(t, id, err)
	err = p.Close(t.Context())
	require.NoError(t, err, "its fate was known before")
}

func TestPublishToTheDisk(t *testing.T) {
	t.Parallel()
	binary, ok := redistest.Newest(t)
	if !ok {
		t.Skip("SKIPPED: no Redis with WAITAOF (7.2) on this machine: run scripts/fetch-redis.sh, or name one in LEAT_TEST_REDIS_NEWEST")
	}
	server := redistest.Start(t, redistest.Binary(binary), redistest.AOF("everysec"))
	p := open(t, dial(t, server.URL()), producer.Config{Fsync: true, DurabilityTimeout: patience})
	_, err := p.Publish(t.Context(), "orders", events(2)...)
	require.NoError(t, err)
	_, err = p.Send(t.Context(), "orders", event(2)).Wait(within(t, patience))
	require.NoError(t, err)
	assert.Equal(t, ids(3), stored(t, server.Client(t), "orders", "id"))

	require.NoError(t, server.Client(t).ConfigSet(t.Context(), "appendfsync", "no").Err())
	hasty := open(t, dial(t, server.URL()), producer.Config{Fsync: true, DurabilityTimeout: time.Millisecond})
	got, err := hasty.Publish(t.Context(), "orders", event(3))
	notDurable(t, got[0], err)
}
