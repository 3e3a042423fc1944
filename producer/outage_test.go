package producer_test

import (
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/producer"
	"github.com/leat-io/leat/stream"
)

func TestOutOfMemoryAndMemoryAgain(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Config("maxmemory-policy", "noeviction"))
	rdb := server.Client(t)
	conn := dial(t, server.URL())
	require.NoError(t, rdb.ConfigSet(t.Context(), "maxmemory", "1").Err())

	brief := open(t, conn, producer.Config{RetryFor: 50 * time.Millisecond})
	_, err := brief.Publish(t.Context(), "orders", event(0))
	require.ErrorIs(t, err, producer.ErrOutOfMemory)
	assert.Equal(t, stream.ClassNotExecuted, stream.Classify(err))
	_, err = brief.Send(t.Context(), "orders", event(0)).Wait(t.Context())
	require.ErrorIs(t, err, producer.ErrOutOfMemory)

	l := newLedger()
	p := open(t, conn, producer.Config{RetryFor: patience, Hooks: l.hooks()})
	sent := p.Send(t.Context(), "orders", event(0))
	l.awaitRetry(t)
	published := make(chan error, 1)
	go func() {
		_, err := p.Publish(t.Context(), "others", events(3)...)
		published <- err
	}()
	require.NoError(t, rdb.ConfigSet(t.Context(), "maxmemory", "0").Err())
	require.NoError(t, <-published)
	_, err = sent.Wait(within(t, patience))
	require.NoError(t, err)
	assert.Equal(t, ids(1), stored(t, rdb, "orders", "id"))
	assert.Equal(t, ids(3), stored(t, rdb, "others", "id"))
}

func TestAServerThatHangsLeavesAnUnknownOutcome(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	rdb := server.Client(t)
	p := open(t, dial(t, server.URL(), stream.WithTimeout(300*time.Millisecond)), producer.Config{})
	_, err := p.Publish(t.Context(), "orders", event(0))
	require.NoError(t, err)

	server.Pause()
	got, err := p.Publish(t.Context(), "orders", events(3)[1:]...)
	require.ErrorIs(t, err, stream.ErrUnknownOutcome)
	assert.NotContains(t, strings.ToLower(err.Error()), "fail")
	assert.Equal(t, []stream.ID{{}, {}}, got)
	server.Resume()

	require.Eventually(t, func() bool {
		return rdb.XLen(t.Context(), "orders").Val() == 3
	}, patience, 5*time.Millisecond, "the events whose outcome is unknown were stored all the same")
	_, err = p.Publish(within(t, patience), "orders", event(3))
	require.NoError(t, err)
	assert.Equal(t, ids(4), stored(t, rdb, "orders", "id"), "none of them twice")
}

func TestAServerThatIsDownForAWhile(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.AOF("always"))
	l := newLedger()
	p := open(t, dial(t, server.URL()), producer.Config{RetryFor: patience, Hooks: l.hooks()})
	_, err := p.Publish(t.Context(), "orders", event(0))
	require.NoError(t, err)

	server.Kill()
	var receipts []*producer.Receipt
	for i := range 100 {
		receipts = append(receipts, p.Send(t.Context(), "orders", event(i+1)))
	}
	published := make(chan error, 1)
	go func() {
		_, err := p.Publish(t.Context(), "others", events(10)...)
		published <- err
	}()
	l.awaitRetry(t)
	server.Restart()
	require.NoError(t, <-published)
	for _, r := range receipts {
		_, err := r.Wait(within(t, patience))
		require.NoError(t, err)
	}
	rdb := server.Client(t)
	assert.Equal(t, ids(101), stored(t, rdb, "orders", "id"))
	assert.Equal(t, ids(10), stored(t, rdb, "others", "id"))
}

func TestAMasterOfAClusterThatDies(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t)
	l := newLedger()
	p := open(t, dial(t, cluster.URL()), producer.Config{RetryFor: patience, Hooks: l.hooks()})
	_, err := p.Publish(t.Context(), "orders", stream.Event{ID: "before", Type: "a"})
	require.NoError(t, err)

	master := cluster.MasterFor("orders")
	published := make(chan error, 1)
	go func() {
		for master.Running() { // what it takes before its death would prove nothing
			<-time.After(time.Millisecond)
		}
		_, err := p.Publish(t.Context(), "orders", event(0))
		published <- err
	}()
	_, promoted := cluster.KillMaster("orders")
	require.NoError(t, <-published)
	assert.NotEmpty(t, l.retried, "it was refused while there was no master")
	assert.Equal(t, []string{"before", "event-0"}, stored(t, promoted.Client(t), "orders", "id"))
}

func TestARefusedPasswordIsNoUnknownOutcome(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Password("right"))
	wrong := redis.NewClient(&redis.Options{Addr: server.Addr(), Password: "canary"})
	defer wrong.Close()
	conn := stream.Wrap(wrong)
	t.Cleanup(func() { _ = conn.Close() })
	p := open(t, conn, producer.Config{})

	_, err := p.Publish(t.Context(), "orders", event(0))
	assert.Equal(t, "WRONGPASS", stream.Code(err))
	assert.Equal(t, stream.ClassRejected, stream.Classify(err))
	_, err = p.Send(t.Context(), "orders", event(0)).Wait(t.Context())
	assert.Equal(t, stream.ClassRejected, stream.Classify(err))
	assert.NotContains(t, err.Error(), "canary")
}
