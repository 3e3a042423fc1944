package main

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) {
	if err := os.Chdir("../.."); err != nil { // the table names files from the root
		panic(err)
	}
	os.Exit(m.Run())
}

// Every mutation still has its place in the code.
func TestTableFollowsTheCode(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, m := range mutations {
		_, err := m.sabotaged()
		require.NoError(t, err, m.Name)
		require.NotEqual(t, m.Old, m.New, m.Name)
		require.False(t, names[m.Name], "%s is there twice", m.Name)
		names[m.Name] = true
	}
}
