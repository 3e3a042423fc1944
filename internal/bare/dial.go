package bare

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strconv"
	"strings"
)

// Config says where Redis is and who asks.
type Config struct {
	// Addr is host:port, or the path of a unix socket, which begins with a slash.
	Addr string
	// Username and Password are for AUTH, which is sent when there is a password.
	// Without a username it is the default user's.
	Username, Password string
	// TLS is for a server that speaks it; nil for one that does not.
	TLS *tls.Config
	// DB is the number of the database.
	DB int
}

// Dial connects, authenticates and selects the database, all within ctx. It speaks
// RESP2.
func Dial(ctx context.Context, cfg Config) (*Conn, error) {
	nc, err := connect(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("dial redis at %s: %w", cfg.Addr, err)
	}
	c := New(nc)
	if err := c.introduce(ctx, cfg); err != nil {
		_ = c.Close()
		return nil, fmt.Errorf("dial redis at %s: %w", cfg.Addr, err)
	}
	return c, nil
}

func connect(ctx context.Context, cfg Config) (net.Conn, error) {
	network := "tcp"
	if strings.HasPrefix(cfg.Addr, "/") {
		network = "unix"
	}
	if cfg.TLS != nil {
		return (&tls.Dialer{Config: cfg.TLS}).DialContext(ctx, network, cfg.Addr)
	}
	return new(net.Dialer).DialContext(ctx, network, cfg.Addr)
}

// introduce sends what comes first on a connection. PING shows that the server lets
// this user in where there is neither a password nor a database to tell.
func (c *Conn) introduce(ctx context.Context, cfg Config) error {
	if cfg.Password != "" {
		args := []string{"AUTH", cfg.Username, cfg.Password}
		if cfg.Username == "" {
			args = []string{"AUTH", cfg.Password}
		}
		if _, err := c.Do(ctx, args...); err != nil {
			return err
		}
	}
	if cfg.DB != 0 {
		if _, err := c.Do(ctx, "SELECT", strconv.Itoa(cfg.DB)); err != nil {
			return err
		}
	}
	_, err := c.Do(ctx, "PING")
	return err
}
