package keda

import (
	"context"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/kedacore/keda/v2/pkg/scalers"
	"github.com/kedacore/keda/v2/pkg/scalers/scalersconfig"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"
)

const (
	name  = "orders"
	group = "billing"
	// Of the values below.
	lagCount, pendingCount = 20, 10
	patience               = time.Minute
)

// trigger is one of a ScaledObject.
type trigger struct {
	Type     string
	Metadata map[string]string
}

// triggers are those that the chart renders, by the helm that ../go.mod pins.
func triggers(t *testing.T, keda string) []trigger {
	t.Helper()
	values := fmt.Sprintf("workers: {w: {streams: [%s], group: %s, command: [/x], keda: {enabled: true, minReplicas: 0, maxReplicas: 9, %s}}}", name, group, keda)
	cmd := exec.CommandContext(t.Context(), "go", "tool", "helm", "template", "x", "../../deploy/helm/leat", "--kube-version", "v1.36.0",
		"--show-only", "templates/scaledobject.yaml", "--values", "-")
	cmd.Dir, cmd.Stdin, cmd.Env = "..", strings.NewReader(values), append(os.Environ(), "GOWORK=off")
	text, err := cmd.Output()
	require.NoError(t, err)
	var object struct{ Spec struct{ Triggers []trigger } }
	require.NoError(t, yaml.Unmarshal(text, &object))
	return object.Spec.Triggers
}

const byRedis = "redisStreams: {lagCount: 20, pendingEntriesCount: 10}"

// scaler makes KEDA's scaler of a trigger.
func (tr trigger) scaler(ctx context.Context, index int, address string, secrets map[string]string) (scalers.Scaler, error) {
	config := &scalersconfig.ScalerConfig{
		ScalableObjectName: "w", ScalableObjectNamespace: "x", ScalableObjectType: "ScaledObject", TriggerType: tr.Type, TriggerIndex: index,
		TriggerMetadata: map[string]string{}, AuthParams: secrets, GlobalHTTPTimeout: 10 * time.Second,
	}
	for key, value := range tr.Metadata {
		config.TriggerMetadata[key] = value
	}
	switch tr.Type {
	case "redis-streams":
		config.TriggerMetadata["address"] = address
		return scalers.NewRedisStreamsScaler(ctx, false, false, config)
	case "prometheus":
		config.TriggerMetadata["serverAddress"] = address
		return scalers.NewPrometheusScaler(config)
	}
	return nil, fmt.Errorf("no scaler for %s", tr.Type)
}

// view is what one trigger says.
type view struct {
	active bool
	pods   int // as the HPA that KEDA makes counts for an average value
	err    error
}

func (tr trigger) view(t *testing.T, address string, secrets map[string]string) view {
	t.Helper()
	s, err := tr.scaler(t.Context(), 0, address, secrets)
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close(context.Background())) }()
	spec := s.GetMetricSpecForScaling(t.Context())
	require.Len(t, spec, 1)
	values, active, err := s.GetMetricsAndActivity(t.Context(), spec[0].External.Metric.Name)
	if err != nil {
		return view{err: err}
	}
	require.Len(t, values, 1)
	target := spec[0].External.Target.AverageValue.AsApproximateFloat64()
	return view{active: active, pods: int(math.Ceil(values[0].Value.AsApproximateFloat64() / target))}
}

// world is a Redis and what the chart's two triggers see in it.
type world struct {
	address string
	rdb     *redis.Client
	all     []trigger
}

func newWorld(t *testing.T) *world {
	t.Helper()
	all := triggers(t, byRedis)
	require.Len(t, all, 2)
	w := &world{address: startRedis(t), all: all}
	w.rdb = redis.NewClient(&redis.Options{Addr: w.address})
	t.Cleanup(func() { _ = w.rdb.Close() })
	return w
}

// sees is what the lag trigger and the pending trigger say.
func (w *world) sees(t *testing.T) (lag, pending view) {
	t.Helper()
	return w.all[0].view(t, w.address, nil), w.all[1].view(t, w.address, nil)
}

func (w *world) add(t *testing.T, n int) (ids []string) {
	t.Helper()
	for range n {
		id, err := w.rdb.XAdd(t.Context(), &redis.XAddArgs{Stream: name, Values: []string{"k", "v"}}).Result()
		require.NoError(t, err)
		ids = append(ids, id)
	}
	return ids
}

func (w *world) read(t *testing.T, n int64) {
	t.Helper()
	args := &redis.XReadGroupArgs{Group: group, Consumer: "dead", Streams: []string{name, ">"}, Count: n, Block: -1}
	require.NoError(t, w.rdb.XReadGroup(t.Context(), args).Err())
}

func (w *world) join(t *testing.T) {
	t.Helper()
	require.NoError(t, w.rdb.XGroupCreateMkStream(t.Context(), name, group, "0").Err())
}

func TestNothingWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.join(t)
	lag, pending := w.sees(t)
	require.Equal(t, view{}, lag)
	require.Equal(t, view{}, pending)
}

func TestLagAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.join(t)
	w.add(t, 1)
	lag, pending := w.sees(t)
	require.Equal(t, view{active: true, pods: 1}, lag, "one entry is enough")
	require.Equal(t, view{}, pending)
	w.add(t, 100)
	lag, _ = w.sees(t)
	require.Equal(t, view{active: true, pods: 6}, lag) // 101 / 20
}

