package embedded

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

// TestClockThatIsSet: idle times, entry IDs, TTLs and TIME go by the clock that
// is set, back as well; timeouts do not.
func TestClockThatIsSet(t *testing.T) {
	t.Parallel()
	b := silent(t)
	synctest.Test(t, func(t *testing.T) {
		b.Reset()
		b.SetClock(func() time.Time { return time.UnixMilli(1_700_000_000_000) })
		s := b.Open()
		say(s, "XGROUP CREATE s g 0 MKSTREAM")
		assert.Equal(t, "$15 1700000000000-0", say(s, "XADD s * f v"))
		say(s, "XREADGROUP GROUP g a STREAMS s >")
		say(s, "SET lease x PX 500")

		b.SetClockOffset(time.Second)
		assert.Equal(t, "*2 $10 1700000001 $1 0", say(s, "TIME"))
		assert.Equal(t, "*1 *4 $15 1700000000000-0 $1 a :1000 :1", say(s, "XPENDING s g IDLE 1000 - + 1"))
		assert.Equal(t, ":0", say(s, "EXISTS lease"))
		assert.Equal(t, "$15 1700000001000-0", say(s, "XADD s * f v"))

		b.SetClockOffset(-time.Second)
		assert.Equal(t, "$15 1700000001000-1", say(s, "XADD s * f v"), "IDs never go back")
		assert.Equal(t, "*1 *4 $15 1700000000000-0 $1 a :0 :1", say(s, "XPENDING s g - + 1"))
		assert.Equal(t, "*0", say(s, "XPENDING s g IDLE 1 - + 1"))
		assert.Equal(t, "*3 $3 0-0 *0 *0", say(s, "XAUTOCLAIM s g b 1 0 JUSTID"))
		assert.Equal(t, "*3 $3 0-0 *1 $15 1700000000000-0 *0", say(s, "XAUTOCLAIM s g b 0 0 JUSTID"), "0 asks for no idle time at all")

		begin := time.Now()
		assert.Equal(t, "*-1", say(s, "XREAD BLOCK 250 STREAMS s $"))
		assert.Equal(t, 250*time.Millisecond, time.Since(begin))
		b.Reset()
		assert.Equal(t, time.Now().UnixMilli(), b.nowMillis())
	})
}
