package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode/utf16"
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

// printJSON prints v as one line. What a terminal would obey is escaped, beyond what JSON asks for: U+009B begins a command
// as ESC [ does.
func printJSON(w io.Writer, v any) error {
	var line bytes.Buffer
	e := json.NewEncoder(&line)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(escapeJSON(line.Bytes()))
	return err
}

// escapeJSON escapes everything behind ASCII that is not printable: in JSON that is inside of strings.
func escapeJSON(line []byte) []byte {
	if !bytes.ContainsFunc(line, unseen) {
		return line
	}
	var out bytes.Buffer
	for _, r := range string(line) {
		switch high, low := utf16.EncodeRune(r); {
		case !unseen(r):
			out.WriteRune(r)
		case high == utf8.RuneError:
			fmt.Fprintf(&out, `\u%04x`, r)
		default:
			fmt.Fprintf(&out, `\u%04x\u%04x`, high, low)
		}
	}
	return out.Bytes()
}

func unseen(r rune) bool { return r >= 0x7f && !strconv.IsPrint(r) }

// plainWriter makes what it writes visible, line by line.
type plainWriter struct{ io.Writer }

func (p plainWriter) Write(b []byte) (int, error) {
	for line := range strings.Lines(string(b)) {
		text, ended := strings.CutSuffix(line, "\n")
		if text = visible(text); ended {
			text += "\n"
		}
		if _, err := io.WriteString(p.Writer, text); err != nil {
			return 0, err
		}
	}
	return len(b), nil
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

// dated is t where JSON can write it. Times come from Redis, where anybody may have written them.
func dated(t time.Time) *time.Time {
	if year := t.UTC().Year(); year < 0 || year > 9999 {
		return nil
	}
	return &t
}
