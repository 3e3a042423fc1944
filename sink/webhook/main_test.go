package webhook_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/leat-io/leat/sink/webhook"
	"github.com/leat-io/leat/stream"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is the deadline of what must happen at once.
const patience = 10 * time.Second

// delivery is an event as a consumer would hand it over.
func delivery(e stream.Event) *stream.Delivery {
	if e.ID == "" {
		e.ID = "id-1"
	}
	if e.Source == "" {
		e.Source = "/test"
	}
	if e.Type == "" {
		e.Type = "test.happened"
	}
	var fields stream.Fields
	args := e.AppendArgs(nil)
	for i := 0; i < len(args); i += 2 {
		fields = append(fields, stream.Field{Name: asBytes(args[i]), Value: asBytes(args[i+1])})
	}
	return stream.NewDelivery("orders", stream.ID{Ms: 1700000000000, Seq: 7}, fields)
}

func asBytes(v any) []byte {
	if b, ok := v.([]byte); ok {
		return b
	}
	return fmt.Append(nil, v)
}

// serve is a receiver, and a sink that posts to it.
func serve(t *testing.T, cfg webhook.Config, handler http.HandlerFunc) (*webhook.Sink, *httptest.Server) {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	if cfg.URL == "" {
		cfg.URL = server.URL + "/hook"
	}
	sink, err := webhook.New(cfg)
	require.NoError(t, err)
	t.Cleanup(sink.Close)
	return sink, server
}

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}
