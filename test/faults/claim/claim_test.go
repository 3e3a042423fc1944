package claim_test

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/test/faults/claim"
)

// In the child: take a claim, say its name, and wait to be killed.
func TestMain(m *testing.M) {
	if kind := os.Getenv("LEAT_CLAIM_KIND"); kind != "" {
		c, err := claim.Take(kind)
		if err != nil {
			os.Exit(1)
		}
		_, _ = os.Stdout.WriteString(c.Name + "\n")
		_, _ = os.Stdin.Read(make([]byte, 1))
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// kind is one that only this test uses.
func kind(t *testing.T) string {
	t.Helper()
	c, err := claim.Take("kind")
	require.NoError(t, err)
	t.Cleanup(c.Release)
	return "test" + c.Name
}

func swept(t *testing.T, kind string) []string {
	t.Helper()
	var names []string
	require.NoError(t, claim.Sweep(kind, func(name string) error { names = append(names, name); return nil }))
	return names
}

func TestWhatTheDeadHaveLeftIsSwept(t *testing.T) {
	t.Parallel()
	kind := kind(t)
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), "LEAT_CLAIM_KIND="+kind)
	_, err := child.StdinPipe()
	require.NoError(t, err)
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)

	require.Empty(t, swept(t, kind), "its owner lives")
	require.NoError(t, child.Process.Kill())
	_ = child.Wait()
	require.ErrorContains(t, claim.Sweep(kind, func(string) error { return errors.New("busy") }), "busy")
	require.Equal(t, []string{line[:len(line)-1]}, swept(t, kind), "a failed sweep is repeated")
	require.Empty(t, swept(t, kind))
}

func TestReleaseGivesTheNameUp(t *testing.T) {
	t.Parallel()
	kind := kind(t)
	a, err := claim.Take(kind)
	require.NoError(t, err)
	b, err := claim.Take(kind)
	require.NoError(t, err)
	require.NotEqual(t, a.Name, b.Name)
	require.Empty(t, swept(t, kind), "not even in the same process")
	a.Release()
	a.Release()
	b.Release()
	require.Empty(t, swept(t, kind))
}
