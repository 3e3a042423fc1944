package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

// outputFlag is --output.
type outputFlag string

func (o *outputFlag) register(cmd *cobra.Command) {
	*o = "text"
	cmd.Flags().Var(o, "output", "how to print: text or json")
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp))
}

// Set takes text or json.
func (o *outputFlag) Set(s string) error { return setOneOf((*string)(o), s, "text", "json") }

func (o *outputFlag) String() string { return string(*o) }

// Type is what help calls the value.
func (o *outputFlag) Type() string { return "text|json" }

func (o *outputFlag) json() bool { return *o == "json" }

func setOneOf(to *string, s string, allowed ...string) error {
	for _, one := range allowed {
		if s == one {
			*to = s
			return nil
		}
	}
	return fmt.Errorf("want %s", strings.Join(allowed, " or "))
}

// printJSON prints v as one line.
func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// printTable prints rows under a header, in columns.
func printTable(w io.Writer, header []string, rows [][]string) error {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, strings.Join(header, "\t"))
	for _, row := range rows {
		fmt.Fprintln(t, strings.Join(row, "\t"))
	}
	return t.Flush()
}

// safe is s as a terminal may see it: quoted as in Go where it has anything that
// is not printable, and cut at limit characters (0: not at all).
func safe(s string, limit int) string {
	dots := ""
	if limit > 0 && utf8.RuneCountInString(s) > limit {
		n := 0
		for i := range s {
			if n == limit {
				s, dots = s[:i], "..."
				break
			}
			n++
		}
	}
	if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !strconv.IsPrint(r) }) {
		s = strconv.Quote(s)
	}
	return s + dots
}
