package consumer_test

import (
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/internal/streamtest"
)

// running is a consumer that has begun, and how much is set aside then.
func running(t *testing.T, l *streamtest.Lab, change func(*consumer.Config)) (*streamtest.Running, int) {
	t.Helper()
	r := l.Run(nothing, change)
	streamtest.Eventually(t, func() bool { return r.Ready() == nil }, "it runs")
	return r, consumer.HeadroomSize()
}

// What is set aside is there as long as consumers run, once for all of them, and as
// large as the one wants that asks for most.
//
//nolint:paralleltest // the block is the process', and all consumers of other tests have a part in it
func TestHeadroomLastsAsLongAsConsumersRun(t *testing.T) {
	l := newLab(t)
	require.Zero(t, consumer.HeadroomSize())
	a, size := running(t, l, nil)
	require.Equal(t, 16<<20, size, "the default")
	b, size := running(t, l, func(c *consumer.Config) { c.Headroom = 20 << 20 })
	require.Equal(t, 20<<20, size)
	none, size := running(t, l, func(c *consumer.Config) { c.Headroom = 1 << 20 })
	require.Equal(t, 20<<20, size, "less than there is")
	require.NoError(t, none.Stop())
	require.NoError(t, a.Stop())
	require.Equal(t, 20<<20, consumer.HeadroomSize(), "b still runs")
	require.NoError(t, b.Stop())
	require.Zero(t, consumer.HeadroomSize())
}

// A program that wants none, needs none, or has no place for it gets none; and a
// consumer that got none takes none away when it ends.
//
//nolint:paralleltest // GOGC, GOMEMLIMIT and the block are the process'
func TestHeadroomIsNotForEverybody(t *testing.T) {
	usual := func(*consumer.Config) {}
	for name, test := range map[string]struct {
		setting func() (undo func())
		change  func(*consumer.Config)
	}{
		"Reuse":            {change: func(c *consumer.Config) { c.Reuse = true }},
		"negative":         {change: func(c *consumer.Config) { c.Headroom = -1 }},
		"GOGC=300":         {gogc(300), usual},
		"GOGC=off":         {gogc(-1), usual},
		"GOMEMLIMIT=200Mi": {limit(200 << 20), usual},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			other, size := running(t, l, nil)
			require.Equal(t, 16<<20, size)
			restore := func() {}
			if test.setting != nil {
				restore = test.setting()
			}
			defer func() { restore() }()
			r, _ := running(t, l, test.change)
			require.NoError(t, r.Stop())
			require.Equal(t, 16<<20, consumer.HeadroomSize(), "the other one's")
			require.NoError(t, other.Stop())
			require.Zero(t, consumer.HeadroomSize())
			r, size = running(t, l, test.change)
			require.Zero(t, size)
			require.NoError(t, r.Stop())
		})
	}
	l := newLab(t)
	restore := gogc(299)()
	defer restore()
	_, size := running(t, l, nil)
	require.Equal(t, 16<<20, size, "299 is not rare enough")
}

func gogc(percent int) func() (undo func()) {
	return func() func() {
		before := debug.SetGCPercent(percent)
		return func() { debug.SetGCPercent(before) }
	}
}

func limit(size int64) func() (undo func()) {
	return func() func() {
		before := debug.SetMemoryLimit(size)
		return func() { debug.SetMemoryLimit(before) }
	}
}
