package main

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	sdk "go.opentelemetry.io/otel/sdk/trace"

	"github.com/leat-io/leat/internal/otlp"
	"github.com/leat-io/leat/internal/otlptest"
	"github.com/leat-io/leat/producer"
	"github.com/leat-io/leat/stream"
	"github.com/leat-io/leat/tracing"
)

// TestWorkerIsPartOfTheTrace: a Go program publishes, `leat worker` hands the event to a service over HTTP, which publishes for a
// second `leat worker`: one connected tree in the backend, from four processes' worth of spans.
func TestWorkerIsPartOfTheTrace(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	backend := otlptest.Start(t)
	exporter, err := otlp.New(t.Context(), backend.Environment)
	require.NoError(t, err)
	provider := sdk.NewTracerProvider(sdk.WithBatcher(exporter))
	defer provider.Shutdown(context.Background()) //nolint:errcheck // the test is over
	conn, err := stream.Dial(t.Context(), s.server.URL())
	require.NoError(t, err)
	defer conn.Close()
	plain, err := producer.New(conn, producer.Config{Source: "test"})
	require.NoError(t, err)
	p := tracing.NewProducer(plain, tracing.WithTracerProvider(provider))
	defer p.Close(context.Background())
	second := &scene{t, s.server, s.rdb, s.stream + "-2"}

	// The service takes the trace from the request, as any instrumented one does.
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Ce-Type") == "begun" {
			parent := stream.Fields{{Name: []byte("traceparent"), Value: []byte(r.Header.Get("Traceparent"))}}
			ctx := tracing.Extract(r.Context(), stream.NewDelivery("request", stream.ID{}, parent))
			if _, err := p.Publish(ctx, second.stream, stream.Event{Type: "made"}); err != nil {
				w.WriteHeader(http.StatusInternalServerError)
			}
		}
	}))
	defer service.Close()
	var workers []*process
	for _, stage := range []*scene{s, second} {
		workers = append(workers, call{env: []string{
			"OTEL_EXPORTER_OTLP_ENDPOINT=" + backend.URL, "OTEL_BSP_SCHEDULE_DELAY=50", "OTEL_SERVICE_NAME=billing",
		}}.start(t, "worker", "--redis", s.server.URL(), "--stream", stage.stream, "--group", "g", "--trace-parent",
			"--webhook", service.URL, "--listen", "127.0.0.1:0"))
	}
	ctx, root := provider.Tracer("test").Start(t.Context(), "root")
	_, err = p.Publish(ctx, s.stream, stream.Event{Type: "begun"})
	require.NoError(t, err)
	root.End()

	names := []string{"root", "send " + s.stream, "process " + s.stream, "send " + second.stream, "process " + second.stream}
	until(t, "all spans", func() bool {
		_ = provider.ForceFlush(t.Context())
		return len(backend.Spans()) >= len(names)
	})
	parent := ""
	for _, name := range names {
		spans := backend.Named(name)
		require.Len(t, spans, 1, name)
		require.Equal(t, parent, spans[0].Parent, name)
		require.Equal(t, backend.Named("root")[0].Trace, spans[0].Trace, name)
		parent = spans[0].ID
	}
	handled := backend.Named("process " + s.stream)[0].Attributes
	require.Equal(t, "billing", handled["resource.service.name"])
	require.Equal(t, "v0.1.2-test", handled["resource.service.version"])

	// Its /metrics point to the trace.
	until(t, "an exemplar", func() bool {
		return strings.Contains(openMetrics(t, workers[0]), `trace_id="`+backend.Named("root")[0].Trace)
	})
	for _, w := range workers {
		w.drain()
	}
}

// openMetrics is /metrics for who asks for exemplars.
func openMetrics(t *testing.T, w *process) string {
	t.Helper()
	address, _ := w.logged("answers health checks")["address"].(string)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/metrics", nil)
	require.NoError(t, err)
	req.Header.Set("Accept", "application/openmetrics-text; version=1.0.0")
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return string(body)
}

// TestTracesAreSwitchedByOpenTelemetrysVariables: off unless asked for, and what cannot be had is bad usage.
func TestTracesAreSwitchedByOpenTelemetrysVariables(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		env    string
		wanted bool
		err    string
	}{
		{"", false, ""},
		{"OTEL_EXPORTER_OTLP_ENDPOINT=http://c:4318", true, ""},
		{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://c:4318/v1/traces", true, ""},
		{"OTEL_TRACES_EXPORTER=otlp", true, ""},
		{"OTEL_TRACES_EXPORTER=none OTEL_EXPORTER_OTLP_ENDPOINT=http://c:4318", false, ""},
		{"OTEL_SDK_DISABLED=true OTEL_TRACES_EXPORTER=otlp", false, ""},
		{"OTEL_TRACES_EXPORTER=zipkin", false, "want otlp or none"},
		{"OTEL_TRACES_EXPORTER=otlp OTEL_EXPORTER_OTLP_PROTOCOL=grpc", false, "want http/protobuf"},
		{"OTEL_TRACES_EXPORTER=otlp OTEL_EXPORTER_OTLP_PROTOCOL=grpc OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/protobuf", true, ""},
	} {
		env := map[string]string{}
		for _, v := range strings.Fields(c.env) {
			name, value, _ := strings.Cut(v, "=")
			env[name] = value
		}
		wanted, err := (&app{env: func(name string) (string, bool) { v, ok := env[name]; return v, ok }}).wantsTraces()
		require.Equal(t, c.wanted, wanted, c.env)
		if c.err == "" {
			require.NoError(t, err, c.env)
		} else {
			require.ErrorContains(t, err, c.err, c.env)
		}
	}
	s := newScene(t)
	r := call{env: []string{"OTEL_TRACES_EXPORTER=zipkin"}}.leat(t, "worker", "--redis", s.server.URL(), "--stream", "s", "--group", "g", "--command", "true")
	require.Equal(t, 2, r.code)
	require.Equal(t, 1, strings.Count(r.stderr, "\n"), r.stderr)
}

// TestABackendThatIsAwayHoldsNothingUp: what cannot be exported is told of in the log, in JSON and without the credentials, and
// the worker works and drains as ever.
func TestABackendThatIsAwayHoldsNothingUp(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	w := call{env: []string{
		"OTEL_EXPORTER_OTLP_ENDPOINT=http://user:CANARY@127.0.0.1:1", "OTEL_EXPORTER_OTLP_HEADERS=authorization=CANARY", "OTEL_BSP_SCHEDULE_DELAY=20",
		"OTEL_EXPORTER_OTLP_TIMEOUT=100",
	}}.start(t, "worker", "--redis", s.server.URL(), "--stream", s.stream, "--group", "g", "--command", "true")
	s.publish("a", "1")
	s.settled(0)
	w.logged("traces cannot be exported")
	w.drain()
	w.log()
	require.NotContains(t, w.stderr.String(), "CANARY")
}
