package main

import (
	"context"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/leat-io/leat/stream"
)

const pendingHelp = `pending lists entries that were delivered to a consumer of the group and are not
settled, oldest first: who has each, for how long since it was delivered or its
lease was extended, and how often it was delivered. Entries under the name
leat:parked are nobody's: they wait for their next try, whose time is shown, or for
any worker to take them.

STREAM may come from LEAT_STREAM or STREAM.`

// pendingRow is an entry as `leat pending --output json` prints it.
type pendingRow struct {
	ID          stream.ID  `json:"id"`
	Consumer    string     `json:"consumer"`
	IdleSeconds float64    `json:"idle_seconds"`
	Deliveries  int        `json:"deliveries"`
	Due         *time.Time `json:"due"`
}

func newPendingCommand(a *app) *cobra.Command {
	var (
		output outputFlag
		group  groupFlags
		query  stream.PendingQuery
	)
	cmd := &cobra.Command{
		Use:     "pending STREAM --group G",
		Short:   "List entries that are delivered and not settled",
		Long:    pendingHelp,
		Example: "  leat pending orders --group billing --count 20",
		Args:    atMost(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			name, _, err := a.streamOf(args)
			if err != nil {
				return err
			}
			if err := group.check(); err != nil {
				return err
			}
			if query.Count < 1 {
				return usagef("--count is %d, want 1 at the least", query.Count)
			}
			conn, done, err := a.connect(cmd.Context())
			if err != nil {
				return err
			}
			defer done()
			g, err := group.of(conn, name)
			if err != nil {
				return err
			}
			rows, err := pendingRows(cmd.Context(), g, query)
			if err != nil {
				return err
			}
			if len(rows) == query.Count {
				a.note("these are the first %d; there may be more, see --count", len(rows))
			}
			if output.json() {
				return printJSON(a.stdout, rows)
			}
			return printPending(a.stdout, rows)
		},
	}
	group.register(cmd)
	cmd.Flags().StringVar(&query.Consumer, "consumer", "", "only those of this consumer `NAME`")
	cmd.Flags().IntVar(&query.Count, "count", 100, "how many at the most")
	output.register(cmd)
	return cmd
}

func pendingRows(ctx context.Context, g *stream.Group, q stream.PendingQuery) ([]pendingRow, error) {
	entries, err := g.Pending(ctx, q)
	if err != nil {
		return nil, err
	}
	ids := make([]stream.ID, len(entries))
	for i, e := range entries {
		ids[i] = e.ID
	}
	due, err := g.DueTimes(ctx, ids)
	if err != nil {
		return nil, err
	}
	rows := make([]pendingRow, len(entries))
	for i, e := range entries {
		rows[i] = pendingRow{ID: e.ID, Consumer: e.Consumer, IdleSeconds: e.Idle.Seconds(), Deliveries: e.Deliveries}
		if t, ok := due[e.ID]; ok {
			rows[i].Due = dated(t.UTC())
		}
	}
	return rows, nil
}

func printPending(w io.Writer, rows []pendingRow) error {
	table := make([][]string, len(rows))
	for i, r := range rows {
		due := "-"
		if r.Due != nil {
			due = r.Due.Format(time.RFC3339)
		}
		idle := time.Duration(r.IdleSeconds * float64(time.Second)).Round(time.Millisecond)
		table[i] = []string{r.ID.String(), safe(r.Consumer, 0), idle.String(), strconv.Itoa(r.Deliveries), due}
	}
	return printTable(w, []string{"ENTRY", "CONSUMER", "IDLE", "DELIVERIES", "NEXT-TRY"}, table)
}
