package conformance

import (
	"cmp"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/deploy/acl"
	"github.com/leat-io/leat/internal/embedded"
	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/internal/streamtest"
	"github.com/leat-io/leat/stream"
)

func TestMain(m *testing.M) {
	if os.Getenv(roleVariable) != "" {
		os.Exit(workerMain())
	}
	redistest.Main(m)
}

// server is one kind of server that the suite runs on.
type server struct {
	url string // of the one who adds
	// worker and operator are the URLs of those who work and who look, where they are other users.
	worker, operator string
	ca, cert, key    string
	// admin is a client with all rights at the server that has the key.
	admin func(t *testing.T, key string) *redis.Client
}

func (s server) options() []stream.Option {
	if s.ca == "" {
		return nil
	}
	return []stream.Option{stream.WithCA(s.ca), stream.WithClientCert(s.cert, s.key)}
}

// lab is a stream of the test's own on the server.
func (s server) lab(t *testing.T) *lab {
	t.Helper()
	t.Parallel()
	l := &lab{Lab: streamtest.New(t, s.url, s.options()...), server: s, t: t}
	l.operator, l.worker = l.Conn, l.Conn
	if s.worker != "" {
		l.operator, l.worker = l.as(s.operator), l.as(s.worker)
	}
	var err error
	l.Group, err = l.operator.Group(l.Stream, "workers", stream.DeadLetter{})
	require.NoError(t, err)
	l.work, err = l.worker.Group(l.Stream, "workers", stream.DeadLetter{})
	require.NoError(t, err)
	return l
}

// lab is a stream and those who use it: what is in Lab adds to it and looks at it, the rest works it off.
type lab struct {
	*streamtest.Lab
	operator, worker *stream.Conn
	work             *stream.Group // the group as a worker has it; Lab's is the operator's
	server           server
	t                *testing.T
}

// as is a connection of another user.
func (l *lab) as(url string, opts ...stream.Option) *stream.Conn {
	l.t.Helper()
	conn, err := stream.Dial(l.Ctx, url, append(l.server.options(), opts...)...)
	require.NoError(l.t, err)
	l.t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// workerURL is where a worker connects.
func (s server) workerURL() string { return cmp.Or(s.worker, s.url) }

// Run runs a consumer on the worker's connection.
func (l *lab) Run(h consumer.Handler, change func(*consumer.Config)) *streamtest.Running {
	l.t.Helper()
	return l.RunOn(l.worker, h, change)
}

// Dial is another connection of a worker.
func (l *lab) Dial(opts ...stream.Option) *stream.Conn {
	l.t.Helper()
	return l.as(l.server.workerURL(), opts...)
}

// redis is a client with all rights at the server that has the lab's stream.
func (l *lab) redis() *redis.Client { return l.server.admin(l.t, l.Stream) }

func single(s *redistest.Server) server {
	return server{url: s.URL(), admin: func(t *testing.T, _ string) *redis.Client { return s.Client(t) }}
}

// kinds are the servers, each started when it is first asked for.
func kinds(t *testing.T) map[string]func(t *testing.T) server {
	t.Helper()
	all := map[string]func(t *testing.T) server{
		"standalone": func(t *testing.T) server { return single(redistest.Shared(t)) },
		"tls and acl": func(t *testing.T) server {
			s := redistest.SharedTLS(t)
			kind := single(s)
			kind.ca, kind.cert, kind.key = s.CAFile(), s.CertFile(), s.KeyFile()
			return kind
		},
		"sentinel": func(t *testing.T) server {
			s := redistest.SharedSentinel(t)
			return server{url: s.URL(), admin: func(t *testing.T, _ string) *redis.Client { return s.Master().Client(t) }}
		},
		"cluster": func(t *testing.T) server {
			s := redistest.SharedCluster(t)
			return server{url: s.URL(), admin: func(t *testing.T, key string) *redis.Client { return s.MasterFor(key).Client(t) }}
		},
		"embedded": func(t *testing.T) server {
			broker, err := embedded.Start(t.Context())
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, broker.Close()) })
			return server{url: broker.URL(), admin: func(t *testing.T, _ string) *redis.Client {
				client := redis.NewClient(&redis.Options{Addr: broker.Addr(), MaxRetries: -1})
				t.Cleanup(func() { _ = client.Close() })
				return client
			}}
		},
	}
	for i, program := range redistest.Installed(t) {
		if i > 0 { // the first is what "standalone" runs
			all[program.String()] = func(t *testing.T) server { return single(redistest.Start(t, redistest.Binary(program.Path))) }
		}
		all[program.String()+" with the users of deploy-acl"] = func(t *testing.T) server { return leastPrivileged(t, program.Path) }
	}
	return all
}

// leastPrivileged is a server on which everybody may do what is theirs and nothing else: deploy/acl.
func leastPrivileged(t *testing.T, program string) server {
	t.Helper()
	const labs = "*:events*" // as streamtest names streams
	opts := []redistest.Option{redistest.Binary(program)}
	for _, role := range acl.Roles() {
		opts = append(opts, redistest.ACLUser(role.User(), "pw", strings.Join(role.Rules(labs), " ")))
	}
	s := redistest.Start(t, opts...)
	at := func(role acl.Role) string {
		return (&url.URL{Scheme: "redis", User: url.UserPassword(role.User(), "pw"), Host: s.Addr()}).String()
	}
	kind := single(s)
	kind.url, kind.worker, kind.operator = at(acl.Producer), at(acl.Consumer), at(acl.Operator)
	return kind
}

// TestConformance runs the suite on each kind.
func TestConformance(t *testing.T) {
	t.Parallel()
	for name, start := range kinds(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			// The server outlives the suite, which runs in parallel inside.
			t.Run("suite", func(t *testing.T) {
				for name, test := range suite {
					t.Run(name, func(t *testing.T) { test(t, s) })
				}
			})
		})
	}
}

// suite is every promise, by name.
var suite = map[string]func(t *testing.T, s server){
	"at least once":            atLeastOnce,
	"at most once":             atMostOnce,
	"redelivery after SIGKILL": redeliveryAfterSIGKILL,
	"retry timing":             retryTiming,
	"verdicts":                 verdicts,
	"dead letter and redrive":  deadLetterAndRedrive,
	"order within a key":       orderWithinAKey,
	"pause":                    pause,
	"drain":                    drain,
	"group lost":               groupLost,
	"payload lost":             payloadLost,
	"malformed entry":          malformedEntry,
	"duplicate field names":    duplicateFieldNames,
	"payloads of 1 MiB":        largePayloads,
	"ten thousand pending":     tenThousandPending,
	"many streams":             manyStreams,
	"lost replies":             lostReplies,
	"fenced settlement":        fencedSettlement,
	"names go only when empty": namesGoOnlyWhenEmpty,
	"wrapped client":           wrappedClient,
}
