package world

import (
	"context"

	"github.com/redis/go-redis/v9"
)

// silence is a logger of go-redis that says nothing: it would tell of every connection that a fault ends.
type silence struct{}

// Printf says nothing.
func (silence) Printf(context.Context, string, ...any) {}

// Quiet makes go-redis say nothing, in the whole program.
func Quiet() { redis.SetLogger(silence{}) }
