package measure

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// Settled is nil when no group of any stream has an entry that is pending, or one
// that it was not given yet. Where a contender uses no streams there is nothing to
// see; the count of what was handled has to do.
func Settled(ctx context.Context, addr string) error {
	rdb := redis.NewClient(&redis.Options{Addr: addr})
	defer rdb.Close() //nolint:errcheck // all that was asked has been answered by then
	streams, err := keys(ctx, rdb, "stream")
	if err != nil {
		return err
	}
	for _, key := range streams {
		groups, err := rdb.XInfoGroups(ctx, key).Result()
		if err != nil {
			return fmt.Errorf("XINFO GROUPS %s: %w", key, err)
		}
		for _, g := range groups {
			// Lag is -1 where Redis cannot know it, since entries were deleted.
			if g.Pending != 0 || g.Lag > 0 {
				return fmt.Errorf("stream %s, group %s: %d entries are pending and %d are not delivered, after all should have been handled", key, g.Name, g.Pending, g.Lag)
			}
		}
	}
	return nil
}

// Stored is nil when streams and lists hold n entries at the least: what was
// published is there.
func Stored(ctx context.Context, addr string, n int) error {
	rdb := redis.NewClient(&redis.Options{Addr: addr})
	defer rdb.Close() //nolint:errcheck // all that was asked has been answered by then
	var total int64
	for kind, length := range map[string]func(context.Context, string) *redis.IntCmd{"stream": rdb.XLen, "list": rdb.LLen} {
		names, err := keys(ctx, rdb, kind)
		if err != nil {
			return err
		}
		for _, key := range names {
			count, err := length(ctx, key).Result()
			if err != nil {
				return fmt.Errorf("length of %s %s: %w", kind, key, err)
			}
			total += count
		}
	}
	if total < int64(n) {
		return fmt.Errorf("%d events were published, and Redis holds %d", n, total)
	}
	return nil
}

// keys are the names of all keys of a type.
func keys(ctx context.Context, rdb *redis.Client, kind string) ([]string, error) {
	var all []string
	scan := rdb.ScanType(ctx, 0, "*", 1000, kind).Iterator()
	for scan.Next(ctx) {
		all = append(all, scan.Val())
	}
	if err := scan.Err(); err != nil {
		return nil, fmt.Errorf("SCAN TYPE %s: %w", kind, err)
	}
	return all, nil
}
