package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/leat-io/leat/stream"
)

const redriveHelp = `redrive gives dead letters back to their group, and to that group alone, with no
failures counted: those with the IDs given (the letters', as list prints them), or
--all that are there when it begins. It prints the entry that each one has become,
with --all how many there were; in JSON, letters are those that were named, and with
--all those that could not be redriven.
A letter that cannot be redriven is reported, the others are; the exit code is 1
then. A letter without a payload (payload-lost) cannot be redriven.

An entry that is still in the stream is handed out again as it is; else a new one is
added, which other groups skip. The group's workers must use leat for that.`

// redriveReport is what `leat dead redrive --output json` prints.
type redriveReport struct {
	Redriven int `json:"redriven"`
	Failed   int `json:"failed"`
	// Letters are those that were named, and with --all those that failed.
	Letters []redrivenLetter `json:"letters"`
}

type redrivenLetter struct {
	ID      stream.ID  `json:"id"`
	EntryID *stream.ID `json:"entry_id,omitempty"`
	Error   string     `json:"error,omitempty"`
}

func newDeadRedriveCommand(a *app) *cobra.Command {
	var (
		output outputFlag
		group  groupFlags
		all    bool
	)
	cmd := &cobra.Command{
		Use:     "redrive STREAM --group G (ID... | --all)",
		Short:   "Give dead letters back to their group",
		Long:    redriveHelp,
		Example: "  leat dead redrive orders --group billing --all",
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			name, rest, err := a.streamOf(args)
			if err == nil {
				err = group.check()
			}
			if err != nil {
				return err
			}
			if all == (len(rest) > 0) {
				return usagef("which dead letters? want their IDs or --all, and not both")
			}
			ids, err := parseIDs(rest)
			if err != nil {
				return err
			}
			return a.withGroup(cmd.Context(), name, &group, func(g *stream.Group) error {
				r := &redrive{app: a, group: g, quiet: all, text: !output.json()}
				if all {
					err = r.all(cmd.Context())
				} else {
					err = r.some(cmd.Context(), ids)
				}
				return r.end(err)
			})
		},
	}
	group.registerDead(cmd)
	cmd.Flags().BoolVar(&all, "all", false, "all dead letters of the group")
	output.register(cmd)
	return cmd
}

func parseIDs(args []string) ([]stream.ID, error) {
	ids := make([]stream.ID, len(args))
	for i, arg := range args {
		var err error
		if ids[i], err = stream.ParseID(arg); err != nil {
			return nil, &usageError{err}
		}
	}
	return ids, nil
}

// redrive is one run of `leat dead redrive`.
type redrive struct {
	app    *app
	group  *stream.Group
	quiet  bool // a count is enough
	text   bool
	report redriveReport
}

// some redrives the letters of these IDs.
func (r *redrive) some(ctx context.Context, ids []stream.ID) error {
	for _, id := range ids {
		letter, err := r.group.Letter(ctx, id)
		if err != nil {
			letter = stream.Letter{ID: id}
		} else {
			letter.EntryID, err = r.group.Redrive(ctx, letter)
		}
		r.note(letter, err)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	return nil
}

// all redrives as many letters as there are when it begins. What fails again under
// way comes behind them, and must not keep this from ending.
func (r *redrive) all(ctx context.Context) error {
	info, err := r.group.Info(ctx)
	if err != nil {
		return err
	}
	var from stream.ID
	for tried := 0; tried < info.Dead; {
		letters, next, err := r.group.Letters(ctx, from, min(letterPage, info.Dead-tried))
		if err != nil {
			return err
		}
		for _, letter := range letters {
			id, err := r.group.Redrive(ctx, letter)
			letter.EntryID = id
			r.note(letter, err)
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
		}
		if next.IsZero() {
			return nil
		}
		from = next
		tried += len(letters)
	}
	return nil
}

// note counts and reports one letter; its EntryID is what it has become.
func (r *redrive) note(letter stream.Letter, err error) {
	one := redrivenLetter{ID: letter.ID}
	switch {
	case err != nil:
		r.report.Failed++
		one.Error = err.Error()
		r.app.complain("%v", err)
	default:
		r.report.Redriven++
		one.EntryID = &letter.EntryID
		if r.quiet {
			return
		}
		if r.text {
			fmt.Fprintln(r.app.stdout, letter.EntryID)
		}
	}
	r.report.Letters = append(r.report.Letters, one)
}

// end prints what became of them. err is why not all were tried.
func (r *redrive) end(err error) error {
	if !r.text {
		if r.report.Letters == nil {
			r.report.Letters = []redrivenLetter{}
		}
		if err := printJSON(r.app.stdout, r.report); err != nil {
			return err
		}
	} else if r.quiet {
		fmt.Fprintf(r.app.stdout, "redriven %d\n", r.report.Redriven)
	}
	if err == nil && r.report.Failed > 0 {
		return &saidError{fmt.Sprintf("%d letters could not be redriven", r.report.Failed)}
	}
	return err
}
