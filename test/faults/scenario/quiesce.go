package scenario

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/leat-io/leat/internal/history"
	"github.com/leat-io/leat/stream"
)

// settleTime is by when everything has to be settled after the last fault, besides ten leases.
const settleTime = 60 * time.Second

// quiesce lets producers end, then workers when nothing is left to do, or when the time for that is over, and returns what is in
// Redis then.
func (r *round) quiesce(ctx context.Context) (history.Final, error) {
	if ctx.Err() != nil {
		return history.Final{}, context.Cause(ctx)
	}
	r.result.Failed(r.crew.TermAll(r.crew.Producers(), r.Producer.Close+10*time.Second))
	conn, err := r.world.Dial(ctx)
	if err != nil {
		return history.Final{}, err
	}
	defer func() { _ = conn.Close() }()
	group, err := conn.Group(streamName, groupName, stream.DeadLetter{})
	if err != nil {
		return history.Final{}, err
	}
	client, err := r.world.Client(streamName)
	if err != nil {
		return history.Final{}, err
	}
	defer func() { _ = client.Close() }()

	from := time.Now()
	for end := from.Add(settleTime + 10*r.lease); time.Now().Before(end) && r.crew.Err() == nil; {
		done, err := isSettled(ctx, group, client)
		if err != nil {
			return history.Final{}, err
		}
		if done {
			break
		}
		if !sleep(ctx, 20*time.Millisecond) {
			return history.Final{}, context.Cause(ctx)
		}
	}
	r.result.AddTime("settled after the last fault", time.Since(from))
	r.crew.End()
	r.result.Failed(r.crew.TermAll(r.crew.Workers(), r.arena.Patience))
	r.result.Failed(r.crew.Err())
	return collectAgain(ctx, group, client, !r.LooseStored)
}

// collectAgain collects until nothing comes between: who was the master a moment ago closes the connections that it has,
// and looking changes nothing.
func collectAgain(ctx context.Context, group *stream.Group, client *redis.Client, stored bool) (history.Final, error) {
	for end := time.Now().Add(settleTime); ; {
		final, err := collect(ctx, group, client, stored)
		if !passing(err) || time.Now().After(end) {
			return final, err
		}
		if !sleep(ctx, 100*time.Millisecond) {
			return final, context.Cause(ctx)
		}
	}
}

// passing tells whether an error says nothing about what is in Redis, only that it could not be asked just then.
func passing(err error) bool {
	switch stream.Classify(err) {
	case stream.ClassNone, stream.ClassRejected, stream.ClassCanceled:
		return false
	default:
		return true
	}
}

// isSettled tells whether everything in the stream was delivered, and nothing is pending.
func isSettled(ctx context.Context, group *stream.Group, client *redis.Client) (bool, error) {
	info, err := group.Info(ctx)
	switch stream.Classify(err) {
	case stream.ClassNone:
	case stream.ClassRejected, stream.ClassCanceled:
		return false, err
	default:
		return false, nil // it will be made again
	}
	last, err := client.XRevRangeN(ctx, streamName, "+", "-", 1).Result()
	if passing(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look at the end of the stream: %w", err)
	}
	if len(last) > 0 {
		id, err := stream.ParseID(last[0].ID)
		if err != nil || info.LastDelivered.Compare(id) < 0 {
			return false, err
		}
	}
	return info.Pending == 0 && info.Waiting == 0, nil
}

// page is how many rows are asked for at a time.
const page = 5000

// collect is what is in Redis.
func collect(ctx context.Context, group *stream.Group, client *redis.Client, stored bool) (final history.Final, err error) {
	from := stream.ID{}
	if info, err := group.Info(ctx); err == nil {
		from = info.LastDelivered.Next()
	}
	if final.Unread, err = entries(ctx, client, from); err != nil {
		return final, err
	}
	if stored {
		if final.Stored, err = entries(ctx, client, stream.ID{}); err != nil {
			return final, err
		}
	}
	for from, more := (stream.ID{}), true; more; {
		rows, err := group.Pending(ctx, stream.PendingQuery{From: from, Count: page})
		if err != nil && stream.Classify(err) != stream.ClassNoGroup {
			return final, err
		}
		final.Pending = append(final.Pending, rows...)
		if more = len(rows) == page; more {
			from = rows[len(rows)-1].ID.Next()
		}
	}
	for from, more := (stream.ID{}), true; more; more = !from.IsZero() {
		var letters []stream.Letter
		if letters, from, err = group.Letters(ctx, from, page); err != nil {
			return final, err
		}
		for _, l := range letters {
			final.Letters = append(final.Letters, history.LetterOf(l))
		}
	}
	final.Waiting, final.Failed, err = beside(ctx, client)
	return final, err
}

// entries are the stream's entries from an ID on.
func entries(ctx context.Context, client *redis.Client, from stream.ID) (all []history.Stored, err error) {
	for {
		messages, err := client.XRangeN(ctx, streamName, from.String(), "+", page).Result()
		if err != nil {
			return nil, fmt.Errorf("read the stream: %w", err)
		}
		for _, m := range messages {
			if from, err = stream.ParseID(m.ID); err != nil {
				return nil, err
			}
			id, _ := m.Values["id"].(string)
			all = append(all, history.Stored{Entry: from, ID: id})
		}
		if len(messages) < page {
			return all, nil
		}
		from = from.Next()
	}
}

// beside is what is kept beside the group: the members of the retry set, and whose failures are counted.
func beside(ctx context.Context, client *redis.Client) (waiting, failed []stream.ID, err error) {
	keys, err := stream.KeysOf(streamName)
	if err != nil {
		return nil, nil, err
	}
	members, err := client.ZRange(ctx, keys.Retry(groupName), 0, -1).Result()
	if err != nil {
		return nil, nil, fmt.Errorf("read the retry set: %w", err)
	}
	if waiting, err = parseIDs(members); err != nil {
		return nil, nil, err
	}
	counted, err := client.HKeys(ctx, keys.Failures(groupName)).Result()
	if err != nil {
		return nil, nil, fmt.Errorf("read the counts of failures: %w", err)
	}
	failed, err = parseIDs(counted)
	return waiting, failed, err
}

func parseIDs(texts []string) (ids []stream.ID, err error) {
	for _, text := range texts {
		id, err := stream.ParseID(text)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}
