package otlp_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/otlp"
)

// TestTheVariablesOfTheSpecification: what is asked for is what the collector sees.
func TestTheVariablesOfTheSpecification(t *testing.T) {
	t.Parallel()
	var seen *http.Request
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = r }))
	t.Cleanup(s.Close)
	for _, c := range []struct {
		env           variables
		path, headers string // X-Key, X-Tenant
	}{
		{variables{"ENDPOINT": s.URL}, "/v1/traces", ","},
		{variables{"ENDPOINT": s.URL + "/otlp/"}, "/otlp/v1/traces", ","},
		{variables{"ENDPOINT": s.URL + "/otlp?a=b"}, "/otlp/v1/traces?a=b", ","},
		{variables{"ENDPOINT": "http://127.0.0.1:1", "TRACES_ENDPOINT": s.URL}, "/", ","},
		{variables{"TRACES_ENDPOINT": s.URL + "/own"}, "/own", ","},
		{variables{"ENDPOINT": s.URL, "HEADERS": "x-key=a%20b=, X-Tenant = t ,"}, "/v1/traces", "a b=,t"},
		{variables{"ENDPOINT": s.URL, "HEADERS": "x-key=a", "TRACES_HEADERS": "x-tenant=t"}, "/v1/traces", ",t"},
		{variables{"ENDPOINT": s.URL, "HEADERS": "x-key=a", "TRACES_HEADERS": ""}, "/v1/traces", "a,"},
	} {
		env := variables{}
		for name, value := range c.env {
			env["OTEL_EXPORTER_OTLP_"+name] = value
		}
		require.NoError(t, exporter(t, env).ExportSpans(t.Context(), spans()), c.env)
		require.Equal(t, c.path, seen.URL.String(), c.env)
		require.Equal(t, c.headers, seen.Header.Get("X-Key")+","+seen.Header.Get("X-Tenant"), c.env)
		require.Equal(t, "application/x-protobuf", seen.Header.Get("Content-Type"))
	}
}

// TestWhatCannotBeUsedIsSaidAtOnce: by the variable's name, all of them, and without what may be secret.
func TestWhatCannotBeUsedIsSaidAtOnce(t *testing.T) {
	t.Parallel()
	empty := filepath.Join(t.TempDir(), "empty.pem")
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	for name, values := range map[string][]string{
		"ENDPOINT":           {"collector:4318", "ftp://SECRET@collector", "http://a:SEC%RET@collector"},
		"HEADERS":            {"SECRET", "a b=SECRET", "=SECRET", "a=SECRET%", "a=b,c=SECRET%0a", "a=SECRET%7f"},
		"TIMEOUT":            {"1s", "0", "-1", "99999999999"},
		"COMPRESSION":        {"zstd"},
		"CERTIFICATE":        {"/nowhere.pem", empty},
		"CLIENT_CERTIFICATE": {empty},
		"CLIENT_KEY":         {empty},
	} {
		for _, scope := range []string{"OTEL_EXPORTER_OTLP_", "OTEL_EXPORTER_OTLP_TRACES_"} {
			for _, value := range values {
				_, err := otlp.New(t.Context(), variables{scope + name: value}.lookup)
				require.ErrorContains(t, err, name, value)
				require.NotContains(t, err.Error(), "SEC", value)
			}
		}
	}
	_, err := otlp.New(t.Context(), variables{"OTEL_EXPORTER_OTLP_TIMEOUT": "x", "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION": "x"}.lookup)
	require.ErrorContains(t, err, "OTEL_EXPORTER_OTLP_TIMEOUT")
	require.ErrorContains(t, err, "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION")
}

// TestBothSidesShowTheirCertificates: the collector's by a root of one's own, the client's where one is asked for.
func TestBothSidesShowTheirCertificates(t *testing.T) {
	t.Parallel()
	client, certificate, key := selfSigned(t)
	trusted := x509.NewCertPool()
	trusted.AddCert(client)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	s.TLS = &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: trusted, MinVersion: tls.VersionTLS12}
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	roots := write(t, "roots.pem", "CERTIFICATE", s.Certificate().Raw)

	env := variables{"OTEL_EXPORTER_OTLP_ENDPOINT": s.URL, "OTEL_EXPORTER_OTLP_TIMEOUT": "60000"}
	require.ErrorContains(t, exporter(t, env).ExportSpans(t.Context(), spans()), "certificate", "nobody has vouched for the server")
	env["OTEL_EXPORTER_OTLP_CERTIFICATE"] = roots
	require.ErrorContains(t, exporter(t, env).ExportSpans(t.Context(), spans()), "tls: certificate required", "the server wants to know who asks")
	env["OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE"], env["OTEL_EXPORTER_OTLP_CLIENT_KEY"] = certificate, key
	require.NoError(t, exporter(t, env).ExportSpans(t.Context(), spans()))
}

// selfSigned is a certificate of a client, and the files that it and its key are in.
func selfSigned(t *testing.T) (parsed *x509.Certificate, certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	about := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "leat"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	raw, err := x509.CreateCertificate(rand.Reader, about, about, &private.PublicKey, private)
	require.NoError(t, err)
	parsed, err = x509.ParseCertificate(raw)
	require.NoError(t, err)
	rawKey, err := x509.MarshalECPrivateKey(private)
	require.NoError(t, err)
	return parsed, write(t, "client.pem", "CERTIFICATE", raw), write(t, "client.key", "EC PRIVATE KEY", rawKey)
}

func write(t *testing.T, name, kind string, raw []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: raw}), 0o600))
	return file
}
