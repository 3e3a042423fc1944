package child_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/test/faults/child"
)

// What a producer writes into an event's ID is what a worker reads there.
func TestTraitsAreInTheID(t *testing.T) {
	t.Parallel()
	task := child.Task{Name: "producer-1", Producer: child.Producer{Fails: 2, Hopeless: 3, Permanent: 5, Kills: 7, Keys: 4}}
	for n, want := range map[int]child.Traits{
		0: {Key: "0"}, 1: {FailsOnce: true, Key: "1"}, 2: {Hopeless: true, Key: "2"}, 4: {Permanent: true, Key: "0"}, 6: {Kills: true, Key: "2"},
	} {
		id := task.Event(n)
		require.Equal(t, want, child.TraitsOf(id), id)
	}
	plain := child.Task{Name: "producer-12"}
	require.Equal(t, "producer-12.17", plain.Event(17))
	require.Equal(t, child.Traits{}, child.TraitsOf("producer-12.17"))
	_, ok := child.Key("producer-12.17")
	require.False(t, ok)
	require.Equal(t, child.Traits{}, child.TraitsOf("anything-else"))
}
