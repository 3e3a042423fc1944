// Package redistest gives tests real Redis servers: standalone (plain, AOF, ACL, TLS, unix socket), sentinel and cluster.
//
// Every server is a child process on free loopback ports, in a folder of its own, without persistence unless asked for. It ends
// with its test, or with the test binary, even one that is SIGKILLed. A machine without redis-server fails the test with a word
// on what to install; nothing is skipped.
//
//	func TestMain(m *testing.M) { redistest.Main(m) }
//
//	func TestPublish(t *testing.T) {
//		t.Parallel()
//		conn, err := stream.Dial(ctx, redistest.Shared(t).URL())
//		name := redistest.Prefix(t) + "orders"
//		...
//	}
//
// Shared, SharedTLS, SharedSentinel and SharedCluster are started once per test binary, on first use, and serve all its tests:
// tests keep to keys of their own (Prefix) and may not stop them. A test that kills, pauses or reconfigures starts its own with
// Start, StartSentinel or StartCluster.
//
// Methods fail the test through the testing.TB that the server was asked for with. The disturbing ones (Kill, Stop, Pause,
// Resume, Restart) may be called from other goroutines; when they fail there, only that goroutine ends, so such a goroutine
// should report its end in a defer.
//
// LEAT_TEST_REDIS_SERVER names the program that is started where no Binary option says otherwise; the default is redis-server
// from PATH. So a whole test run can be repeated on another version: see Installed and scripts/fetch-redis.sh.
package redistest
