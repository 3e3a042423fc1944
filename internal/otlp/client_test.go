package otlp_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/leat-io/leat/internal/otlp"
	"github.com/leat-io/leat/internal/otlptest"
)

// variables are an environment.
type variables map[string]string

func (v variables) lookup(name string) (string, bool) {
	value, ok := v[name]
	return value, ok
}

// exporter is one that ends with the test.
func exporter(t *testing.T, v variables) *otlptrace.Exporter {
	t.Helper()
	e, err := otlp.New(t.Context(), v.lookup)
	require.NoError(t, err)
	t.Cleanup(func() { _ = e.Shutdown(context.Background()) })
	return e
}

// spans is a batch of one.
func spans() []sdk.ReadOnlySpan {
	return tracetest.SpanStubs{{Name: "one"}}.Snapshots()
}

// collector answers tries in turn by what it is given, the last for ever.
func collector(t *testing.T, answers ...http.HandlerFunc) (v variables, tries *atomic.Int32) {
	t.Helper()
	tries = &atomic.Int32{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answers[min(int(tries.Add(1)), len(answers))-1](w, r)
	}))
	t.Cleanup(s.Close)
	return variables{"OTEL_EXPORTER_OTLP_ENDPOINT": s.URL, "OTEL_EXPORTER_OTLP_TIMEOUT": "60000"}, tries
}

func status(code int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
	}
}

// hang waits until the client has gone, which a server sees when it has read the request.
func hang(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

func TestSpansArriveAsTheyAre(t *testing.T) {
	t.Parallel()
	for _, compression := range []string{"", "none", "gzip"} {
		backend := otlptest.Start(t)
		provider := sdk.NewTracerProvider(sdk.WithResource(resource.NewSchemaless(attribute.String("service.name", "billing"))), sdk.WithBatcher(
			exporter(t, variables{"OTEL_EXPORTER_OTLP_ENDPOINT": backend.URL, "OTEL_EXPORTER_OTLP_COMPRESSION": compression})))
		tracer := provider.Tracer("test")
		ctx, root := tracer.Start(t.Context(), "root", trace.WithSpanKind(trace.SpanKindProducer))
		_, child := tracer.Start(ctx, "child", trace.WithLinks(trace.Link{SpanContext: root.SpanContext()}), trace.WithAttributes(attribute.String("k", "v")))
		child.SetStatus(codes.Error, "it broke")
		child.End()
		root.End()
		require.NoError(t, provider.Shutdown(t.Context()))
		of := root.SpanContext()
		require.Equal(t, []otlptest.Span{{
			Name: "child", Kind: "internal", Trace: of.TraceID().String(), ID: child.SpanContext().SpanID().String(), Parent: of.SpanID().String(),
			Links:      []otlptest.Link{{Trace: of.TraceID().String(), ID: of.SpanID().String()}},
			Attributes: map[string]string{"k": "v", "resource.service.name": "billing"}, Failed: true, Status: "it broke",
		}}, backend.Named("child"))
		require.Equal(t, "producer", backend.Named("root")[0].Kind)
	}
}

// TestABusyCollectorIsAskedAgain: by each of the statuses that mean it, and not before it wants to be.
func TestABusyCollectorIsAskedAgain(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var at []time.Time
	noted := func(answer http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			at = append(at, time.Now())
			mu.Unlock()
			answer(w, r)
		}
	}
	v, tries := collector(t, noted(status(503, "Retry-After", "2")), noted(status(429)), status(502), status(504), status(200))
	require.NoError(t, exporter(t, v).ExportSpans(t.Context(), spans()))
	require.EqualValues(t, 5, tries.Load())
	require.GreaterOrEqual(t, at[1].Sub(at[0]), 2*time.Second)

	// A connection that breaks is as good as a 503.
	v, tries = collector(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, status(200))
	require.NoError(t, exporter(t, v).ExportSpans(t.Context(), spans()))
	require.EqualValues(t, 2, tries.Load())
}

