package security

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/internal/streamtest"
	"github.com/leat-io/leat/producer"
	"github.com/leat-io/leat/stream"
)

// hostileNames are names of streams, groups and consumers that Redis takes and nobody expects.
var hostileNames = []string{
	"\x00", "a\x00b", "\r\n", "*1\r\n$4\r\nPING\r\n", " ", "two words", "\"quoted\\", "'; DROP", "\xff\xfe\x80", "\x1b[2J\x07", "\u202eevil", "日本語",
	"*", "?", "[a-z]", "$", ">", "-", "+", "(", "0-0", "leat:parked", "leat:{a}:dead:g", "leat:{a}:retry:g", ":", "::", "%", "%3A", "{", "{{", "{a", "{}a{b}c",
	"{a}", "a{b}c", "{a}}", "a{b}{c}", "{\x00}", "{:}", "a{leat:{x}", strings.Repeat("n", 513), strings.Repeat("x", 70_000), strings.Repeat("{", 600) + "}",
	"NOACK", "STREAMS", "MKSTREAM", "nil", "true", "-1", "1e9", "../../etc", "__proto__",
}

// TestHostileNames: a whole life of an entry, with such names for the stream, the group and the consumer. What leat refuses it
// refuses at once and says why.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	for i, name := range hostileNames {
		t.Run(strings.Map(func(r rune) rune {
			if r > ' ' && r < 0x7f && r != '/' {
				return r
			}
			return '_'
		}, name[:min(20, len(name))]), func(t *testing.T) {
			t.Parallel()
			s := redistest.Shared(t)
			f := newField(t, s)
			group, consumerName := name, name
			if name == stream.Parked {
				consumerName = "c"
			}
			// The names of streams are those of keys: beside others on this server.
			for _, key := range []string{name, f.Stream + name, name + f.Stream} {
				if _, err := stream.KeysOf(key); err != nil {
					require.ErrorIs(t, err, stream.ErrStreamName)
					_, err := f.Conn.Group(key, group, stream.DeadLetter{})
					require.ErrorIs(t, err, stream.ErrStreamName)
					_, errs := f.Conn.Add(f.Ctx, key, streamtest.Events(1))
					require.ErrorIs(t, errs[0], stream.ErrStreamName)
					_, err = consumer.New(f.Conn, f.handle, consumer.Config{Group: group, Streams: []string{key}})
					require.ErrorIs(t, err, stream.ErrStreamName)
					continue
				}
				f.lives(t, key, group, consumerName+string(rune('a'+i%26)))
			}
		})
	}
}

// lives publishes an entry, fails on it, buries it, redrives it and handles it.
func (f *field) lives(t *testing.T, key, group, name string) {
	t.Helper()
	p, err := producer.New(f.Conn, producer.Config{Source: "test"})
	require.NoError(t, err)
	ids, err := p.Publish(f.Ctx, key, stream.Event{ID: "1", Type: "t", Data: []byte(key)})
	require.NoError(t, err)
	require.NoError(t, p.Close(f.Ctx))
	g, err := f.Conn.Group(key, group, stream.DeadLetter{})
	require.NoError(t, err)
	healed := make(chan struct{})
	c := f.Run(func(_ context.Context, d *stream.Delivery) error {
		select {
		case <-healed:
			return nil
		default:
		}
		if string(d.Data) != key || d.Attempt < 2 {
			return errors.New(key)
		}
		return consumer.Permanent(errors.New(group))
	}, func(c *consumer.Config) {
		c.Group, c.Streams, c.Name, c.Logger = group, []string{key}, name, zap.NewNop()
	})
	var letters []stream.Letter
	streamtest.Eventually(t, func() bool {
		var err error
		letters, _, err = g.Letters(f.Ctx, stream.ID{}, 10)
		return err == nil && len(letters) == 1
	}, "a letter")
	l := letters[0]
	require.True(t, l.Stream == key && l.Group == group && l.Consumer == name && l.EntryID == ids[0] && strings.HasPrefix(l.Error, group[:min(len(group), 1000)]), "%.300q", l)
	close(healed)
	_, err = g.Redrive(f.Ctx, l)
	require.NoError(t, err)
	streamtest.Eventually(t, func() bool {
		info, err := g.Info(f.Ctx)
		return err == nil && info.Pending == 0 && info.Dead == 0 && info.Waiting == 0
	}, "it is handled")
	groups, err := f.Conn.Groups(f.Ctx, key)
	require.NoError(t, err)
	require.Len(t, groups, 1)
	require.Equal(t, group, groups[0].Name)
	require.NoError(t, c.Stop())
	require.NoError(t, f.rdb.Del(f.Ctx, key, g.DeadStream()).Err())
}