// TestPendingAlone: everything was given to a worker that died. Nothing is left to be read, and a pod has to come.
func TestPendingAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.join(t)
	ids := w.add(t, 25)
	w.read(t, 25)
	lag, pending := w.sees(t)
	require.Equal(t, view{}, lag)
	require.Equal(t, view{active: true, pods: 3}, pending) // 25 / 10
	require.NoError(t, w.rdb.XAck(t.Context(), name, group, ids[1:]...).Err())
	_, pending = w.sees(t)
	require.Equal(t, view{active: true, pods: 1}, pending, "the last one still keeps a pod")
	require.NoError(t, w.rdb.XAck(t.Context(), name, group, ids[0]).Err())
	_, pending = w.sees(t)
	require.Equal(t, view{}, pending, "all is settled")
}

// TestParkedForAnHour: an entry has failed, its next try is an hour away, and the worker is gone. It is not forgotten, and when
// it is due neither.
func TestParkedForAnHour(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.join(t)
	w.add(t, 1)
	worker := exec.CommandContext(t.Context(), program(t), "worker", "--redis", "redis://"+w.address, "--stream", name, "--group", group,
		"--command", "false", "--backoff-min", "1h", "--backoff-max", "1h")
	require.NoError(t, worker.Start())
	retries := "leat:{" + name + "}:retry:" + group
	require.Eventually(t, func() bool { return w.rdb.ZCard(t.Context(), retries).Val() == 1 }, patience, 20*time.Millisecond)
	require.NoError(t, worker.Process.Signal(os.Interrupt))
	require.NoError(t, worker.Wait())

	lag, pending := w.sees(t)
	require.Equal(t, view{}, lag)
	require.Equal(t, view{active: true, pods: 1}, pending)
	entry := w.rdb.ZRange(t.Context(), retries, 0, 0).Val()[0]
	require.NoError(t, w.rdb.ZAdd(t.Context(), retries, redis.Z{Score: float64(time.Now().UnixMilli()), Member: entry}).Err())
	_, pending = w.sees(t)
	require.Equal(t, view{active: true, pods: 1}, pending, "due")
}

// TestNoGroupYet: the first pod comes, though one trigger fails; a failing trigger does not lead to none by itself.
func TestNoGroupYet(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lag, pending := w.sees(t)
	require.Equal(t, view{}, lag)
	require.ErrorContains(t, pending.err, "NOGROUP")
	w.add(t, 3)
	lag, pending = w.sees(t)
	require.Equal(t, view{active: true, pods: 1}, lag)
	require.ErrorContains(t, pending.err, "NOGROUP")
}

// TestDeletedEntriesHideTheLag: what the documentation warns of. When KEDA or Redis mends it, the warning may go.
func TestDeletedEntriesHideTheLag(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.join(t)
	ids := w.add(t, 20)
	w.read(t, 2)
	require.NoError(t, w.rdb.XAck(t.Context(), name, group, ids[0], ids[1]).Err())
	require.NoError(t, w.rdb.XDel(t.Context(), name, ids[5]).Err())
	lag, pending := w.sees(t)
	require.False(t, lag.active, "17 entries wait: see docs/kubernetes.md")
	require.False(t, pending.active)
}

// TestUserOfKEDA: the rights in docs/kubernetes.md are enough, and each is needed.
func TestUserOfKEDA(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../../docs/kubernetes.md")
	require.NoError(t, err)
	line := regexp.MustCompile(`(?m)^user leat-keda on #PASSWORD_SHA256 (.*)$`).FindSubmatch(text)
	require.NotNil(t, line)
	rules := strings.Fields(strings.ReplaceAll(string(line[1]), "STREAM", name))
	try := func(rules []string) error {
		address := startRedis(t, "user leat-keda on >secret "+strings.Join(rules, " "))
		owner := redis.NewClient(&redis.Options{Addr: address})
		defer owner.Close()
		require.NoError(t, owner.XGroupCreateMkStream(t.Context(), name, group, "0").Err())
		require.NoError(t, owner.XAdd(t.Context(), &redis.XAddArgs{Stream: name, Values: []string{"k", "v"}}).Err())
		for i, tr := range triggers(t, "redisStreams: {username: leat-keda}") {
			s, err := tr.scaler(t.Context(), i, address, map[string]string{"password": "secret"})
			if err != nil {
				return err
			}
			_, active, err := s.GetMetricsAndActivity(t.Context(), "x")
			_ = s.Close(context.Background())
			if err != nil {
				return err
			}
			if i == 0 && !active {
				return fmt.Errorf("%v: the lag is not seen", rules)
			}
		}
		return nil
	}
	require.NoError(t, try(rules))
	for i, rule := range rules {
		if strings.HasPrefix(rule, "+") && rule != "+xlen" && rule != "+xinfo|groups" { // one of these two is enough while the group is there
			without := append(append([]string{}, rules[:i]...), rules[i+1:]...)
			require.Error(t, try(without), "%s is not needed", rule)
		}
	}
}

// program is leat, built once for each test that runs it.
func program(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "leat")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", file, "./cmd/leat")
	build.Dir, build.Env = "../../..", append(os.Environ(), "GOWORK=off")
	said, err := build.CombinedOutput()
	require.NoError(t, err, "%s", said)
	return file
}