// TestARefusalHolds: what another try cannot mend is told of at once, in the collector's words. A redirect is not followed: the
// headers have credentials in them.
func TestARefusalHolds(t *testing.T) {
	t.Parallel()
	elsewhere, followed := collector(t, status(200))
	said := protowire.AppendString(protowire.AppendTag(nil, 2, protowire.BytesType), "no such\ntenant")
	for code, answer := range map[string]http.HandlerFunc{
		"400 Bad Request: no such tenant": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/x-protobuf")
			w.WriteHeader(400)
			_, _ = w.Write(said)
		},
		"401 Unauthorized: who are you": func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "who are you", http.StatusUnauthorized) },
		"404 Not Found":                 status(404),
		"413 Request Entity Too Large: xxxx": func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, strings.Repeat("x", 1000), http.StatusRequestEntityTooLarge)
		},
		"500 Internal Server Error": status(500),
		"307 Temporary Redirect":    status(307, "Location", elsewhere["OTEL_EXPORTER_OTLP_ENDPOINT"]),
	} {
		v, tries := collector(t, answer)
		err := exporter(t, v).ExportSpans(t.Context(), spans())
		require.ErrorContains(t, err, code)
		require.Less(t, len(err.Error()), 300)
		require.EqualValues(t, 1, tries.Load(), code)
	}
	require.Zero(t, followed.Load())
}

// TestPartOfABatchIsNotSentAgain: the collector says how many spans it did not take, and that is told of.
func TestPartOfABatchIsNotSentAgain(t *testing.T) {
	t.Parallel()
	answer := func(rejected uint64, words string) http.HandlerFunc {
		part := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), rejected)
		part = protowire.AppendString(protowire.AppendTag(part, 2, protowire.BytesType), words)
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/x-protobuf")
			_, _ = w.Write(protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), part))
		}
	}
	v, tries := collector(t, answer(3, "quota"), answer(0, "old version"), answer(0, ""), func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-protobuf")
		_, _ = w.Write([]byte{0xff})
	})
	e := exporter(t, v)
	require.ErrorContains(t, e.ExportSpans(t.Context(), spans()), "left 3 spans out: quota")
	require.ErrorContains(t, e.ExportSpans(t.Context(), spans()), "warns: old version")
	require.NoError(t, e.ExportSpans(t.Context(), spans()))
	require.ErrorContains(t, e.ExportSpans(t.Context(), spans()), "the collector's answer")
	require.EqualValues(t, 4, tries.Load())
}

// TestABatchHasItsTime: with all of its tries, so that a collector that is away does not hold spans back for ever.
func TestABatchHasItsTime(t *testing.T) {
	t.Parallel()
	v, tries := collector(t, status(503, "Retry-After", "3600"))
	require.ErrorContains(t, exporter(t, v).ExportSpans(t.Context(), spans()), "503", "it would be too late then, so it is not waited for")
	require.EqualValues(t, 1, tries.Load())

	v, tries = collector(t, status(503))
	v["OTEL_EXPORTER_OTLP_TIMEOUT"] = "1000"
	require.ErrorContains(t, exporter(t, v).ExportSpans(t.Context(), spans()), "503")
	require.Positive(t, tries.Load())

	v, _ = collector(t, hang)
	v["OTEL_EXPORTER_OTLP_TIMEOUT"] = "100"
	err := exporter(t, v).ExportSpans(t.Context(), spans())
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, "post to 127.0.0.1")
}

func TestShutdownEndsWhatIsBeingSent(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{}, 1)
	v, _ := collector(t, func(w http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		hang(w, r)
	})
	e := exporter(t, v)
	done := make(chan error)
	go func() { done <- e.ExportSpans(context.Background(), spans()) }()
	<-asked
	require.NoError(t, e.Shutdown(t.Context()))
	require.ErrorContains(t, <-done, "shut down")
}
