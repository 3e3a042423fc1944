package stac_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/stac"
	"github.com/leat-io/leat/stac/internal/stactest"
)

// names4 is a resolver that has one address for every name, and can change its mind.
type names4 struct{ addr atomic.Pointer[netip.Addr] }

func (n *names4) is(s string) { a := netip.MustParseAddr(s); n.addr.Store(&a) }

// resolver answers from a DNS server of its own.
func (n *names4) resolver(t *testing.T) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	var done sync.WaitGroup
	done.Go(func() {
		buf := make([]byte, 1500)
		for {
			size, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			_, _ = conn.WriteTo(n.reply(buf[:size]), from)
		}
	})
	t.Cleanup(func() { conn.Close(); done.Wait() })
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

// reply has one A record, and none of any other type.
func (n *names4) reply(query []byte) []byte {
	end := 12
	for query[end] != 0 {
		end += int(query[end]) + 1
	}
	question := query[12 : end+5]
	isA := binary.BigEndian.Uint16(query[end+1:]) == 1
	out := append([]byte{query[0], query[1], 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}, question...)
	if isA {
		out[7] = 1
		out = append(out, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4)
		a := n.addr.Load().As4()
		out = append(out, a[:]...)
	}
	return out
}

// leading is a server whose landing page is good, and whose first page leads on to next.
func leading(t *testing.T, next string) *stactest.Server {
	t.Helper()
	s := stactest.New(t, stactest.EarthSearch())
	s.Change(func(_ *stactest.Shape, f *stactest.Faults) {
		f.Intercept = func(w http.ResponseWriter, r *http.Request) bool {
			switch r.URL.Path {
			case "/search":
				fmt.Fprintf(w, `{"type":"FeatureCollection","features":[],"links":[{"rel":"next","href":%q}]}`, strings.ReplaceAll(next, "HOST", s.URL))
			case "/redirect":
				w.Header().Set("Location", r.URL.Query().Get("to"))
				w.WriteHeader(http.StatusFound)
			default:
				return hostileBody(w, r)
			}
			return true
		}
	})
	return s
}

// hostileBody are answers that nobody should read to their end.
func hostileBody(w http.ResponseWriter, r *http.Request) bool {
	switch r.URL.Path {
	case "/huge":
		w.Header().Set("Content-Length", "1000000000000")
		_, _ = io.WriteString(w, `{"type":`)
	case "/endless":
		for r.Context().Err() == nil {
			if _, err := w.Write(bytes.Repeat([]byte(" "), 1<<16)); err != nil {
				return true
			}
		}
	case "/bomb":
		w.Header().Set("Content-Encoding", "gzip")
		zip := gzip.NewWriter(w)
		for range 6 << 20 >> 16 {
			_, _ = zip.Write(bytes.Repeat([]byte(" "), 1<<16))
		}
		_ = zip.Close()
	case "/deep":
		_, _ = io.WriteString(w, `{"type":"FeatureCollection","features":[],"x":`+strings.Repeat("[", 100_000))
	case "/deepitem":
		_, _ = io.WriteString(w, `{"type":"FeatureCollection","features":[{"id":"1","properties":`+strings.Repeat(`{"a":`, 100_000))
	case "/brotli":
		w.Header().Set("Content-Encoding", "br")
		_, _ = io.WriteString(w, "xx")
	default:
		return false
	}
	return true
}

