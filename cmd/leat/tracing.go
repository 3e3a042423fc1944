package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/internal/otlp"
	"github.com/leat-io/leat/tracing"
)

// lastSpans is how long the end of a worker waits for what has not been exported.
const lastSpans = 5 * time.Second

// wantsTraces tells whether the environment, by OpenTelemetry's own variables, says that spans are to be
// exported; an error for what it says and cannot be had here.
func (a *app) wantsTraces() (bool, error) {
	if off, _ := a.lookup("OTEL_SDK_DISABLED"); strings.EqualFold(off, "true") {
		return false, nil
	}
	_, endpoint := a.lookup("OTEL_EXPORTER_OTLP_ENDPOINT")
	_, own := a.lookup("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
	exporter, named := a.lookup("OTEL_TRACES_EXPORTER")
	switch {
	case named && exporter == "none", !named && !endpoint && !own:
		return false, nil
	case named && exporter != "otlp":
		return false, usagef("OTEL_TRACES_EXPORTER: %q is not there, want otlp or none", exporter)
	}
	for _, name := range []string{"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"} {
		if protocol, ok := a.lookup(name); ok {
			if protocol != "http/protobuf" {
				return false, usagef("%s: %q is not there, want http/protobuf (port 4318 of a collector, mostly)", name, protocol)
			}
			break
		}
	}
	return true, nil
}

// trace makes spans of what is handled, if the environment asks for it. The function exports what is left.
func (w *worker) trace(ctx context.Context, cfg *consumer.Config) (done func(), err error) {
	wanted, err := w.app.wantsTraces()
	if err != nil || !wanted {
		return func() {}, err
	}
	// The library would write to stderr by itself, which is the log.
	otel.SetLogger(logr.Discard())
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		w.log.Warn("traces cannot be exported", zap.String("error", redact(err.Error())))
	}))
	exporter, err := otlp.New(context.WithoutCancel(ctx), w.app.env) // by the OTEL_EXPORTER_OTLP_ variables; nothing is sent yet
	if err != nil {
		return nil, &usageError{fmt.Errorf("export traces: %w", err)}
	}
	about, err := resource.New(ctx,
		resource.WithAttributes(semconv.ServiceName("leat-worker"), semconv.ServiceVersion(build().Version)),
		resource.WithTelemetrySDK(), resource.WithHost(), resource.WithFromEnv()) // the last one wins: OTEL_SERVICE_NAME
	if err != nil {
		return nil, &usageError{fmt.Errorf("export traces: %w", err)}
	}
	provider := sdk.NewTracerProvider(sdk.WithBatcher(exporter), sdk.WithResource(about)) // sampled by OTEL_TRACES_SAMPLER
	opts := []tracing.Option{tracing.WithTracerProvider(provider)}
	if w.flags.traceParent {
		opts = append(opts, tracing.AsParent())
	}
	cfg.Middleware = append(cfg.Middleware, tracing.Consumer(cfg.Group, opts...))
	w.traced = true
	return func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastSpans)
		defer cancel()
		if err := provider.Shutdown(ctx); err != nil {
			w.log.Warn("the last spans could not be exported", zap.String("error", redact(err.Error())))
		}
	}, nil
}

// exemplar is the labels of an example in /metrics: the trace of a handling that is sampled.
func exemplar(ctx context.Context) prometheus.Labels {
	span := trace.SpanContextFromContext(ctx)
	if !span.IsSampled() {
		return nil
	}
	return prometheus.Labels{"trace_id": span.TraceID().String(), "span_id": span.SpanID().String()}
}

// tracedTransport is one as the sink has it when it is not told.
func tracedTransport(concurrency int) *http.Transport {
	return &http.Transport{
		Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, DisableCompression: true,
		MaxIdleConnsPerHost: concurrency, IdleConnTimeout: 45 * time.Second, TLSHandshakeTimeout: 10 * time.Second,
	}
}

// propagating is a transport that tells the receiver which trace a request is part of, in the header traceparent.
type propagating struct{ http.RoundTripper }

// RoundTrip sends a copy of the request, which is not the transport's to change.
func (p propagating) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	propagation.TraceContext{}.Inject(req.Context(), propagation.HeaderCarrier(req.Header))
	return p.RoundTripper.RoundTrip(req)
}
