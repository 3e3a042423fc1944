package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/bench/growth"
	"github.com/leat-io/leat/bench/measure"
	"github.com/leat-io/leat/bench/result"
)

// TestMain is the process of one step when it is told to be: the run starts those
// from its own program.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == measure.Command {
		if err := start(context.Background(), contenders(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestQuickRun(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "out")
	var said bytes.Buffer
	args := []string{"--quick", "--only", "bare,leat", "--out", dir}
	require.NoError(t, start(t.Context(), contenders(), args, nil, &said, t.Output()))
	require.Contains(t, said.String(), dir)

	text, err := os.ReadFile(filepath.Join(dir, resultsFile))
	require.NoError(t, err)
	var made result.Run
	require.NoError(t, json.Unmarshal(text, &made))
	require.Empty(t, made.Notes)
	require.Equal(t, 1, made.Rounds)
	require.Len(t, made.Contenders, 2)

	count := map[result.Kind]map[string]int{}
	for _, s := range made.Samples {
		plausible(t, s)
		if count[s.Kind] == nil {
			count[s.Kind] = map[string]int{}
		}
		count[s.Kind][s.Contender]++
	}
	for _, kind := range kinds {
		for _, c := range made.Contenders {
			ours := c.Name == growth.Ours
			if !ours && (kind == result.GrowPending || kind == result.GrowMemory) {
				continue
			}
			require.Positive(t, count[kind][c.Name], "%s of %s", kind, c.Name)
		}
	}
	page, err := os.ReadFile(filepath.Join(dir, "README.md"))
	require.NoError(t, err)
	for _, c := range made.Contenders {
		require.Contains(t, string(page), c.Name)
	}
}

// plausible fails the test when a figure cannot be true. How fast anything was is no
// matter here.
func plausible(t *testing.T, s result.Sample) {
	t.Helper()
	what := fmt.Sprintf("%+v", s.Job)
	require.Empty(t, s.Error, what)
	require.Equal(t, 1, s.Round, what)
	require.Positive(t, s.N, what)
	require.Greater(t, s.PeakRSS, int64(1<<20), what)
	require.Zero(t, s.Duplicates, what)
	if s.Kind == result.GrowMemory && s.What != growth.WhatRetry {
		return // read off another sample
	}
	require.Positive(t, s.Took, what)
	require.Positive(t, s.PerSecond, what)
	require.Positive(t, s.ClientMicro, what)
	require.Positive(t, s.ServerMicro, what)
	require.Positive(t, s.AllocBytes, what)
	require.Positive(t, s.Allocs, what)
	require.GreaterOrEqual(t, s.AllocBytes, s.Allocs, what)
	require.Equal(t, s.Kind == result.Slow, s.Ideal > 0, what)
	timed := s.Kind == result.Latency || s.Kind == result.GrowPending
	require.Equal(t, timed, s.P50 > 0 && s.P99 >= s.P50 && s.P999 >= s.P99, what)
	require.Equal(t, s.Kind == result.GrowPending, s.IdleP99 > 0, what)
}

func TestBadUsage(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		args []string
		says string
	}{
		{[]string{"--only", "leat,nobody"}, "nobody"},
		{[]string{"--kind", "consume,juggle"}, "juggle"},
		{[]string{"--rounds", "0"}, "--rounds"},
		{[]string{"--budget", "-1s"}, "--budget"},
		{[]string{"now"}, "now"},
	} {
		err := start(t.Context(), contenders(), tc.args, nil, t.Output(), t.Output())
		require.ErrorContains(t, err, tc.says, "%q", tc.args)
	}
}

func TestContendersHaveNamesOfTheirOwn(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, e := range contenders() {
		name := e.Contender.Info().Name
		require.False(t, seen[name] || seen[e.key], "%s (%s) is there twice", name, e.key)
		seen[name], seen[e.key] = true, name != e.key
		require.NotEmpty(t, e.Contender.Info().Settings, name)
	}
}
