package kubernetes

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// Where things are, seen from this package.
const (
	root      = "../.."
	chart     = root + "/deploy/helm/leat"
	kustomize = root + "/deploy/kustomize"
	compose   = root + "/deploy/compose"
)

var (
	// helm is the program that go.mod pins.
	helm string
	// scratch is a folder that ends with the tests.
	scratch string
)

func TestMain(m *testing.M) { os.Exit(runAll(m)) }

func runAll(m *testing.M) int {
	var err error
	if scratch, err = os.MkdirTemp("", "leat-kubernetes-"); err == nil {
		defer os.RemoveAll(scratch)
		helm, err = output(exec.Command("go", "tool", "-n", "helm"))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// leat is the program, built once for all tests, and as the Makefile and the Dockerfile do it, since its size is looked at.
func leat(t *testing.T) string {
	t.Helper()
	file, err := built()
	require.NoError(t, err)
	return file
}

var built = sync.OnceValues(func() (string, error) {
	file, err := filepath.Abs(filepath.Join(scratch, "leat"))
	if err != nil {
		return "", err
	}
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", file, "./cmd/leat")
	build.Dir, build.Env = root, append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	_, err = output(build)
	return file, err
})

// output is what a program prints, or an error with what it complains of.
func output(cmd *exec.Cmd) (string, error) {
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", strings.Join(cmd.Args, " "), err, complaint.String())
	}
	return strings.TrimSpace(string(out)), nil
}
