package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// Set by the linker: -X main.version=v1.2.3 -X main.commit=abc123.
var (
	version = ""
	commit  = ""
)

// buildInfo is what `leat version` prints.
type buildInfo struct {
	Version  string `json:"version"`
	Commit   string `json:"commit"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// build is what the linker was told, else what Go noted of the module and the
// checkout.
func build() buildInfo {
	b := buildInfo{Version: version, Commit: commit, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	if info, ok := debug.ReadBuildInfo(); ok {
		if b.Version == "" {
			b.Version = info.Main.Version
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && b.Commit == "" {
				b.Commit = s.Value
			}
		}
	}
	if b.Version == "" || b.Version == "(devel)" {
		b.Version = "dev"
	}
	if b.Commit == "" {
		b.Commit = "unknown"
	}
	return b
}

// String is the build on one line.
func (b buildInfo) String() string {
	return fmt.Sprintf("leat %s (commit %s, %s, %s)", b.Version, b.Commit, b.Go, b.Platform)
}

func newVersionCommand(a *app) *cobra.Command {
	var output outputFlag
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Long:    "version prints the version, the commit, and what leat was built with and for.",
		Example: "  leat version --output json",
		Args:    noArguments,
		RunE: func(*cobra.Command, []string) error {
			if output.json() {
				return printJSON(a.stdout, build())
			}
			fmt.Fprintln(a.stdout, build())
			return nil
		},
	}
	output.register(cmd)
	return cmd
}
