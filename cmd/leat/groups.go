package main

import (
	"strconv"

	"github.com/spf13/cobra"

	"github.com/leat-io/leat/stream"
)

const groupsHelp = `groups lists the consumer groups of a stream: how many consumers each has, how
many entries are pending (delivered and not settled), how many of those wait for
their next try, how many have not been delivered yet (lag; "unknown" in text and -1
in JSON where Redis does not know), and how many are in its dead-letter stream.

STREAM may come from LEAT_STREAM or STREAM.`

func newGroupsCommand(a *app) *cobra.Command {
	var output outputFlag
	cmd := &cobra.Command{
		Use:     "groups STREAM",
		Short:   "List the consumer groups of a stream",
		Long:    groupsHelp,
		Example: "  leat groups orders --output json",
		Args:    atMost(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			name, _, err := a.streamOf(args)
			if err != nil {
				return err
			}
			conn, done, err := a.connect(cmd.Context())
			if err != nil {
				return err
			}
			defer done()
			groups, err := conn.Groups(cmd.Context(), name)
			if err != nil {
				return err
			}
			if output.json() {
				return printJSON(a.stdout, groups)
			}
			return printTable(a.stdout, []string{"GROUP", "CONSUMERS", "PENDING", "WAITING", "LAG", "DEAD", "LAST-DELIVERED"}, groupRows(groups))
		},
	}
	output.register(cmd)
	return cmd
}

func groupRows(groups []stream.GroupInfo) [][]string {
	rows := make([][]string, len(groups))
	for i, g := range groups {
		lag := strconv.Itoa(g.Lag)
		if g.Lag < 0 {
			lag = "unknown"
		}
		rows[i] = []string{
			safe(g.Name, 0), strconv.Itoa(g.Consumers), strconv.Itoa(g.Pending), strconv.Itoa(g.Waiting),
			lag, strconv.Itoa(g.Dead), g.LastDelivered.String(),
		}
	}
	return rows
}
