package main

import (
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/stream"
)

// configOf is what flags of leat worker make of a consumer's configuration.
func configOf(t *testing.T, args ...string) consumer.Config {
	t.Helper()
	f := &workerFlags{}
	cmd := &cobra.Command{}
	f.register(cmd)
	require.NoError(t, cmd.ParseFlags(append([]string{"--stream", "a", "--stream", "b", "--group", "g"}, args...)))
	cfg, err := f.config()
	require.NoError(t, err)
	return cfg
}

func TestWorkerFlagsBecomeAConfig(t *testing.T) {
	t.Parallel()
	cfg := configOf(t)
	require.Equal(t, "g", cfg.Group)
	require.Equal(t, []string{"a", "b"}, cfg.Streams)
	require.Equal(t, 16, cfg.Concurrency)
	require.Zero(t, cfg.Prefetch, "the library's default, which follows Concurrency")
	require.Equal(t, 10, cfg.MaxAttempts)
	require.Equal(t, 20, cfg.MaxDeliveries)
	require.Equal(t, 30*time.Second, cfg.Lease)
	require.Equal(t, 25*time.Second, cfg.ShutdownTimeout)
	require.Zero(t, cfg.HandlerTimeout)

	cfg = configOf(t, "--concurrency", "3", "--prefetch", "7", "--lease", "1s", "--handler-timeout", "2s", "--shutdown-timeout", "3s",
		"--dead-letter", "d", "--name", "n", "--backoff-min", "8s", "--backoff-max", "8s")
	require.Equal(t, 3, cfg.Concurrency)
	require.Equal(t, 7, cfg.Prefetch)
	require.Equal(t, time.Second, cfg.Lease)
	require.Equal(t, 2*time.Second, cfg.HandlerTimeout)
	require.Equal(t, 3*time.Second, cfg.ShutdownTimeout)
	require.Equal(t, "d", cfg.DeadLetter.Stream)
	require.Equal(t, "n", cfg.Name)
	pause := cfg.Backoff(5)
	require.GreaterOrEqual(t, pause, 4*time.Second)
	require.LessOrEqual(t, pause, 8*time.Second)
}

func TestZeroOfAFlagIsNotTheLibrarysDefault(t *testing.T) {
	t.Parallel()
	cfg := configOf(t, "--prefetch", "0", "--max-attempts", "0", "--max-deliveries", "0", "--shutdown-timeout", "0")
	require.Negative(t, cfg.Prefetch)
	require.Negative(t, cfg.MaxAttempts)
	require.Negative(t, cfg.MaxDeliveries)
	require.Equal(t, time.Millisecond, cfg.ShutdownTimeout)
}

func TestStart(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)
	for in, want := range map[string]stream.Start{
		"oldest": stream.Oldest(), "newest": stream.Newest(), "17-3": stream.At(stream.ID{Ms: 17, Seq: 3}),
		"1700000000000": stream.At(stream.ID{Ms: 1700000000000}), "2026-05-04T05:02:01+02:00": stream.Since(at),
	} {
		got, err := parseStart(in)
		require.NoError(t, err, in)
		require.Equal(t, want, got, in)
	}
	for _, in := range []string{"", "$", "0-0-0", "2026-05-04", "now"} {
		_, err := parseStart(in)
		require.ErrorContains(t, err, "--start is", in)
	}
}
