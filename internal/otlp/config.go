package otlp

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/leat-io/leat/internal/webaddress"
)

// The variables: OTEL_EXPORTER_OTLP_ENDPOINT, and OTEL_EXPORTER_OTLP_TRACES_ENDPOINT,
// which wins for traces.
const (
	forAll    = "OTEL_EXPORTER_OTLP_"
	forTraces = forAll + "TRACES_"
)

// What the specification of the exporters says where no variable does.
const (
	defaultEndpoint = "http://localhost:4318"
	defaultTimeout  = 10 * time.Second
	tracesPath      = "v1/traces"
)

// config is what the environment says.
type config struct {
	endpoint *url.URL
	header   http.Header
	timeout  time.Duration // of a batch, with all of its tries
	gzip     bool
	tls      *tls.Config
}

// environment looks variables up. An empty one is not set: the specification says so.
type environment func(name string) (value string, set bool)

// get is the variable for traces, else the one for all signals.
func (e environment) get(what string) (name, value string) {
	for _, name := range []string{forTraces + what, forAll + what} {
		if value, _ := e(name); value != "" {
			return name, value
		}
	}
	return "", ""
}

// config reads all variables, and joins the errors of those that cannot be used. None
// quotes a value: headers and endpoints have credentials in them.
func (e environment) config() (c config, err error) {
	var errs []error
	for _, read := range []func(*config) error{e.readEndpoint, e.readHeaders, e.readTimeout, e.readCompression, e.readTLS} {
		errs = append(errs, read(&c))
	}
	return c, errors.Join(errs...)
}

func (e environment) readEndpoint(c *config) error {
	name, value := e.get("ENDPOINT")
	if name == "" {
		value = defaultEndpoint
	}
	u, err := webaddress.Parse(value)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	switch { // the one for traces is taken as it is, the one for all is the root of the collector
	case name != forTraces+"ENDPOINT":
		u = u.JoinPath(tracesPath)
	case u.Path == "":
		u.Path = "/"
	}
	c.endpoint = u
	return nil
}

// readHeaders reads name=value,name=value, with the values percent-encoded.
func (e environment) readHeaders(c *config) error {
	c.header = http.Header{}
	name, value := e.get("HEADERS")
	for i, pair := range strings.Split(value, ",") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		key, text, found := strings.Cut(pair, "=")
		key = strings.TrimSpace(key)
		text, err := url.PathUnescape(strings.TrimSpace(text))
		if !found || err != nil || !isHeader(key, text) {
			return fmt.Errorf("%s: header %d is not name=value with the value percent-encoded", name, i+1)
		}
		c.header.Set(key, text)
	}
	return nil
}

// isHeader tells whether net/http would send it: the name is a token of RFC 9110, and the
// value has no line breaks and the like.
func isHeader(name, value string) bool {
	notToken := func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("!#$%&'*+-.^_`|~", r))
	}
	control := func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }
	return name != "" && !strings.ContainsFunc(name, notToken) && !strings.ContainsFunc(value, control)
}

func (e environment) readTimeout(c *config) error {
	c.timeout = defaultTimeout
	name, value := e.get("TIMEOUT")
	if name == "" {
		return nil
	}
	ms, err := strconv.ParseInt(value, 10, 32) // 24 days
	if err != nil || ms < 1 {
		return fmt.Errorf("%s: %q is not a number of milliseconds, want 1 at the least", name, value)
	}
	c.timeout = time.Duration(ms) * time.Millisecond
	return nil
}

func (e environment) readCompression(c *config) error {
	name, value := e.get("COMPRESSION")
	if value != "" && value != "none" && value != "gzip" {
		return fmt.Errorf("%s: %q is not there, want gzip or none", name, value)
	}
	c.gzip = value == "gzip"
	return nil
}

// readTLS reads the names of PEM files. They are read once, now.
func (e environment) readTLS(c *config) error {
	c.tls = &tls.Config{MinVersion: tls.VersionTLS12}
	if name, file := e.get("CERTIFICATE"); file != "" {
		roots, err := os.ReadFile(file) //nolint:gosec // whoever sets the variable starts the process
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		c.tls.RootCAs = x509.NewCertPool()
		if !c.tls.RootCAs.AppendCertsFromPEM(roots) {
			return fmt.Errorf("%s: %s has no certificate in PEM", name, file)
		}
	}
	name, certificate := e.get("CLIENT_CERTIFICATE")
	_, key := e.get("CLIENT_KEY")
	if certificate == "" && key == "" {
		return nil
	}
	if certificate == "" || key == "" {
		return fmt.Errorf("%sCLIENT_CERTIFICATE and CLIENT_KEY go together", forAll)
	}
	pair, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		return fmt.Errorf("%s and its key: %w", name, err)
	}
	c.tls.Certificates = []tls.Certificate{pair}
	return nil
}
