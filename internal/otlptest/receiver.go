// Package otlptest is a backend for traces inside a test: it takes what programs export
// by OTLP over HTTP, and gives the spans back.
//
//	r := otlptest.Start(t)
//	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", r.URL)
package otlptest

import (
	"compress/gzip"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	common "go.opentelemetry.io/proto/otlp/common/v1"
	traces "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// Receiver is the backend. It is safe for concurrent use.
type Receiver struct {
	*httptest.Server

	mu    sync.Mutex
	spans []Span
}

// Span is what was told of a span. IDs are in hex, Parent is empty for a root.
type Span struct {
	Name, Kind        string // Kind: producer, consumer, internal, ...
	Trace, ID, Parent string
	Links             []Link
	Attributes        map[string]string // and those of the resource, as resource.<name>
	Failed            bool
	Status            string
}

// Link is one of a span's links.
type Link struct{ Trace, ID string }

// Start starts a backend that ends with the test.
func Start(t testing.TB) *Receiver {
	t.Helper()
	r := &Receiver{}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/traces", r.take)
	r.Server = httptest.NewServer(mux)
	t.Cleanup(r.Close)
	return r
}

// Environment is os.LookupEnv of a program that exports to the receiver.
func (r *Receiver) Environment(name string) (value string, set bool) {
	if name == "OTEL_EXPORTER_OTLP_ENDPOINT" {
		return r.URL, true
	}
	return "", false
}

// Spans are those that have come, in their order.
func (r *Receiver) Spans() []Span {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.spans)
}

// Named are those of that name.
func (r *Receiver) Named(name string) (out []Span) {
	for _, s := range r.Spans() {
		if s.Name == name {
			out = append(out, s)
		}
	}
	return out
}

func (r *Receiver) take(w http.ResponseWriter, req *http.Request) {
	request, err := decode(req)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, resource := range request.ResourceSpans {
		for _, scope := range resource.ScopeSpans {
			for _, s := range scope.Spans {
				r.spans = append(r.spans, spanOf(resource, s))
			}
		}
	}
	// An ExportTraceServiceResponse that has nothing to complain of has no bytes.
	w.Header().Set("Content-Type", "application/x-protobuf")
}

// decode reads an ExportTraceServiceRequest. Its package brings gRPC along; TracesData is the
// same in every byte.
func decode(req *http.Request) (*traces.TracesData, error) {
	body := io.Reader(req.Body)
	if req.Header.Get("Content-Encoding") == "gzip" {
		unpacked, err := gzip.NewReader(body)
		if err != nil {
			return nil, err
		}
		body = unpacked
	}
	raw, err := io.ReadAll(body)
	if err != nil {
		return nil, err
	}
	var request traces.TracesData
	return &request, proto.Unmarshal(raw, &request)
}

// kinds are the kinds of spans as OTLP counts them.
var kinds = [...]string{"unspecified", "internal", "server", "client", "producer", "consumer"}

func spanOf(resource *traces.ResourceSpans, s *traces.Span) Span {
	out := Span{
		Name: s.Name, Kind: kinds[s.Kind], Trace: hex.EncodeToString(s.TraceId), ID: hex.EncodeToString(s.SpanId),
		Parent: hex.EncodeToString(s.ParentSpanId), Attributes: map[string]string{},
		Failed: s.GetStatus().GetCode() == traces.Status_STATUS_CODE_ERROR, Status: s.GetStatus().GetMessage(),
	}
	for _, a := range s.Attributes {
		out.Attributes[a.Key] = text(a.Value)
	}
	for _, a := range resource.GetResource().GetAttributes() {
		out.Attributes["resource."+a.Key] = text(a.Value)
	}
	for _, l := range s.Links {
		out.Links = append(out.Links, Link{hex.EncodeToString(l.TraceId), hex.EncodeToString(l.SpanId)})
	}
	return out
}

func text(v *common.AnyValue) string {
	if s, ok := v.GetValue().(*common.AnyValue_StringValue); ok {
		return s.StringValue
	}
	return v.String()
}
