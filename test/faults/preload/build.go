package preload

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/leat-io/leat/test/faults/needs"
)

// Library is a C library that goes between a program and its C library.
type Library struct {
	Name   string // of the file: "power"
	Source string // in C
}

// Build compiles the library and returns the path of the shared object. Without a compiler the error wraps needs.ErrUnavailable.
func (l Library) Build(ctx context.Context) (string, error) {
	what := "compile the library " + l.Name
	if err := needs.Linux(what); err != nil {
		return "", err
	}
	compiler := strings.Fields(os.Getenv("CC"))
	if len(compiler) == 0 {
		compiler = []string{"cc"}
	}
	flags := []string{"-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-x", "c", "-", "-ldl", "-lpthread"}
	return cached(l.Name+".so", l.Source+strings.Join(append(compiler, flags...), " "), func(path string) error {
		if _, err := needs.Tool(what, compiler[0], "scripts/install-cc.sh"); err != nil {
			return err
		}
		args := append(append([]string{}, compiler[1:]...), flags...)
		cmd := exec.CommandContext(ctx, compiler[0], append(args, "-o", path)...)
		cmd.Stdin = strings.NewReader(l.Source)
		var said bytes.Buffer
		cmd.Stdout, cmd.Stderr = &said, &said
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("%s with %s: %w\n%s", what, compiler[0], err, said.String())
		}
		return nil
	})
}

// launcher is the program that a test starts instead of the server. It replaces itself (exec), so process id and signals are the
// server's. What is asked about the server (--version) goes past the libraries.
const launcher = `#!/bin/sh
if [ -z "${LEAT_FAULTS_DIR-}" ]; then
  [ -f "${1-}" ] || exec %[1]s "$@"
  LEAT_FAULTS_DIR=$(cd "$(dirname -- "$1")" && pwd -P) || exit 1
fi
export LEAT_FAULTS_DIR
LD_PRELOAD=%[2]s${LD_PRELOAD:+:$LD_PRELOAD}
export LD_PRELOAD
exec %[1]s "$@"
`

// Launcher returns the path of a program that starts server, a path or a name in PATH, with the libraries.
func Launcher(ctx context.Context, server string, libraries ...Library) (string, error) {
	path, err := exec.LookPath(server)
	if err != nil {
		return "", needs.Unavailable("start a server with libraries of ours", server+" in the PATH (scripts/install-redis.sh)")
	}
	if path, err = filepath.Abs(path); err != nil {
		return "", fmt.Errorf("find %s: %w", server, err)
	}
	var objects []string
	for _, l := range libraries {
		object, err := l.Build(ctx)
		if err != nil {
			return "", err
		}
		if strings.ContainsAny(object, ": ") {
			return "", fmt.Errorf("preload %s: the path must have no blanks and colons in it, which separate libraries", object)
		}
		objects = append(objects, object)
	}
	script := fmt.Sprintf(launcher, quote(path), quote(strings.Join(objects, ":")))
	return cached(filepath.Base(path), script, func(file string) error {
		return os.WriteFile(file, []byte(script), 0o700)
	})
}

// quote makes one word of s for the shell.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// cached returns the path of what make makes of content, and calls it only when it is not there yet. Two processes may do so at
// the same time: each makes a file of its own, and the names are swapped in one step.
func cached(name, content string, make func(path string) error) (string, error) {
	sum := sha256.Sum256([]byte(content))
	folder, err := cacheFolder(hex.EncodeToString(sum[:8]))
	if err != nil {
		return "", err
	}
	path := filepath.Join(folder, name)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("look for %s: %w", path, err)
	}
	scratch, err := os.MkdirTemp(folder, "new-")
	if err != nil {
		return "", fmt.Errorf("make a folder in the cache: %w", err)
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	fresh := filepath.Join(scratch, name)
	if err := make(fresh); err != nil {
		return "", err
	}
	if err := os.Rename(fresh, path); err != nil {
		return "", fmt.Errorf("put %s in its place: %w", path, err)
	}
	return path, nil
}

// cacheFolder makes a folder in the user's cache, or in the temporary folder for users without one.
func cacheFolder(name string) (string, error) {
	var failed []error
	if user, err := os.UserCacheDir(); err == nil {
		folder := filepath.Join(user, "leat-faults", name)
		if err = os.MkdirAll(folder, 0o700); err == nil {
			return folder, nil
		}
		failed = append(failed, err)
	}
	folder := filepath.Join(os.TempDir(), fmt.Sprintf("leat-faults-cache-%d", os.Getuid()), name)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", fmt.Errorf("make the cache folder: %w", errors.Join(append(failed, err)...))
	}
	return folder, nil
}
