package stream

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
)

// trickyNames are stream names in which braces, separators and escapes could
// mislead.
var trickyNames = []string{
	"orders", "a:b", "a%3Ab", "a%b", "{", "a{b", "a{b{c", "{a}", "x{a}", "{a}x", "x{a}y{b}", "x{a}y}", "a{b{c}d", "{a%7D",
	"{a}:", "{a}@", "{a}@x", "leat:{a}", "leat:{a}:retry:g", "leat:{a}@x:dead:g", "{{a}}", "{a}%", "{a}%25", "{a}%3A",
	"\x00", "{\x00\xff}", "\xff\xfe", "über", "{7}@eu", "eu:{7}:orders", " ", "\r\n", "a{b c}d", strings.Repeat("n", 1000),
}

var trickyGroups = []string{"g", "g:h", "retry", "dead:g", ":", "%", "{", "}", "{x}", "\x00", " "}

// keysOf are all keys that go with a stream, each with what it is.
func keysOf(k Keys, groups []string) []string {
	keys := []string{}
	for _, g := range groups {
		keys = append(keys, k.Retry(g), k.Failures(g), k.Dead(g), k.Stac("state", g), k.Stac("seen", g))
	}
	return keys
}

func TestRefusedStreamNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "}", "{}", "a}", "}{", "a{}b{c}d", "{}{a}", "a}b{c"} {
		_, err := KeysOf(name)
		require.ErrorIs(t, err, ErrStreamName, "%q", name)
		require.Equal(t, ClassRejected, Classify(err))
	}
}

func TestKeyNames(t *testing.T) {
	t.Parallel()
	k, err := KeysOf("orders")
	require.NoError(t, err)
	require.Equal(t, "leat:{orders}:retry:billing", k.Retry("billing"))
	require.Equal(t, "leat:{orders}:failures:billing", k.Failures("billing"))
	require.Equal(t, "leat:{orders}:dead:billing", k.Dead("billing"))
	k, err = KeysOf("eu:{7}:orders")
	require.NoError(t, err)
	require.Equal(t, "leat:{7}@eu%3A%7B7%7D%3Aorders:dead:billing", k.Dead("billing"))
	require.True(t, SameSlot("a{7}", "b{7}c"))
	require.True(t, SameSlot("7", "b{7}c"))
	require.False(t, SameSlot("a{}7", "7"))
}

func TestKeysAreUnique(t *testing.T) {
	t.Parallel()
	owner := map[string]string{}
	for _, name := range trickyNames {
		k, err := KeysOf(name)
		require.NoError(t, err, "%q", name)
		for i, key := range keysOf(k, trickyGroups) {
			me := fmt.Sprintf("%q key %d", name, i)
			require.Emptyf(t, owner[key], "%q of %s", key, me)
			owner[key] = me
		}
	}
}

// TestKeysAreUniqueProperty draws pairs of names out of the characters that mean
// something, where a collision would have to be.
func TestKeysAreUniqueProperty(t *testing.T) {
	t.Parallel()
	const alphabet = "{}:@%37BAab"
	draw := func(r *rand.Rand) string {
		b := make([]byte, 1+r.IntN(7))
		for i := range b {
			b[i] = alphabet[r.IntN(len(alphabet))]
		}
		return string(b)
	}
	r := rand.New(rand.NewPCG(1, 2))
	owner := map[string]string{}
	for range 100_000 {
		name, group := draw(r), draw(r)
		k, err := KeysOf(name)
		if err != nil {
			continue
		}
		for i, key := range keysOf(k, []string{group}) {
			me := fmt.Sprintf("%q %q %d", name, group, i)
			if other, there := owner[key]; there {
				require.Equal(t, other, me, "key %q", key)
			}
			owner[key] = me
			require.True(t, SameSlot(name, key), "%q %q", name, key)
		}
	}
}

func FuzzKeysOf(f *testing.F) {
	for i, name := range trickyNames {
		f.Add(name, trickyNames[(i+1)%len(trickyNames)], "g", "g:h")
	}
	f.Fuzz(func(t *testing.T, a, b, g, h string) {
		ka, errA := KeysOf(a)
		kb, errB := KeysOf(b)
		if errA != nil || errB != nil {
			return
		}
		require.Equal(t, hashed(a), hashed(ka.Retry(g)))
		if a == b && g == h {
			return
		}
		for _, x := range keysOf(ka, []string{g}) {
			for _, y := range keysOf(kb, []string{h}) {
				require.NotEqual(t, x, y, "%q/%q and %q/%q", a, g, b, h)
			}
		}
	})
}

func TestKeysAreInTheStreamsSlot(t *testing.T) {
	t.Parallel()
	ctx := testContext(t)
	server := redistest.SharedCluster(t).Nodes()[0].Client(t)
	pipe := server.Pipeline()
	type question struct {
		stream string
		slots  []*redis.IntCmd
	}
	var questions []question
	for _, name := range trickyNames {
		k, err := KeysOf(name)
		require.NoError(t, err)
		q := question{stream: name, slots: []*redis.IntCmd{pipe.ClusterKeySlot(ctx, name)}}
		for _, key := range keysOf(k, trickyGroups) {
			q.slots = append(q.slots, pipe.ClusterKeySlot(ctx, key))
		}
		questions = append(questions, q)
	}
	_, err := pipe.Exec(ctx)
	require.NoError(t, err)
	for _, q := range questions {
		for _, slot := range q.slots {
			require.Equal(t, q.slots[0].Val(), slot.Val(), "%q: %v", q.stream, slot.Args())
		}
	}
}
