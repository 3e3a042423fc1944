package run

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/leat-io/leat/bench/contender"
	"github.com/leat-io/leat/bench/growth"
	"github.com/leat-io/leat/bench/internal/plain"
	"github.com/leat-io/leat/bench/measure"
	"github.com/leat-io/leat/bench/result"
)

// entries are the contenders of these tests. The process of a step is this test
// binary again, which has to know them.
var entries = []Entry{
	{Contender: plain.Contender{Name: "good"}},
	{Contender: plain.Contender{Name: "second"}, Kinds: []result.Kind{result.Consume}},
	{Contender: plain.Contender{Name: "dying", Fault: plain.Dies}},
	{Contender: plain.Contender{Name: "deaf", Fault: plain.NeverReturns}},
}

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == measure.Command {
		if err := Child(context.Background(), entries, os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// renamed is a contender under our name.
type renamed struct{ contender.Contender }

func (renamed) Info() contender.Info { return contender.Info{Name: growth.Ours} }