// Every address that a server may lead to and should not: refused, with the reason.
func TestPoint26_HostileAddresses(t *testing.T) {
	t.Parallel()
	for next, reason := range map[string]string{
		"http://10.0.0.1/x":                           "10.0.0.1 is a private address",
		"http://192.168.1.1:8080/":                    "private address",
		"http://[fd00::1]/":                           "private address",
		"http://127.0.0.2/":                           "loopback address",
		"http://[::1]:80/":                            "loopback address",
		"http://[::ffff:127.0.0.2]/":                  "loopback address",
		"http://[64:ff9b::7f00:2]/":                   "loopback address",
		"http://[2002:a00:1::1]/":                     "private address",
		"http://169.254.169.254/latest/meta-data/":    "link-local address",
		"http://[fe80::1%25eth0]/":                    "link-local address",
		"http://0.0.0.0/":                             "this-host address",
		"http://100.64.0.1/":                          "shared address",
		"http://metadata.internal/computeMetadata/v1": "169.254.169.254 is a link-local address", // resolved
		"file:///etc/passwd":                          `scheme "file", want http or https`,
		"gopher://127.0.0.1:6379/_FLUSHALL":           `scheme "gopher"`,
		"http:///x":                                   "it has no host",
		"HOST/redirect?to=http://169.254.169.254/":    "link-local address",
		"HOST/redirect?to=file:///etc/passwd":         `scheme "file"`,
		"HOST/redirect?to=HOST/redirect":              "want",
		"HOST/huge":                                   "the answer has 1000000000000 bytes, and MaxBody is",
		"HOST/endless":                                "longer than MaxBody",
		"HOST/bomb":                                   "decompression bomb",
		"HOST/deep":                                   "JSON is nested deeper than 128 levels",
		"HOST/deepitem":                               "JSON is nested deeper than 128 levels",
		"HOST/brotli":                                 `content-encoding "br"`,
	} {
		t.Run(next, func(t *testing.T) {
			t.Parallel()
			s := leading(t, next)
			c := client(t, stac.ClientConfig{
				URL: s.URL, AllowHosts: []string{"*"}, AllowNetworks: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}, MaxBody: 8 << 20, RetryFor: time.Minute,
			})
			n := &names4{}
			n.is("169.254.169.254")
			stac.SetResolver(c, n.resolver(t))
			var refused *stac.RefusedError
			if strings.Contains(next, "to=HOST/redirect") {
				s.Change(func(_ *stactest.Shape, f *stactest.Faults) { f.Intercept = circle(s, f.Intercept) })
				reason = "more than 5 redirects"
			}
			g := gather(c.Search(within(t), stac.Query{}))
			require.ErrorAs(t, g.err, &refused)
			require.Contains(t, g.err.Error(), reason)
			require.NotContains(t, g.err.Error(), "?")
		})
	}
}

// Addresses in other notations are names that nobody has, or are resolved and then looked at: never connected to.
func TestPoint26_AddressesInOddNotations(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"2130706433", "0x7f000001", "127.1", "0177.0.0.1", "127.0.0.1.", "①②⑦.0.0.1"} {
		s := stactest.New(t, stactest.EarthSearch())
		u, err := url.Parse(s.URL)
		require.NoError(t, err)
		c := client(t, stac.ClientConfig{URL: "http://" + host + ":" + u.Port(), AllowNetworks: []netip.Prefix{}})
		n := &names4{}
		n.is("127.0.0.1")
		stac.SetResolver(c, n.resolver(t))
		_, err = c.Landing(within(t))
		require.Error(t, err, host)
		require.Empty(t, s.Requests(), host)
	}
}

// circle redirects to itself.
func circle(s *stactest.Server, otherwise func(http.ResponseWriter, *http.Request) bool) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/redirect" {
			return otherwise(w, r)
		}
		http.Redirect(w, r, s.URL+"/redirect?again", http.StatusFound)
		return true
	}
}

// A name that points to an allowed address when it is looked at, and to a private one when it is asked.
func TestPoint26_Rebinding(t *testing.T) {
	t.Parallel()
	s := stactest.New(t, stactest.EarthSearch(), stactest.Items("a", 30, day, time.Hour)...)
	s.Config.SetKeepAlivesEnabled(false) // a new connection for each request
	u, err := url.Parse(s.URL)
	require.NoError(t, err)
	n := &names4{}
	n.is("127.0.0.1")
	c := client(t, stac.ClientConfig{
		URL: "http://stac.example.com:" + u.Port(), AllowNetworks: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")},
	})
	stac.SetResolver(c, n.resolver(t))
	s.Change(func(_ *stactest.Shape, f *stactest.Faults) {
		f.Href = func(href string) string {
			return "http://stac.example.com:" + u.Port() + strings.TrimPrefix(href, s.URL)
		}
	})
	var pages int
	for page, err := range c.Search(within(t), stac.Query{Limit: 10}) {
		if pages == 1 {
			var refused *stac.RefusedError
			require.ErrorAs(t, err, &refused)
			require.Contains(t, err.Error(), "127.0.0.2 is a loopback address")
			require.Len(t, s.Searches(), 1)
			return
		}
		require.NoError(t, err)
		require.Len(t, page.Items, 10)
		pages++
		n.is("127.0.0.2")
	}
	t.Fatal("it went on")
}

