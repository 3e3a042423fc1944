package nemesis

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/redis/go-redis/v9"

	"github.com/leat-io/leat/internal/history"
	"github.com/leat-io/leat/stream"
)

// claimWaiting claims the entry that waits for its next try and is due first, unless somebody has it. KEYS: the stream, the retry
// set. ARGV: the group, who claims. Answers its ID, how often it was delivered, and its fields.
var claimWaiting = redis.NewScript(`
local id = redis.call('ZRANGE', KEYS[2], 0, 0)[1]
local row = id and redis.call('XPENDING', KEYS[1], ARGV[1], id, id, 1)[1]
if not row or row[2] ~= 'leat:parked' then return {} end
local entry = redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, id)[1]
if not entry then return {} end
return { id, tostring(row[4] + 1), unpack(entry[2]) }`)

// ClaimByHand is somebody who claims an entry that waits for its next try (XCLAIM), works on it for half a lease and acknowledges
// it. That it is due meanwhile is nothing to those who work off what is due: it is not theirs. It is on file as a worker of its own.
var ClaimByHand = Fault{Name: "claim-by-hand", Do: func(ctx context.Context, a *Arena) error {
	who := a.done.name("claim-by-hand", false)
	keys, err := stream.KeysOf(a.Stream)
	if err != nil {
		return err
	}
	return a.client(func(always context.Context, c *redis.Client) error {
		got, err := claimWaiting.Run(always, c, []string{keys.Stream, keys.Retry(a.Group)}, a.Group, who).StringSlice()
		if err != nil || len(got) == 0 {
			return unlessGone(err)
		}
		began, err := claimed(who, got)
		if err != nil {
			return err
		}
		if err := a.Record.Write(began); err != nil {
			return err
		}
		a.done.name("claim-by-hand", true)
		wait(ctx, a.leases(0.4, 0.6))
		done := began
		done.At, done.Op, done.Outcome = history.Now(), history.Finish, history.OK
		err = a.Record.Write(done)
		n, ackErr := c.XAck(always, a.Stream, a.Group, got[0]).Result()
		if err := errors.Join(err, unlessGone(ackErr)); err != nil || n == 0 {
			return err
		}
		done.At, done.Op = history.Now(), history.Settle // as acknowledged
		return a.Record.Write(done)
	})
}}

// claimed is the record of what the script answered.
func claimed(who string, got []string) (history.Record, error) {
	id, err := stream.ParseID(got[0])
	if err != nil {
		return history.Record{}, err
	}
	deliveries, err := strconv.Atoi(got[1])
	if err != nil {
		return history.Record{}, fmt.Errorf("claim %s by hand: it was delivered %q times: %w", id, got[1], err)
	}
	r := history.Record{At: history.Now(), Process: who, Op: history.Start, Outcome: history.Invoke, Entry: id, Deliveries: deliveries, Attempt: 1}
	for i := 2; i+1 < len(got); i += 2 {
		if got[i] == "id" {
			r.ID = got[i+1]
		}
	}
	return r, nil
}
