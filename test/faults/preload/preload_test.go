package preload_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/test/faults/needs"
	"github.com/leat-io/leat/test/faults/preload"
)

// speaker says something before the program begins.
func speaker(says string) preload.Library {
	return preload.Library{Name: "speaker", Source: `
#include <stdio.h>
#include <stdlib.h>
__attribute__((constructor)) static void start(void) { printf("` + says + ` %s\n", getenv("LEAT_FAULTS_DIR")); fflush(stdout); }
`}
}

// server is a program that says what it was started with.
func server(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "it's a server")
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\nexec printf '%s.' \"$@\"\n"), 0o700))
	return path
}

func run(t *testing.T, dir, program string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	return string(out)
}

func TestLauncher(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	program, err := preload.Launcher(t.Context(), server(t), speaker("one"), speaker("two"))
	require.NoError(t, err)
	dir, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "redis.conf"), nil, 0o600))
	for _, config := range []string{filepath.Join(dir, "redis.conf"), "redis.conf"} {
		out := run(t, dir, program, config, "--port", "a b")
		require.Contains(t, out, "one "+dir+"\n")
		require.Contains(t, out, "two "+dir+"\n")
		require.Contains(t, out, config+".--port.a b.")
	}
	require.Equal(t, "--version.", run(t, dir, program, "--version"), "what is asked about the server goes past the libraries")
}

func TestWhatIsBuiltIsKept(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	first, err := speaker("once").Build(t.Context())
	require.NoError(t, err)
	before, err := os.Stat(first)
	require.NoError(t, err)
	second, err := speaker("once").Build(t.Context())
	require.NoError(t, err)
	require.Equal(t, first, second)
	after, err := os.Stat(second)
	require.NoError(t, err)
	require.Equal(t, before.ModTime(), after.ModTime())
	other, err := speaker("twice").Build(t.Context())
	require.NoError(t, err)
	require.NotEqual(t, first, other)
}

func TestErrors(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	_, err := preload.Launcher(t.Context(), filepath.Join(t.TempDir(), "missing"), speaker("x"))
	require.ErrorIs(t, err, needs.ErrUnavailable)
	_, err = preload.Library{Name: "broken", Source: "no C"}.Build(t.Context())
	require.ErrorContains(t, err, "broken")
	require.NotErrorIs(t, err, needs.ErrUnavailable)
	t.Setenv("CC", filepath.Join(t.TempDir(), "cc"))
	_, err = speaker("new").Build(t.Context())
	require.ErrorIs(t, err, needs.ErrUnavailable)
	require.ErrorContains(t, err, "install-cc.sh")
}
