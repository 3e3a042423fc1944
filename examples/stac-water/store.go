package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/stream"
)

// table is what the second worker keeps in Redis: a hash with what is known of each
// scene, and a sorted set of scenes by area.
type table struct {
	conn         *stream.Conn
	rows, byArea string // keys
}

// row is what the hash has of a scene.
type row struct {
	area
	// Event is the ID of the event that said so.
	Event string `json:"event"`
}

func (t *table) mux() *consumer.Mux {
	mux := consumer.NewMux()
	mux.Handle(measured, consumer.Typed(t.put))
	mux.Handle(withdrawn, consumer.Typed(t.remove))
	return mux
}

// put keeps an area. Putting it twice is putting it once, and an event that was here
// before, or is older than what is known, changes nothing. The events of a scene come
// one after the other (consumer.Config.OrderBy), and there is one of this worker.
func (t *table) put(ctx context.Context, a area, d *stream.Delivery) error {
	old, err := t.get(ctx, a.Scene)
	if err != nil || old != nil && (old.Event == d.ID || old.Updated.After(a.Updated)) {
		return err
	}
	text, err := json.Marshal(row{a, d.ID})
	if err != nil {
		return consumer.Permanent(err)
	}
	// The hash comes last: as long as it does not have the event, both are done again.
	_, err = t.conn.Do(ctx, t.byArea, "ZADD", t.byArea, a.Water, a.Scene)
	if err == nil {
		_, err = t.conn.Do(ctx, t.rows, "HSET", t.rows, a.Scene, text)
	}
	return err
}

// remove forgets a scene.
func (t *table) remove(ctx context.Context, a area, _ *stream.Delivery) error {
	_, one := t.conn.Do(ctx, t.byArea, "ZREM", t.byArea, a.Scene)
	_, two := t.conn.Do(ctx, t.rows, "HDEL", t.rows, a.Scene)
	return errors.Join(one, two)
}

func (t *table) get(ctx context.Context, scene string) (*row, error) {
	reply, err := t.conn.Do(ctx, t.rows, "HGET", t.rows, scene)
	text, ok := reply.(string)
	if err != nil || !ok {
		return nil, err
	}
	var r row
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return nil, fmt.Errorf("row of %s: %w", scene, err)
	}
	return &r, nil
}

// all are the rows, the largest area first.
func (t *table) all(ctx context.Context) ([]row, error) {
	reply, err := t.conn.Do(ctx, t.byArea, "ZREVRANGE", t.byArea, 0, -1)
	if err != nil {
		return nil, err
	}
	list, _ := reply.([]any)
	var rows []row
	for _, one := range list {
		scene, _ := one.(string)
		r, err := t.get(ctx, scene)
		if err != nil {
			return nil, err
		}
		if r == nil {
			return nil, fmt.Errorf("%s is in the sorted set and not in the hash", scene)
		}
		rows = append(rows, *r)
	}
	return rows, nil
}
