package otlp

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/cenkalti/backoff/v4"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	traces "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// New is an exporter by what the variables OTEL_EXPORTER_OTLP_TRACES_<X> say, and
// OTEL_EXPORTER_OTLP_<X> where the first is not set or empty: ENDPOINT, HEADERS, TIMEOUT,
// COMPRESSION, CERTIFICATE, CLIENT_CERTIFICATE, CLIENT_KEY, as OpenTelemetry's
// specification of the OTLP exporter has them. TIMEOUT (10 s) is for a batch with all of
// its tries. HTTPS_PROXY and NO_PROXY hold. lookup is os.LookupEnv, or what stands for it.
// An error joins all that is wrong with them. Nothing is sent before there are spans.
func New(ctx context.Context, lookup func(name string) (value string, set bool)) (*otlptrace.Exporter, error) {
	cfg, err := environment(lookup).config()
	if err != nil {
		return nil, err
	}
	return otlptrace.New(ctx, newClient(cfg))
}

// client sends batches of spans to a collector.
type client struct {
	cfg   config
	http  *http.Client
	ended context.Context //nolint:containedctx // of Stop, which takes part in each call's
	end   context.CancelFunc
}

func newClient(cfg config) *client {
	ended, end := context.WithCancel(context.Background())
	return &client{cfg: cfg, ended: ended, end: end, http: &http.Client{
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, TLSClientConfig: cfg.tls, ForceAttemptHTTP2: true,
			IdleConnTimeout: 90 * time.Second, TLSHandshakeTimeout: 10 * time.Second,
		},
		// The headers have credentials, which are not for whom a redirect names.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Start does nothing: the first batch connects.
func (*client) Start(context.Context) error { return nil }

// Stop ends what is being sent.
func (c *client) Stop(context.Context) error {
	c.end()
	c.http.CloseIdleConnections()
	return nil
}

var errStopped = errors.New("the exporter has been shut down")

// UploadTraces sends a batch until the collector has taken it or refused it for good, or
// its time is over.
func (c *client) UploadTraces(ctx context.Context, spans []*traces.ResourceSpans) error {
	body, err := c.encode(spans)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, c.cfg.timeout)
	defer cancel()
	defer context.AfterFunc(c.ended, cancel)()
	pause := pauses()
	for {
		wait, err := c.post(ctx, body)
		if err == nil || wait == never {
			return err
		}
		if c.ended.Err() != nil {
			return errStopped
		}
		wait = max(wait, pause.NextBackOff())
		if end, _ := ctx.Deadline(); time.Until(end) < wait { // it would be too late
			return err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%w, last: %w", context.Cause(ctx), err)
		}
	}
}

// pauses are those between tries. The time of a batch bounds them.
func pauses() backoff.BackOff {
	return backoff.NewExponentialBackOff(backoff.WithInitialInterval(500*time.Millisecond), backoff.WithMultiplier(2),
		backoff.WithMaxInterval(5*time.Second), backoff.WithMaxElapsedTime(0))
}

// encode is a batch as it is sent. The message of OTLP's service is in the package that
// brings gRPC along; the one of files, which this is, is the same in every byte.
func (c *client) encode(spans []*traces.ResourceSpans) ([]byte, error) {
	raw, err := proto.Marshal(&traces.TracesData{ResourceSpans: spans})
	if err != nil || !c.cfg.gzip {
		return raw, err
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(raw); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return packed.Bytes(), nil
}

// never is the pause before a next try where there is none.
const never = time.Duration(-1)

// post tries once. With an error comes how long the collector wants to be left alone.
func (c *client) post(ctx context.Context, body []byte) (wait time.Duration, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.cfg.endpoint.String(), bytes.NewReader(body))
	if err != nil {
		return never, err
	}
	for name, values := range c.cfg.header {
		req.Header[name] = values
	}
	req.Header.Set("Content-Type", protobuf)
	req.Header.Set("User-Agent", "leat-otlp")
	if c.cfg.gzip {
		req.Header.Set("Content-Encoding", "gzip")
	}
	resp, err := c.http.Do(req)
	if err != nil {
		var whole *url.Error // it has the address in it, which may have credentials
		if errors.As(err, &whole) {
			err = whole.Err
		}
		if distrust(err) {
			wait = never
		}
		return wait, fmt.Errorf("post to %s: %w", c.cfg.endpoint.Host, err)
	}
	defer resp.Body.Close()
	return judge(resp)
}

// distrust tells whether one side does not accept the other's certificate. All else that is
// wrong with a connection may be over at the next try.
func distrust(err error) bool {
	var ours *tls.CertificateVerificationError
	var theirs *net.OpError
	return errors.As(err, &ours) || (errors.As(err, &theirs) && theirs.Op == "remote error") // so crypto/tls names an alert
}
