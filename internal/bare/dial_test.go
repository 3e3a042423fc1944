package bare_test

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/bare"
	"github.com/leat-io/leat/internal/redistest"
)

func TestDialEveryKindOfServer(t *testing.T) {
	t.Parallel()
	acl := redistest.ACLUser("worker", "wörker secret", "~* +@all")
	kinds := map[string]struct {
		options []redistest.Option
		cfg     bare.Config
	}{
		"plain":    {},
		"unix":     {options: []redistest.Option{redistest.Unix()}},
		"password": {options: []redistest.Option{redistest.Password("p@ss")}, cfg: bare.Config{Password: "p@ss"}},
		"user":     {options: []redistest.Option{acl}, cfg: bare.Config{Username: "worker", Password: "wörker secret"}},
		"tls":      {options: []redistest.Option{redistest.TLS(), acl}, cfg: bare.Config{Username: "worker", Password: "wörker secret"}},
		"database": {cfg: bare.Config{DB: 3}},
	}
	for name, kind := range kinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t, kind.options...)
			kind.cfg.Addr, kind.cfg.TLS = server.Addr(), server.TLSConfig()
			c, err := bare.Dial(t.Context(), kind.cfg)
			require.NoError(t, err)
			defer c.Close()
			require.NoError(t, c.Publish(t.Context(), bare.Publishing{Key: "s", N: 3, Pairs: 1, Fields: number}))
			got, err := c.Do(t.Context(), "XLEN", "s")
			require.NoError(t, err)
			require.Equal(t, bare.Value{Int: 3}, got)
			info, err := c.Do(t.Context(), "CLIENT", "INFO")
			require.NoError(t, err)
			require.Contains(t, info.Text, " db="+string(rune('0'+kind.cfg.DB))+" ")
		})
	}
}

func TestDialErrorsSayWhere(t *testing.T) {
	t.Parallel()
	locked := redistest.Start(t, redistest.Password("right"))
	var reply bare.ServerError

	_, err := bare.Dial(t.Context(), bare.Config{Addr: locked.Addr(), Password: "canary-secret"})
	require.ErrorContains(t, err, "dial redis at "+locked.Addr()+": AUTH: WRONGPASS")
	require.ErrorAs(t, err, &reply)
	require.NotContains(t, err.Error(), "canary-secret")

	_, err = bare.Dial(t.Context(), bare.Config{Addr: locked.Addr()})
	require.ErrorContains(t, err, "PING: NOAUTH")

	_, err = bare.Dial(t.Context(), bare.Config{Addr: locked.Addr(), Password: "right", DB: 1000})
	require.ErrorContains(t, err, "SELECT: ERR DB index is out of range")

	_, err = bare.Dial(t.Context(), bare.Config{Addr: t.TempDir() + "/nobody.sock"})
	require.ErrorContains(t, err, "nobody.sock")
}

// A port that takes connections and never answers must not hold anybody up.
func TestContextEndsWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err = bare.Dial(ctx, bare.Config{Addr: listener.Addr().String()})
	require.ErrorIs(t, err, context.DeadlineExceeded)

	nc, err := new(net.Dialer).DialContext(t.Context(), "tcp", listener.Addr().String())
	require.NoError(t, err)
	c := bare.New(nc)
	defer c.Close()
	ctx, cancel = context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err = c.Do(ctx, "PING")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	_, err = c.Do(t.Context(), "PING")
	require.ErrorIs(t, err, bare.ErrUnusable)
	require.ErrorIs(t, c.Publish(t.Context(), bare.Publishing{}), bare.ErrUnusable)
	_, _, err = c.Consume(t.Context(), bare.Consuming{})
	require.ErrorIs(t, err, bare.ErrUnusable)
}
