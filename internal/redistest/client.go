package redistest

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// Client returns a go-redis client for looking at the server and setting it up, with all rights whatever ACLs the test set. It
// is closed with t. It does not retry, so what a test sees of the server is what happened.
func (s *Server) Client(t testing.TB) *redis.Client {
	t.Helper()
	c := s.newClient()
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func (in *instance) newClient() *redis.Client {
	network := "tcp"
	if in.set.unix {
		network = "unix"
	}
	return redis.NewClient(&redis.Options{
		Network:               network,
		Addr:                  in.Addr(),
		Username:              in.admin.name,
		Password:              in.admin.password,
		TLSConfig:             in.TLSConfig(),
		MaxRetries:            -1,
		DialTimeout:           5 * time.Second,
		DialerRetries:         1,
		ContextTimeoutEnabled: true,
		DisableIdentity:       true,
		// The handshake of this feature is a command that no open Redis knows: noise in the logs.
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
}

// withClient runs do with a client and a bounded time, for the package's own work.
func (in *instance) withClient(timeout time.Duration, do func(context.Context, *redis.Client) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	c := in.newClient()
	defer func() { _ = c.Close() }()
	return do(ctx, c)
}
