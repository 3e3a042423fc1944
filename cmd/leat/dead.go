package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/leat-io/leat/stream"
)

const deadHelp = `dead looks at the dead letters of a consumer group: entries that were given up, with
where they came from and why. They stay until they are redriven.`

const deadListHelp = `list lists the dead letters of a group, oldest first: the letter's ID, that of the
entry, why it was given up, how often it failed and was delivered, when, and the last
error. --output json also has the fields of each.

STREAM is the stream that the entries came from; it may come from LEAT_STREAM or
STREAM.`

const deadShowHelp = `show prints one dead letter with all fields of its entry. ID is the letter's, as
list prints it. What is not printable text is quoted.`

func newDeadCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "dead",
		Short:   "List, show and redrive dead letters",
		Long:    deadHelp,
		Example: "  leat dead list orders --group billing",
		Args:    noArguments,
		RunE:    printHelp,
	}
	cmd.AddCommand(newDeadListCommand(a), newDeadShowCommand(a), newDeadRedriveCommand(a))
	return cmd
}

// withGroup connects and does what a command on one group does.
func (a *app) withGroup(ctx context.Context, name string, f *groupFlags, do func(*stream.Group) error) error {
	conn, done, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer done()
	g, err := f.of(conn, name)
	if err != nil {
		return err
	}
	return do(g)
}

func newDeadListCommand(a *app) *cobra.Command {
	var (
		output outputFlag
		group  groupFlags
		count  int
	)
	cmd := &cobra.Command{
		Use:     "list STREAM --group G",
		Short:   "List dead letters",
		Long:    deadListHelp,
		Example: "  leat dead list orders --group billing --count 20",
		Args:    atMost(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			name, _, err := a.streamOf(args)
			if err == nil {
				err = group.check()
			}
			if err == nil && count < 1 {
				err = usagef("--count is %d, want 1 at the least", count)
			}
			if err != nil {
				return err
			}
			return a.withGroup(cmd.Context(), name, &group, func(g *stream.Group) error {
				return a.listLetters(cmd.Context(), g, count, output.json())
			})
		},
	}
	group.registerDead(cmd)
	cmd.Flags().IntVar(&count, "count", 100, "how many at the most")
	output.register(cmd)
	return cmd
}

// letterPage is how many letters one call asks for: they come with their payload.
const letterPage = 100

func (a *app) listLetters(ctx context.Context, g *stream.Group, count int, asJSON bool) error {
	var letters []stream.Letter
	var from stream.ID
	for more := true; more && len(letters) < count; {
		page, next, err := g.Letters(ctx, from, min(letterPage, count-len(letters)))
		if err != nil {
			return err
		}
		letters = append(letters, page...)
		from, more = next, !next.IsZero()
	}
	if len(letters) == 0 {
		// None, or no such group: two things that look alike.
		if _, err := g.Info(ctx); err != nil {
			return err
		}
	}
	if len(letters) == count {
		a.note("these are the first %d; there may be more, see --count", count)
	}
	if asJSON {
		out := make([]letterJSON, len(letters))
		for i := range letters {
			out[i] = newLetterJSON(&letters[i])
		}
		return printJSON(a.stdout, out)
	}
	rows := make([][]string, len(letters))
	for i, l := range letters {
		rows[i] = []string{
			l.ID.String(), l.EntryID.String(), safe(l.Reason, 20), strconv.Itoa(l.Attempts), strconv.Itoa(l.Deliveries),
			l.Time.Format(time.RFC3339), safe(l.Error, 80),
		}
	}
	return printTable(a.stdout, []string{"LETTER", "ENTRY", "REASON", "FAILURES", "DELIVERIES", "TIME", "ERROR"}, rows)
}

func newDeadShowCommand(a *app) *cobra.Command {
	var (
		output outputFlag
		group  groupFlags
	)
	cmd := &cobra.Command{
		Use:     "show STREAM ID --group G",
		Short:   "Print one dead letter with its fields",
		Long:    deadShowHelp,
		Example: "  leat dead show orders 1767225600000-0 --group billing",
		Args:    atMost(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			name, rest, err := a.streamOf(args)
			if err == nil {
				err = group.check()
			}
			if err != nil {
				return err
			}
			if len(rest) != 1 {
				return usagef("the letter's ID is missing")
			}
			id, err := stream.ParseID(rest[0])
			if err != nil {
				return &usageError{err}
			}
			return a.withGroup(cmd.Context(), name, &group, func(g *stream.Group) error {
				letter, err := g.Letter(cmd.Context(), id)
				if err != nil {
					return err
				}
				if output.json() {
					return printJSON(a.stdout, newLetterJSON(&letter))
				}
				a.printLetter(&letter)
				return nil
			})
		},
	}
	group.registerDead(cmd)
	output.register(cmd)
	return cmd
}

func (a *app) printLetter(l *stream.Letter) {
	for _, line := range [][2]string{
		{"letter", l.ID.String()},
		{"stream", l.Stream},
		{"group", l.Group},
		{"entry", l.EntryID.String()},
		{"reason", l.Reason},
		{"error", l.Error},
		{"failures", strconv.Itoa(l.Attempts)},
		{"deliveries", strconv.Itoa(l.Deliveries)},
		{"consumer", l.Consumer},
		{"time", l.Time.Format(time.RFC3339Nano)},
	} {
		fmt.Fprintf(a.stdout, "%-11s %s\n", line[0]+":", safe(line[1], 0))
	}
	if l.Fields == nil {
		fmt.Fprintln(a.stdout, "fields:     none: the entry was deleted from the stream while it was pending")
		return
	}
	fmt.Fprintln(a.stdout, "fields:")
	for _, f := range l.Fields {
		fmt.Fprintf(a.stdout, "  %s: %s\n", safe(string(f.Name), 0), safe(string(f.Value), 0))
	}
}