// Hosts have to be allowed by name, and plain http never takes the place of https.
func TestPoint26_HostsOfLinks(t *testing.T) {
	t.Parallel()
	other := stactest.New(t, stactest.EarthSearch())
	s := leading(t, other.URL+"/search?secret=1")
	_, port, err := net.SplitHostPort(other.Listener.Addr().String())
	require.NoError(t, err)
	for _, allow := range []string{"", "127.0.0.1", "example.com", "*.0.0.1:" + port} {
		cfg := stac.ClientConfig{URL: s.URL}
		if allow != "" {
			cfg.AllowHosts = []string{allow}
		}
		g := gather(client(t, cfg).Search(within(t), stac.Query{}))
		require.ErrorContains(t, g.err, "is not that of the API, and is not in AllowHosts", allow)
		require.NotContains(t, g.err.Error(), "secret")
	}
	require.Empty(t, other.Requests())
	for _, allow := range []string{"*", "127.0.0.1:" + port} {
		g := gather(client(t, stac.ClientConfig{URL: s.URL, AllowHosts: []string{allow}}).Search(within(t), stac.Query{}))
		require.NoError(t, g.err, allow)
	}
	require.Len(t, other.Requests(), 2)

	secure := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			fmt.Fprint(w, `{"type":"Catalog","links":[{"rel":"search","href":"/search"}]}`)
		default:
			fmt.Fprintf(w, `{"type":"FeatureCollection","features":[],"links":[{"rel":"next","href":%q}]}`, s.URL+"/search")
		}
	}))
	t.Cleanup(secure.Close)
	transport, ok := secure.Client().Transport.(*http.Transport)
	require.True(t, ok)
	g := gather(client(t, stac.ClientConfig{URL: secure.URL, AllowHosts: []string{"*"}, TLS: transport.TLSClientConfig}).Search(within(t), stac.Query{}))
	require.ErrorContains(t, g.err, "http, while the API has https")
	for _, bad := range []string{"a b", "http://x", "x/y", "*.*.x", ""} {
		_, err := stac.NewClient(stac.ClientConfig{URL: "https://x", AllowHosts: []string{bad}})
		require.ErrorContains(t, err, "AllowHosts", bad)
	}
}

// Links to the API's own host by http are asked by https where the API has that.
func TestPoint26_LinksByHTTPToAnAPIWithHTTPS(t *testing.T) {
	t.Parallel()
	var c *stac.Client
	secure := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			fmt.Fprint(w, `{"type":"Catalog","links":[{"rel":"search","href":"http://127.0.0.1/search"}]}`)
		default:
			fmt.Fprint(w, `{"type":"FeatureCollection","features":[{"id":"1","links":[{"rel":"self","href":"http://127.0.0.1/1"}]}],"links":[]}`)
		}
	}))
	t.Cleanup(secure.Close)
	transport, ok := secure.Client().Transport.(*http.Transport)
	require.True(t, ok)
	c = client(t, stac.ClientConfig{URL: secure.URL, TLS: transport.TLSClientConfig})
	g := gather(c.Search(within(t), stac.Query{}))
	require.NoError(t, g.err)
	require.Equal(t, secure.URL+"/1", g.items[0].Href)
}

