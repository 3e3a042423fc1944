package plant_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/producer"
	"github.com/leat-io/leat/test/monitoring/plant"
)

func TestMain(m *testing.M) { redistest.Main(m) }

// TestPlant: a worker that dies is seen to have left entries behind, and one that takes them over.
func TestPlant(t *testing.T) {
	t.Parallel()
	p := plant.New(t, plant.Config{})
	hook := p.Receiver()
	first := p.Worker("first", "orders", "billing", "--webhook", hook.URL, "--lease", "1s", "--concurrency", "2")
	app := p.Program("shop", producer.Config{})
	require.NoError(t, app.Publish(t.Context(), "orders", plant.Good, 50))
	p.Await(`sum(leat_deliveries_settled_total{outcome="acked", namespace="plant", job="leat"}) >= 50`)
	p.Await(`sum(leat_events_published_total{instance="shop", outcome="stored"}) == 50`)
	require.Equal(t, 50, hook.Handled())

	require.NoError(t, app.Publish(t.Context(), "orders", plant.Hang, 2))
	p.Await(`leat_deliveries_running == 2`)
	first.Kill()
	p.Await(`up{instance="first"} == 0`)
	p.Worker("second", "orders", "billing", "--webhook", hook.URL, "--lease", "1s")
	p.Await(`sum(leat_deliveries_taken_total{instance="second", how="reclaimed"}) == 2`)
	first.Forget()
	p.AwaitNone(`up{instance="first"}`)
	hook.Release()
	p.Await(`max(leat_group_pending_entries{instance="second"}) == 0`)

	_, err := p.Prometheus.Query("sum(")
	require.ErrorContains(t, err, "parse error")
	values, err := p.Prometheus.LabelValues("leat_handler_slots", "group")
	require.NoError(t, err)
	require.Equal(t, []string{"billing"}, values)
}
