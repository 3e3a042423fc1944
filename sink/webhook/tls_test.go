package webhook

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/stream"
)

// signed is a certificate of the template, signed by the parent; nil: by itself.
func signed(t *testing.T, parent *tls.Certificate, change func(*x509.Certificate)) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "leat test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if parent == nil {
		template.IsCA, template.BasicConstraintsValid, template.KeyUsage, template.ExtKeyUsage = true, true, x509.KeyUsageCertSign, nil
	}
	if change != nil {
		change(template)
	}
	by, signer := template, any(key)
	if parent != nil {
		by, signer = parent.Leaf, parent.PrivateKey
	}
	der, err := x509.CreateCertificate(rand.Reader, template, by, &key.PublicKey, signer)
	require.NoError(t, err)
	leaf, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

// TestReceiverThatIsNotWhoItSays: a receiver whose certificate is not right, or that speaks something else, is told nothing of
// the event and no secret; the event is tried again.
func TestReceiverThatIsNotWhoItSays(t *testing.T) {
	t.Parallel()
	trusted, other := signed(t, nil, nil), signed(t, nil, nil)
	roots := x509.NewCertPool()
	roots.AddCert(trusted.Leaf)
	for name, c := range map[string]struct {
		cert  tls.Certificate
		older bool // speaks TLS 1.1
		says  string
	}{
		"as it should be":   {cert: signed(t, &trusted, nil)},
		"another authority": {cert: signed(t, &other, nil), says: "certificate signed by unknown authority"},
		"expired": {cert: signed(t, &trusted, func(c *x509.Certificate) {
			c.NotBefore, c.NotAfter = time.Now().Add(-48*time.Hour), time.Now().Add(-24*time.Hour)
		}), says: "certificate has expired or is not yet valid"},
		"another host": {cert: signed(t, &trusted, func(c *x509.Certificate) { c.IPAddresses = []net.IP{net.IPv4(10, 0, 0, 1)} }), says: "certificate is valid for 10.0.0.1, not 127.0.0.1"},
		"a client's":   {cert: signed(t, &trusted, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }), says: "incompatible key usage"},
		"TLS 1.1":      {cert: signed(t, &trusted, nil), older: true, says: "protocol version not supported"},
		"no TLS":       {says: "first record does not look like a TLS handshake"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int32
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
			server.Config.ErrorLog = zap.NewStdLog(zap.NewNop()) // it complains of clients that hang up
			if c.cert.Leaf == nil {
				server.Start()
			} else {
				server.TLS = &tls.Config{Certificates: []tls.Certificate{c.cert}}
				if c.older {
					server.TLS.MinVersion, server.TLS.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
				}
				server.StartTLS()
			}
			t.Cleanup(server.Close)
			const secret = "cAnArY-7f3"
			sink, err := New(Config{URL: strings.Replace(server.URL, "http://", "https://", 1) + "/" + secret, Header: http.Header{"X-Key": {secret}}})
			require.NoError(t, err)
			t.Cleanup(sink.Close)
			if sink.own.TLSClientConfig == nil {
				sink.own.TLSClientConfig = &tls.Config{}
			}
			sink.own.TLSClientConfig.RootCAs = roots // the system's else
			err = sink.Handle(t.Context(), &stream.Delivery{Event: stream.Event{ID: "1", Source: "s", Type: "t"}})
			if c.says == "" {
				require.NoError(t, err)
				require.EqualValues(t, 1, asked.Load())
				return
			}
			require.ErrorContains(t, err, c.says)
			require.NotContains(t, err.Error(), secret)
			require.False(t, consumer.IsPermanent(err), "who renews a certificate finds no dead letters")
			require.Zero(t, asked.Load())
		})
	}
}
