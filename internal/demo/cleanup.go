package demo

import (
	"context"
	"fmt"
	"net"

	"github.com/redis/go-redis/v9"

	"github.com/leat-io/leat/stream"
)

// eraser deletes the demo's keys. The stream package has no way to delete a
// stream, and should not have one; so a hook on the connection sends a DEL in front
// of a command that is marked for it. By that it goes to the right server, be it one
// of a cluster or the one that the sentinels name, and with the right credentials.
type eraser struct{ keys []any }

func newEraser(keys stream.Keys, group string) *eraser {
	return &eraser{[]any{keys.Stream, keys.Retry(group), keys.Failures(group), keys.Dead(group)}}
}

type eraseMark struct{}

// erase deletes the keys, which are all in the slot of the group's stream.
func (e *eraser) erase(ctx context.Context, group *stream.Group) error {
	outcome := new(error)
	ctx = context.WithValue(ctx, eraseMark{}, outcome)
	_, err := group.Info(ctx)
	if *outcome != nil {
		err = *outcome
	}
	if stream.Classify(err) == stream.ClassNoGroup { // as it should be: the stream has gone
		err = nil
	}
	if err != nil {
		return fmt.Errorf("delete the demo's keys %v: %w", e.keys, err)
	}
	return nil
}

// DialHook leaves dialling as it is.
func (e *eraser) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

// ProcessHook sends the DEL before the marked command.
func (e *eraser) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if outcome, marked := ctx.Value(eraseMark{}).(*error); marked && *outcome == nil {
			*outcome = next(ctx, redis.NewIntCmd(ctx, append([]any{"DEL"}, e.keys...)...))
		}
		return next(ctx, cmd)
	}
}

// ProcessPipelineHook leaves pipelines as they are.
func (e *eraser) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}
