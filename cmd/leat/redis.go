package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/pflag"

	"github.com/leat-io/leat/internal/embedded"
	"github.com/leat-io/leat/stream"
)

// embeddedURL starts a broker inside the process.
const embeddedURL = "embedded:"

// redisFlags lead to Redis.
type redisFlags struct {
	url, passwordFile, sentinelPasswordFile, ca, cert, key string
}

func (r *redisFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&r.url, "redis", stream.DefaultURL,
		"`URL` of Redis: redis://, rediss://, unix://, redis+sentinel://, redis+cluster://;\nembedded: is a broker inside this process, empty, and gone when it ends")
	flags.StringVar(&r.passwordFile, "redis-password-file", "", "`FILE` with the password, read anew at each connection")
	flags.StringVar(&r.sentinelPasswordFile, "redis-sentinel-password-file", "", "`FILE` with the password of the sentinels themselves")
	flags.StringVar(&r.ca, "redis-ca", "", "PEM `FILE` of the authority that signed the server's certificate (rediss://)")
	flags.StringVar(&r.cert, "redis-cert", "", "PEM `FILE` of a client certificate (rediss://)")
	flags.StringVar(&r.key, "redis-key", "", "PEM `FILE` of the client certificate's key")
}

// check finds what is wrong with the flags without connecting.
func (r *redisFlags) check() error {
	switch {
	case (r.cert == "") != (r.key == ""):
		return usagef("--redis-cert and --redis-key are wanted together")
	case r.url == embeddedURL && (r.passwordFile != "" || r.sentinelPasswordFile != "" || r.ca != "" || r.cert != ""):
		return usagef("--redis embedded: has neither a password nor TLS")
	}
	return nil
}

func (r *redisFlags) options() (opts []stream.Option) {
	if r.passwordFile != "" {
		opts = append(opts, stream.WithPasswordFile(r.passwordFile))
	}
	if r.sentinelPasswordFile != "" {
		opts = append(opts, stream.WithSentinelPasswordFile(r.sentinelPasswordFile))
	}
	if r.ca != "" {
		opts = append(opts, stream.WithCA(r.ca))
	}
	if r.cert != "" {
		opts = append(opts, stream.WithClientCert(r.cert, r.key))
	}
	return opts
}

// connect leads to the Redis that the flags name. The function ends the
// connection, and the broker where it is the embedded one.
func (a *app) connect(ctx context.Context) (*stream.Conn, func(), error) {
	if err := a.redis.check(); err != nil {
		return nil, nil, err
	}
	url, stop := a.redis.url, func() {}
	if url == embeddedURL {
		// Not with ctx: what drains after a signal still needs it.
		broker, err := embedded.Start(context.WithoutCancel(ctx))
		if err != nil {
			return nil, nil, fmt.Errorf("start the embedded broker: %w", err)
		}
		url, stop = broker.URL(), func() { _ = broker.Close() }
	}
	conn, err := stream.Dial(ctx, url, a.redis.options()...)
	if err != nil {
		stop()
		if errors.Is(err, stream.ErrURL) {
			err = &usageError{err}
		}
		return nil, nil, err
	}
	return conn, func() {
		_ = conn.Close()
		stop()
	}, nil
}
