package power_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/test/faults/power"
)

// A program that does with files what its arguments say, through the C library as a server does: a Go program would go past it.
const hands = `
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int main(int n, char **arg)
{
	for (int i = 1; i < n; i += 3) {
		const char *a = arg[i + 1], *b = arg[i + 2];
		int fd = -1, result = -1;
		if (!strcmp(arg[i], "append"))
			fd = open(a, O_WRONLY | O_CREAT | O_APPEND, 0600), result = write(fd, b, strlen(b)) < 0;
		else if (!strcmp(arg[i], "empty"))
			fd = open(a, O_WRONLY | O_CREAT | O_TRUNC, 0600), result = fd < 0;
		else if (!strcmp(arg[i], "cut"))
			result = truncate(a, atoi(b));
		else if (!strcmp(arg[i], "sync"))
			fd = open(a, O_RDONLY), result = *b ? fdatasync(fd) : fsync(fd);
		else if (!strcmp(arg[i], "rename"))
			result = rename(a, b);
		else if (!strcmp(arg[i], "remove"))
			result = unlink(a);
		if (result != 0)
			return perror(arg[i]), 1;
		if (fd >= 0)
			close(fd);
	}
	return 0;
}
`

func TestWhatSurvives(t *testing.T) {
	t.Parallel()
	program := hire(t)
	for _, tt := range []struct {
		name  string
		steps []string // three words each
		want  map[string]string
	}{
		{"what was there before", nil, map[string]string{"old": "old", "sub/old": "old"}},
		{"appended and not synced", []string{"append", "old", "+new"}, map[string]string{"old": "old", "sub/old": "old"}},
		{"appended and synced", []string{"append", "old", "+new", "sync", "old", ""}, map[string]string{"old": "old+new", "sub/old": "old"}},
		{
			"synced, then appended",
			[]string{"append", "old", "+1", "sync", "old", "data", "append", "old", "+2"},
			map[string]string{"old": "old+1", "sub/old": "old"},
		},
		{"new and not synced", []string{"append", "new", "x"}, map[string]string{"old": "old", "sub/old": "old"}},
		{"new and synced", []string{"append", "new", "x", "sync", "new", "data"}, map[string]string{"old": "old", "sub/old": "old", "new": "x"}},
		{
			"new, the folder synced: a name without bytes",
			[]string{"append", "new", "x", "sync", ".", ""},
			map[string]string{"old": "old", "sub/old": "old", "new": ""},
		},
		{"removed and not synced", []string{"remove", "old", ""}, map[string]string{"old": "old", "sub/old": "old"}},
		{"removed, something else synced", []string{"remove", "old", "", "sync", "sub/old", ""}, map[string]string{"sub/old": "old"}},
		{
			"replaced and not synced",
			[]string{"append", "new", "x", "sync", "new", "", "rename", "new", "old"},
			map[string]string{"old": "old", "sub/old": "old", "new": "x"},
		},
		{
			"replaced by what was not synced",
			[]string{"append", "new", "x", "rename", "new", "old"},
			map[string]string{"old": "old", "sub/old": "old"},
		},
		{
			"replaced by what was not synced, something else synced",
			[]string{"append", "new", "x", "rename", "new", "old", "append", "old", "y", "sync", "sub/old", ""},
			map[string]string{"old": "x", "sub/old": "old"},
		},
		{
			"renamed to a new name, not synced, something else synced",
			[]string{"append", "new", "x", "rename", "new", "newer", "sync", "sub/old", ""},
			map[string]string{"old": "old", "sub/old": "old", "newer": ""},
		},
		{
			"replaced and synced",
			[]string{"append", "new", "x", "sync", "new", "", "rename", "new", "old", "sync", ".", ""},
			map[string]string{"old": "x", "sub/old": "old"},
		},
		{
			"a chain of names",
			[]string{"rename", "old", "a", "rename", "a", "b", "rename", "b", "sub/old", "remove", "sub/old", ""},
			map[string]string{"old": "old", "sub/old": "old"},
		},
		{
			"a chain, half of it synced",
			[]string{"rename", "old", "a", "sync", ".", "", "rename", "a", "sub/old"},
			map[string]string{"a": "old", "sub/old": "old"},
		},
		{
			"cut off and grown again",
			[]string{"append", "old", "12345", "sync", "old", "", "cut", "old", "2", "append", "old", "abc"},
			map[string]string{"old": "ol", "sub/old": "old"},
		},
		{"emptied and written again", []string{"empty", "old", "", "append", "old", "abc"}, map[string]string{"old": "", "sub/old": "old"}},
		{
			"removed, and its number may be another file's",
			[]string{"remove", "old", "", "sync", ".", "", "append", "a", "aaa", "append", "b", "bbb"},
			map[string]string{"sub/old": "old"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := folder(t)
			does(t, program, dir, tt.steps...)
			_, err := power.Cut(dir)
			require.NoError(t, err)
			require.Equal(t, tt.want, contents(t, dir))
		})
	}
}

// A second run keeps the book of the first, unless the power was cut in between.
func TestTheBookOutlivesTheServer(t *testing.T) {
	t.Parallel()
	program, dir := hire(t), folder(t)
	does(t, program, dir, "append", "old", "+1", "sync", "old", "", "append", "old", "+2", "remove", "sub/old", "")
	does(t, program, dir, "append", "old", "+3")
	_, err := power.Cut(dir)
	require.NoError(t, err)
	require.Equal(t, map[string]string{"old": "old+1", "sub/old": "old"}, contents(t, dir))

	does(t, program, dir, "append", "old", "+4", "sync", "old", "")
	require.NoError(t, os.Truncate(filepath.Join(dir, "old"), 4)) // while nothing runs
	does(t, program, dir, "append", "old", "+5")
	_, err = power.Cut(dir)
	require.NoError(t, err)
	require.Equal(t, map[string]string{"old": "old+", "sub/old": "old"}, contents(t, dir))
}

// hire compiles the program and returns its path.
func hire(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "hands")
	compile := exec.CommandContext(t.Context(), "cc", "-x", "c", "-", "-o", path)
	compile.Stdin = strings.NewReader(hands)
	out, err := compile.CombinedOutput()
	require.NoError(t, err, string(out))
	return path
}

// folder is one with two files in it, before any server was there.
func folder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "sub"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "old"), []byte("old"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "sub", "old"), []byte("old"), 0o600))
	return dir
}

// does runs the program with the library in front of it.
func does(t *testing.T, program, dir string, steps ...string) {
	t.Helper()
	object, err := power.Library.Build(t.Context())
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), program, steps...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "LEAT_FAULTS_DIR="+dir, "LD_PRELOAD="+object)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
}

// contents is all that is in a folder, hidden files included.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		require.NoError(t, err)
		content, err := os.ReadFile(path)
		files[name] = string(content)
		return err
	}))
	return files
}