// Whoever the server leads to, through links, redirects or headers in links: they do not hear who we are.
func TestPoint26_CredentialsGoToTheAPIAlone(t *testing.T) {
	t.Parallel()
	for name, auth := range map[string]stac.Auth{
		"bearer": stac.Bearer("s3cret-token"), "basic": stac.Basic("me", "s3cret-token"), "key": stac.APIKey("X-Api-Key", "s3cret-token"), "query": stac.APIKeyQuery("key", "s3cret-token"),
	} {
		other := stactest.New(t, stactest.EarthSearch())
		for _, next := range []string{other.URL + "/search", "HOST/redirect?to=" + other.URL + "/search"} {
			s := leading(t, next)
			c := client(t, stac.ClientConfig{URL: s.URL, Auth: auth, AllowHosts: []string{"*"}, AllowNetworks: loopback, Header: http.Header{"X-Tenant": {"s3cret-tenant"}}})
			g := gather(c.Search(within(t), stac.Query{}))
			require.NoError(t, g.err, name)
			require.NotContains(t, fmt.Sprint(s.Requests()[0].Query, s.Requests()[0].Header), "nobody")
			require.Contains(t, fmt.Sprint(s.Requests()[0].Header), "s3cret-tenant", name)
		}
		require.Len(t, other.Requests(), 2)
		for _, r := range other.Requests() {
			for _, secret := range []string{"s3cret", "bWU6"} {
				require.NotContains(t, fmt.Sprint(r), secret, name)
			}
		}
	}
	// A link cannot set what is about the connection or about who we are.
	s := stactest.New(t, stactest.EarthSearch(), stactest.Items("a", 3, day, time.Hour)...)
	s.Change(func(_ *stactest.Shape, f *stactest.Faults) {
		f.Intercept = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != "/search" || r.URL.RawQuery == "2" {
				return false
			}
			fmt.Fprint(w, `{"type":"FeatureCollection","features":[],"links":[{"rel":"next","href":"/search?2","headers":
				{"Authorization":"Bearer theirs","Host":"evil","cookie":"a=b","X-Good":"yes","X-Bad":"a\r\nX-Injected: 1","content-length":"5","transfer-encoding":"chunked","X Y":"z","X-List":["a","b"]}}]}`)
			return true
		}
	})
	g := gather(client(t, stac.ClientConfig{URL: s.URL, Auth: stac.Bearer("ours")}).Search(within(t), stac.Query{}))
	require.NoError(t, g.err)
	last := s.Searches()[1]
	require.Equal(t, "Bearer ours", last.Header.Get("Authorization"))
	require.Equal(t, "yes", last.Header.Get("X-Good"))
	require.Equal(t, []string{"a", "b"}, last.Header.Values("X-List"))
	for _, name := range []string{"Cookie", "X-Bad", "X-Injected", "X Y", "Transfer-Encoding"} {
		require.Empty(t, last.Header.Get(name), name)
	}
}

func TestAddressesThatAreNotPublic(t *testing.T) {
	t.Parallel()
	for _, a := range []string{
		"8.8.8.8", "1.1.1.1", "172.15.0.1", "172.32.0.1", "100.63.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450::1", "64:ff9b::808:808", "2002:808:808::1",
	} {
		require.Empty(t, stac.NotPublic(netip.MustParseAddr(a)), a)
	}
	for _, a := range []string{
		"127.0.0.1", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.0.1", "169.254.1.1", "0.0.0.0", "0.1.2.3", "100.64.0.1", "192.0.0.8", "192.0.2.1", "198.18.0.1", "198.51.100.1",
		"203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "::", "::1", "::7f00:1", "fe80::1", "fc00::1", "fd12::1", "fec0::1", "ff02::1", "2001::1", "2001:db8::1",
		"64:ff9b::a00:1", "64:ff9b:1::1", "2002:7f00:1::1", "100::1", "3fff::1", "4000::1",
	} {
		require.NotEmpty(t, stac.NotPublic(netip.MustParseAddr(a)), a)
	}
	require.NotEmpty(t, stac.NotPublic(netip.Addr{}))
}

// With a proxy it is the proxy that connects; what is written into URLs is looked at all the same.
func TestProxy(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if r.URL.Path == "/" {
			fmt.Fprint(w, `{"type":"Catalog","links":[{"rel":"search","href":"/search"}]}`)
			return
		}
		fmt.Fprint(w, `{"type":"FeatureCollection","features":[],"links":[{"rel":"next","href":"http://169.254.169.254/"}]}`)
	}))
	t.Cleanup(proxy.Close)
	u, err := url.Parse(proxy.URL)
	require.NoError(t, err)
	c := client(t, stac.ClientConfig{URL: "http://stac.invalid/", Proxy: http.ProxyURL(u), AllowHosts: []string{"*"}})
	g := gather(c.Search(within(t), stac.Query{}))
	require.ErrorContains(t, g.err, "link-local")
	require.EqualValues(t, 2, asked.Load())
}
