package demo

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/leat-io/leat/internal/redistest"
)

// TestMain is also the worker program of the demos that run in this process.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == WorkerCommand {
		if err := RunWorker(context.Background(), os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	redistest.Main(m)
}
