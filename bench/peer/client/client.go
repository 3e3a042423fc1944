// Package client makes the go-redis client that some of the peers take.
package client

import (
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// New returns a client of the server at addr (host:port) with room for this many connections at once. It connects when it is
// first used. Whatever go-redis says to a server of its own accord is switched off: it costs a library nothing but a slower
// start, and open Redis answers part of it with an error.
func New(addr string, connections int) *redis.Client {
	return redis.NewClient(&redis.Options{
		Addr:                     addr,
		PoolSize:                 connections,
		DisableIdentity:          true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
}
