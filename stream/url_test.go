package stream

import (
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

// canary stands for a secret. It must be in no error.
const canary = "c4n4ry"

func simplePlan(t *testing.T, raw string) *redis.Options {
	t.Helper()
	p, err := parseURL(raw)
	require.NoError(t, err, raw)
	require.NotNil(t, p.simple, raw)
	require.Nil(t, p.cluster)
	require.Nil(t, p.failover)
	require.NotContains(t, p.String(), canary)
	return p.simple
}

func TestParseSingle(t *testing.T) {
	t.Parallel()
	type want struct {
		addr, user, password string
		db, protocol         int
		tls                  bool
	}
	for raw, w := range map[string]want{
		"":                      {addr: "127.0.0.1:6379"},
		"redis://":              {addr: "127.0.0.1:6379"},
		"redis:///3":            {addr: "127.0.0.1:6379", db: 3},
		"redis://h":             {addr: "h:6379"},
		"REDIS://h/":            {addr: "h:6379"},
		"redis://h:1/2":         {addr: "h:1", db: 2},
		"redis://h?db=4":        {addr: "h:6379", db: 4},
		"redis://[::1]":         {addr: "[::1]:6379"},
		"redis://[fe80::1]:7/1": {addr: "[fe80::1]:7", db: 1},
		"redis://:c4n4ry@h":     {addr: "h:6379", password: canary},
		"redis://u:c4n4ry@h":    {addr: "h:6379", user: "u", password: canary},
		"redis://u@h":           {addr: "h:6379", user: "u"},
		"redis://u%40x:p%3A%2F%3F%40%25%C3%BC@h:1": {addr: "h:1", user: "u@x", password: "p:/?@%ü"},
		"redis://u:a:b@c@h":                        {addr: "h:6379", user: "u", password: "a:b@c"},
		"redis://u:a+b@h":                          {addr: "h:6379", user: "u", password: "a+b"},
		"rediss://h?protocol=2":                    {addr: "h:6379", protocol: 2, tls: true},
	} {
		o := simplePlan(t, raw)
		got := want{o.Addr, o.Username, o.Password, o.DB, o.Protocol, o.TLSConfig != nil}
		require.Equal(t, w, got, raw)
	}
	o := simplePlan(t, "redis://h?client_name=me&dial_timeout=250ms&protocol=3")
	require.Equal(t, "me", o.ClientName)
	require.Equal(t, 250*time.Millisecond, o.DialTimeout)
	require.Equal(t, 3, o.Protocol)
}

func TestParseUnix(t *testing.T) {
	t.Parallel()
	o := simplePlan(t, "unix://u:c4n4ry@/run/a@b/redis.sock?db=2")
	require.Equal(t, []any{"unix", "/run/a@b/redis.sock", "u", canary, 2}, []any{o.Network, o.Addr, o.Username, o.Password, o.DB})
	o = simplePlan(t, "unix:///run/redis.sock")
	require.Equal(t, "/run/redis.sock", o.Addr)
}

func TestParseSentinel(t *testing.T) {
	t.Parallel()
	p, err := parseURL("rediss+sentinel://u:c4n4ry@a,b:1,[::1]:2/main/5?sentinel_username=su&sentinel_password=c4n4ry%40&client_name=x")
	require.NoError(t, err)
	o := p.failover
	require.Equal(t, []string{"a:26379", "b:1", "[::1]:2"}, o.SentinelAddrs)
	require.Equal(t, []any{"main", "u", canary, 5, "su", canary + "@", "x"},
		[]any{o.MasterName, o.Username, o.Password, o.DB, o.SentinelUsername, o.SentinelPassword, o.ClientName})
	require.NotNil(t, o.TLSConfig)
	require.NotContains(t, p.String(), canary)
}

func TestParseCluster(t *testing.T) {
	t.Parallel()
	p, err := parseURL("rediss+cluster://u:c4n4ry@a,b:1/0?protocol=3&dial_timeout=1s")
	require.NoError(t, err)
	require.Equal(t, []string{"a:6379", "b:1"}, p.cluster.Addrs)
	require.Equal(t, []any{"u", canary, 3, time.Second}, []any{p.cluster.Username, p.cluster.Password, p.cluster.Protocol, p.cluster.DialTimeout})
	require.NotNil(t, p.cluster.TLSConfig)
	require.NotContains(t, p.String(), canary)
}

// badURLs are refused. Where a secret is in one, it is the canary or ends with it.
var badURLs = []string{
	"localhost:6379", "http://h", "redi://h", "redis+x://h", "rediss+x://h", "redis+sentinels://h/m", "://h", "redissentinel://h/m",
	"redis://h:0", "redis://h:65536", "redis://h:port", "redis://:6379", "redis://h:", "redis://a,b", "redis://h,",
	"redis://h/x", "redis://h/-1", "redis://h/1/2", "redis://h/70000", "redis://h?db=x", "redis://h?protocol=4", "redis://h?protocol=x",
	"redis://h?dial_timeout=5", "redis://h?dial_timeout=-1s", "redis://h?unknown=1", "redis://h?a=%zz", "redis://h?a=1;b=2",
	"unix://", "unix://relative", "unix://host/path", "unix:///x?db=y", "unix:///x?sentinel_password=c4n4ry",
	"redis+sentinel://h", "redis+sentinel://h/", "redis+sentinel://h/m/x", "redis+sentinel://,/m",
	"redis+cluster://h/1", "redis+cluster://h?db=0", "redis+cluster://a,b:x",
	"redis://u:%zzc4n4ry@h", "redis://%zz:c4n4ry@h",
	// Passwords that should have been percent-encoded.
	"redis://:c4n4ry/x@h", "redis://u:c4n4ry/x@h", "redis://u:x/c4n4ry@h:1", "redis://u:c4n4ry?x@h", "redis://u:x?c4n4ry@h",
	"redis://u:x?y=c4n4ry@h", "redis://u:p@c4n4ry/x@h", "redis://u:x@c4n4ry?y@h", "redis+cluster://u:c4n4ry/0@h,h", "redis+sentinel://u:c4n4ry/m@h/m",
	"redis+sentinel://u:c4n4ry@h", "redis+sentinel://h/m?sentinel_password=x@c4n4ry", "unix://u:c4n4ry/x@/path", "unix://u:c4n4ry@relative",
	"redis://h?password=c4n4ry", "redis://u:c4n4ry@h?x=c4n4ry",
}

func TestBadURLs(t *testing.T) {
	t.Parallel()
	for _, raw := range badURLs {
		p, err := parseURL(raw)
		require.ErrorIs(t, err, ErrURL, raw)
		require.Nil(t, p, raw)
		require.NotContains(t, err.Error(), canary, raw)
		_, err = Dial(t.Context(), raw)
		require.ErrorIs(t, err, ErrURL, raw)
		require.NotContains(t, err.Error(), canary, raw)
	}
}

func FuzzParseURL(f *testing.F) {
	for _, raw := range badURLs {
		f.Add(raw, "")
	}
	f.Add("redis://u:%s@h:1/2?protocol=2", "p")
	f.Add("redis+sentinel://u:%s@[::1],h/m/2?sentinel_password=x", "p%41")
	f.Fuzz(func(t *testing.T, raw, password string) {
		// A password put into a URL as it is, encoded or not, is never shown.
		if len(password) >= 6 && strings.Count(raw, "%s") == 1 && !strings.Contains(raw, password) {
			password = canary + password
			raw = strings.Replace(raw, "%s", password, 1)
			i, at := strings.Index(raw, ":"+canary), strings.LastIndex(raw, "@")
			if i < 0 || at < i || strings.Index(raw, "://") > i || strings.Contains(raw[:strings.Index(raw, "://")+1], canary) {
				return
			}
			if p, err := parseURL(raw); err != nil {
				require.NotContains(t, err.Error(), canary)
			} else if !strings.HasPrefix(raw, "unix") {
				require.NotContains(t, p.String(), canary)
			}
			return
		}
		p, err := parseURL(raw)
		require.Equal(t, err == nil, p != nil)
	})
}
