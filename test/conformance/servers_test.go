package conformance

import (
	"os"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

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
	url           string
	ca, cert, key string
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
	return &lab{streamtest.New(t, s.url, s.options()...), s, t}
}

type lab struct {
	*streamtest.Lab
	server server
	t      *testing.T
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
	for _, program := range redistest.Installed(t)[1:] { // the first is what "standalone" runs
		all[program.String()] = func(t *testing.T) server { return single(redistest.Start(t, redistest.Binary(program.Path))) }
	}
	return all
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
