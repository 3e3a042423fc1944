package nemesis

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/leat-io/leat/internal/history"
	"github.com/leat-io/leat/stream"
)

// OccupyLetters is somebody who puts something else under the key of the dead letters for up to two leases: nothing can be buried
// meanwhile. The letters that there are come back behind that.
var OccupyLetters = Fault{Name: "letters-occupied", Servers: true, Do: func(ctx context.Context, a *Arena) error {
	keys, err := stream.KeysOf(a.Stream)
	if err != nil {
		return err
	}
	letters, aside := keys.Dead(a.Group), keys.Dead(a.Group)+":aside"
	id, err := a.begin("letters-occupied", history.Excuse{})
	if err != nil {
		return err
	}
	swap := func(always context.Context, c *redis.Client) (err error) {
		// In one transaction, lest a letter comes between, which would be lost with the key.
		moved, err := c.Exists(always, letters).Result()
		if err != nil {
			return err
		}
		_, err = c.TxPipelined(always, func(tx redis.Pipeliner) error {
			if moved > 0 {
				tx.Rename(always, letters, aside)
			}
			tx.SetNX(always, letters, "occupied", 0)
			return nil
		})
		return err
	}
	back := func(always context.Context, c *redis.Client) error {
		kind, err := c.Type(always, letters).Result()
		if err != nil || kind != "string" { // it was not there, and a letter came before us
			return err
		}
		moved, err := c.Exists(always, aside).Result()
		if err != nil {
			return err
		}
		_, err = c.TxPipelined(always, func(tx redis.Pipeliner) error {
			tx.Del(always, letters)
			if moved > 0 {
				tx.Rename(always, aside, letters)
			}
			return nil
		})
		return err
	}
	if err := a.client(swap); err != nil {
		return fmt.Errorf("occupy %s: %w", letters, err)
	}
	wait(ctx, a.leases(0.3, 2))
	return errors.Join(a.client(back), a.end(id))
}}
