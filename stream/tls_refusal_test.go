package stream

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
)

// authority signs certificates for servers that should be refused.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	file string // the certificate, in PEM
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t, file: filepath.Join(t.TempDir(), "ca.crt")}
	made := a.issue(&x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign})
	var err error
	a.cert, err = x509.ParseCertificate(made.Certificate[0])
	require.NoError(t, err)
	a.key = made.PrivateKey.(*ecdsa.PrivateKey) //nolint:errcheck // made as one
	require.NoError(t, os.WriteFile(a.file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: made.Certificate[0]}), 0o600))
	return a
}

// issue makes a certificate of the template, valid from an hour ago for a day where it says nothing else.
func (a *authority) issue(template *x509.Certificate) tls.Certificate {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(a.t, err)
	template.SerialNumber, template.Subject = big.NewInt(time.Now().UnixNano()), pkix.Name{CommonName: "leat test"}
	if template.NotAfter.IsZero() {
		template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(24*time.Hour)
	}
	parent, signer := template, key
	if a.cert != nil {
		parent, signer = a.cert, a.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	require.NoError(a.t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// loopbackOnly is what a server's certificate is for.
func loopbackOnly() *x509.Certificate {
	return &x509.Certificate{
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
}

// eavesdropper listens on the wire in front of a server that speaks TLS, or nothing.
type eavesdropper struct {
	addr string
	mu   sync.Mutex
	seen bytes.Buffer
}

type overheard struct {
	net.Conn
	e *eavesdropper
}

func (o overheard) Read(b []byte) (int, error) {
	n, err := o.Conn.Read(b)
	o.e.mu.Lock()
	o.e.seen.Write(b[:n])
	o.e.mu.Unlock()
	return n, err
}

// overhear is a server with that configuration; nil: one that speaks plain RESP. It answers every command with OK.
func overhear(t *testing.T, config *tls.Config) *eavesdropper {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	e := &eavesdropper{addr: listener.Addr().String()}
	var conns sync.WaitGroup
	t.Cleanup(func() {
		require.NoError(t, listener.Close())
		conns.Wait()
	})
	conns.Go(func() {
		for {
			raw, err := listener.Accept()
			if err != nil {
				return
			}
			conns.Go(func() {
				var conn net.Conn = overheard{raw, e}
				if config != nil {
					conn = tls.Server(conn, config)
				}
				defer conn.Close()
				_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
				for b := make([]byte, 4096); ; {
					if _, err := conn.Read(b); err != nil {
						return
					}
					_, _ = io.WriteString(conn, "+OK\r\n")
				}
			})
		}
	})
	return e
}

// TestRefusedTLS: what is wrong with the server's certificate, or with the way it speaks, ends the connection before anything is
// said over it; the error says what is wrong and where, and keeps the password to itself.
func TestRefusedTLS(t *testing.T) {
	t.Parallel()
	trusted, other := newAuthority(t), newAuthority(t)
	expired := loopbackOnly()
	expired.NotBefore, expired.NotAfter = time.Now().Add(-48*time.Hour), time.Now().Add(-24*time.Hour)
	future := loopbackOnly()
	future.NotBefore, future.NotAfter = time.Now().Add(24*time.Hour), time.Now().Add(48*time.Hour)
	elsewhere := loopbackOnly()
	elsewhere.IPAddresses, elsewhere.DNSNames = []net.IP{net.IPv4(10, 0, 0, 1)}, []string{"redis.example.org"}
	forClients := loopbackOnly()
	forClients.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	serves := func(cert tls.Certificate, change func(*tls.Config)) *tls.Config {
		config := &tls.Config{Certificates: []tls.Certificate{cert}}
		if change != nil {
			change(config)
		}
		return config
	}
	for name, c := range map[string]struct {
		server *tls.Config
		says   string
	}{
		"another authority":    {serves(other.issue(loopbackOnly()), nil), "certificate signed by unknown authority"},
		"expired":              {serves(trusted.issue(expired), nil), "certificate has expired or is not yet valid"},
		"not yet valid":        {serves(trusted.issue(future), nil), "certificate has expired or is not yet valid"},
		"another host":         {serves(trusted.issue(elsewhere), nil), "certificate is valid for 10.0.0.1, not 127.0.0.1"},
		"a client's":           {serves(trusted.issue(forClients), nil), "incompatible key usage"},
		"TLS 1.1":              {serves(trusted.issue(loopbackOnly()), func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 }), "protocol version not supported"},
		"no TLS at all":        {nil, "first record does not look like a TLS handshake"},
		"no certificate of it": {&tls.Config{MinVersion: tls.VersionTLS12}, "remote error: tls:"},
	} {
		for _, form := range []string{"rediss://%s@%s", "rediss+cluster://%s@%s", "rediss+sentinel://%s@%s/m?sentinel_username=watch&sentinel_password=" + canary} {
			t.Run(name+" "+strings.SplitN(form, ":", 2)[0], func(t *testing.T) {
				t.Parallel()
				e := overhear(t, c.server)
				at := strings.Replace(strings.Replace(form, "%s", url.UserPassword("user", canary).String(), 1), "%s", e.addr, 1)
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
				defer cancel()
				conn, err := Dial(ctx, at, WithCA(trusted.file))
				if err == nil {
					require.NoError(t, conn.Close())
				}
				require.ErrorContains(t, err, c.says)
				require.ErrorContains(t, err, e.addr)
				require.NotContains(t, err.Error(), canary)
				require.Equal(t, ClassNotExecuted, Classify(err))
				e.mu.Lock()
				defer e.mu.Unlock()
				require.NotEmpty(t, e.seen.Bytes(), "it was asked")
				for _, word := range []string{canary, "user", "watch", "AUTH", "HELLO", "PING", "hello"} {
					require.NotContains(t, e.seen.String(), word)
				}
			})
		}
	}
}

// TestRefusedByTheServer: a real Redis wants TLS, and a client certificate of its own authority.
func TestRefusedByTheServer(t *testing.T) {
	t.Parallel()
	s, other := redistest.SharedTLS(t), newAuthority(t)
	foreign := other.issue(&x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	dir := t.TempDir()
	key, err := x509.MarshalPKCS8PrivateKey(foreign.PrivateKey)
	require.NoError(t, err)
	for name, block := range map[string]*pem.Block{
		"c.crt": {Type: "CERTIFICATE", Bytes: foreign.Certificate[0]}, "c.key": {Type: "PRIVATE KEY", Bytes: key},
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600))
	}
	secret := url.UserPassword("leat", canary).String()
	for name, c := range map[string]struct {
		url  string
		opts []Option
		says []string
	}{
		"no client certificate":     {"rediss://" + secret + "@" + s.Addr(), []Option{WithCA(s.CAFile())}, []string{"certificate"}},
		"another authority's":       {"rediss://" + secret + "@" + s.Addr(), []Option{WithCA(s.CAFile()), WithClientCert(filepath.Join(dir, "c.crt"), filepath.Join(dir, "c.key"))}, []string{"tls:", "unknown certificate authority"}},
		"plain words to a TLS port": {"redis://" + secret + "@" + s.Addr(), nil, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			conn, err := Dial(ctx, c.url, c.opts...)
			if err == nil {
				require.NoError(t, conn.Close())
			}
			require.Error(t, err)
			require.ErrorContains(t, err, s.Addr())
			require.NotContains(t, err.Error(), canary)
			for _, words := range c.says {
				require.ErrorContains(t, err, words)
			}
		})
	}
}
