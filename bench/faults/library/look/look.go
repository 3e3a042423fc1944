package look

import (
	"context"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/leat-io/leat/bench/faults/library"
	"github.com/leat-io/leat/stream"
)

// page is how many rows are asked for at a time.
const page = 2000

// Group says what is left of a group's work, and adds the messages of a stream of letters; no letters when its name is empty.
func Group(ctx context.Context, rdb *redis.Client, name, group, letters string) (library.Left, error) {
	left := library.Left{Stored: map[string]int{}, Open: map[string]string{}, Buried: map[string]bool{}}
	last, err := delivered(ctx, rdb, name, group)
	if err != nil {
		return left, err
	}
	waiting, err := pending(ctx, rdb, name, group)
	if err != nil {
		return left, err
	}
	err = each(ctx, rdb, name, func(entry stream.ID, id string, ok bool) {
		where := ""
		switch {
		case entry.Compare(last) > 0:
			where = "unread"
		case waiting[entry]:
			where = "pending"
		}
		switch {
		case ok:
			left.Stored[id]++
			if where != "" {
				left.Open[id] = where
			}
		case where != "":
			left.Strange++
		}
	})
	if err != nil || letters == "" {
		return left, err
	}
	return left, each(ctx, rdb, letters, func(_ stream.ID, id string, ok bool) {
		if ok {
			left.Buried[id] = true
		}
	})
}

// Unsettled is how many entries the group has not been given or not settled.
func Unsettled(ctx context.Context, rdb *redis.Client, name, group string) (int, error) {
	last, err := delivered(ctx, rdb, name, group)
	if err != nil {
		return 0, err
	}
	unread, err := rdb.XRangeN(ctx, name, last.Next().String(), "+", page).Result()
	if err != nil {
		return 0, fmt.Errorf("read what is unread of %s: %w", name, err)
	}
	pending, err := rdb.XPending(ctx, name, group).Result()
	if noGroup(err) {
		return len(unread), nil
	}
	if err != nil {
		return 0, fmt.Errorf("count what is pending of %s: %w", name, err)
	}
	return len(unread) + int(pending.Count), nil
}

// delivered is the last entry that the group was given; the zero ID when there is no such group, which its first worker makes.
func delivered(ctx context.Context, rdb *redis.Client, name, group string) (last stream.ID, err error) {
	groups, err := rdb.XInfoGroups(ctx, name).Result()
	if err != nil && !strings.Contains(err.Error(), "no such key") {
		return last, fmt.Errorf("look at the groups of %s: %w", name, err)
	}
	for _, g := range groups {
		if g.Name == group {
			return stream.ParseID(g.LastDeliveredID)
		}
	}
	return last, nil
}

// noGroup tells whether Redis says that there is no such group.
func noGroup(err error) bool { return err != nil && strings.HasPrefix(err.Error(), "NOGROUP") }

func pending(ctx context.Context, rdb *redis.Client, name, group string) (map[stream.ID]bool, error) {
	all := map[stream.ID]bool{}
	for from := "-"; ; {
		rows, err := rdb.XPendingExt(ctx, &redis.XPendingExtArgs{Stream: name, Group: group, Start: from, End: "+", Count: page}).Result()
		if noGroup(err) {
			return all, nil
		}
		if err != nil {
			return nil, fmt.Errorf("list what is pending of %s: %w", name, err)
		}
		for _, row := range rows {
			id, err := stream.ParseID(row.ID)
			if err != nil {
				return nil, err
			}
			all[id] = true
			from = id.Next().String()
		}
		if len(rows) < page {
			return all, nil
		}
	}
}

// each calls do for every entry of a stream, with the message in it.
func each(ctx context.Context, rdb *redis.Client, name string, do func(entry stream.ID, id string, ok bool)) error {
	for from := "-"; ; {
		entries, err := rdb.XRangeN(ctx, name, from, "+", page).Result()
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		for _, e := range entries {
			entry, err := stream.ParseID(e.ID)
			if err != nil {
				return err
			}
			id, ok := message(e.Values)
			do(entry, id, ok)
			from = entry.Next().String()
		}
		if len(entries) < page {
			return nil
		}
	}
}

// message is the ID of the message in one of the fields.
func message(fields map[string]any) (id string, ok bool) {
	for _, value := range fields {
		text, isText := value.(string)
		if !isText {
			continue
		}
		if id, ok = library.Decode(text); ok {
			return id, true
		}
	}
	return "", false
}

// Foreign adds an entry as a program does that knows nothing of any library.
func Foreign(ctx context.Context, rdb *redis.Client, name string) error {
	return Add(ctx, rdb, name, "greeting", "hello")
}

// Add adds an entry of these fields: names and values in turn.
func Add(ctx context.Context, rdb *redis.Client, name string, fields ...string) error {
	if err := rdb.XAdd(ctx, &redis.XAddArgs{Stream: name, Values: fields}).Err(); err != nil {
		return fmt.Errorf("add an entry of %s to %s: %w", strings.Join(fields, " "), name, err)
	}
	return nil
}
