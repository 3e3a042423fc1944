package main

import (
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: sbom BINARY BILL.json")
		os.Exit(2)
	}
	said, err := check(os.Args[1], os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, "sbom:", err)
		os.Exit(1)
	}
	fmt.Fprintln(os.Stdout, said)
}

// check reads both and compares them.
func check(binary, file string) (said string, err error) {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return "", fmt.Errorf("read what %s is made of: %w", binary, err)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	var b bill
	if err := json.Unmarshal(content, &b); err != nil {
		return "", fmt.Errorf("read %s: %w", file, err)
	}
	if err := b.compare(info); err != nil {
		return "", fmt.Errorf("%s is not the bill of %s:\n%w", file, binary, err)
	}
	return fmt.Sprintf("%s: %d modules of %s, as they are in %s", file, len(info.Deps), info.Main.Path, binary), nil
}

// bill is what is looked at of a CycloneDX document.
type bill struct {
	Format   string `json:"bomFormat"`
	Metadata struct {
		Component component `json:"component"`
	} `json:"metadata"`
	Components []component `json:"components"`
}

type component struct {
	Name, Version, Purl string
	Hashes              []struct{ Alg, Content string }
	Licenses            []any
	Evidence            struct{ Licenses []any }
}

// standard is the component that stands for Go's own packages.
const standard = "std"

// compare names all that is missing on one side, or different.
func (b bill) compare(info *debug.BuildInfo) error {
	var wrong []error
	say := func(form string, args ...any) { wrong = append(wrong, fmt.Errorf(form, args...)) }
	if b.Format != "CycloneDX" {
		say("it is no CycloneDX document: bomFormat is %q", b.Format)
	}
	if main := b.Metadata.Component; main.Name != info.Main.Path || len(main.Licenses) == 0 {
		say("it is the bill of %q, with %d licences, and not of %s", main.Name, len(main.Licenses), info.Main.Path)
	}
	listed := map[string]component{}
	for _, c := range b.Components {
		if _, twice := listed[c.Name]; twice {
			say("%s is in it twice", c.Name)
		}
		listed[c.Name] = c
	}
	if c := listed[standard]; c.Version != info.GoVersion {
		say("Go is %s, and the bill has %q", info.GoVersion, c.Version)
	}
	delete(listed, standard)
	for _, module := range info.Deps {
		if module.Replace != nil {
			module = module.Replace
		}
		c, ok := listed[module.Path]
		if !ok {
			say("%s %s is missing", module.Path, module.Version)
			continue
		}
		delete(listed, module.Path)
		if err := c.is(module); err != nil {
			wrong = append(wrong, err)
		}
	}
	for name := range listed {
		say("%s is not in the binary", name)
	}
	return errors.Join(wrong...)
}
