package producer_test

import (
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/leat-io/leat/producer"
	"github.com/leat-io/leat/stream"
)

func TestLogTellsOfTroubleAndItsEndWithoutData(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		core, seen := observer.New(zap.DebugLevel)
		tries := 0
		p := open(t, fake(t, func(cmds [][]any) []string {
			if tries++; tries <= 3 {
				return replies(cmds, replyOOM)
			}
			return replies(cmds, replyID)
		}), producer.Config{Logger: zap.New(core)})
		_, err := p.Send(t.Context(), "s", stream.Event{Type: "a", Data: []byte("canary")}).Wait(t.Context())
		require.NoError(t, err)
		synctest.Wait()
		var lines []string
		for _, e := range seen.All() {
			lines = append(lines, e.Message)
			assert.NotContains(t, fmt.Sprint(e.ContextMap()), "canary")
		}
		assert.Equal(t, []string{"redis does not take events, trying again", "redis takes events again"}, lines)
	})
}

func TestLogIsNotFlooded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		core, seen := observer.New(zap.DebugLevel)
		p := open(t, fake(t, func(cmds [][]any) []string { return replies(cmds, "-WRONGTYPE no\r\n") }),
			producer.Config{BatchEvents: 1, Logger: zap.New(core)})
		for i := range 100 {
			_, err := p.Send(t.Context(), "s", event(i)).Wait(t.Context())
			require.Error(t, err)
		}
		synctest.Wait()
		require.Equal(t, 5, seen.Len())
		assert.Equal(t, "rejected", seen.All()[0].ContextMap()["class"])
	})
}
