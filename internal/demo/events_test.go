package demo

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/stream"
)

// As many events are poison and flaky as is said, and the handler says so of
// exactly these.
func TestPoisonAndFlakyEvents(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 20, 60, 300, 499, 2000, 7000} {
		ids, broken, faulty := map[string]bool{}, 0, 0
		for e, err := range events(n) {
			require.NoError(t, err)
			require.NoError(t, e.Validate())
			assert.Equal(t, "stac.item.created", e.Type)
			assert.Equal(t, "created/"+e.Subject, e.ID)
			assert.NotEmpty(t, e.Extensions["producer"])
			assert.Contains(t, e.Extensions["href"], e.Subject)
			ids[e.ID] = true
			_, err := work(&stream.Delivery{Event: e, Attempt: 1})
			switch {
			case errors.Is(err, errStore):
				faulty++
				_, err = work(&stream.Delivery{Event: e, Attempt: faultCount + 1})
				assert.NoError(t, err)
			case err != nil:
				broken++
				assert.True(t, consumer.IsPermanent(err))
			}
		}
		assert.Len(t, ids, n)
		assert.Equal(t, poison(n), broken, "poison of %d", n)
		assert.Equal(t, flaky(n), faulty, "flaky of %d", n)
	}
	assert.Less(t, faultCount, maxAttempts)
}
