package main

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// olderNames are variables that existing deployments set, by the flag that they
// stand for. LEAT_<FLAG> wins over them.
var olderNames = map[string]string{"stream": "STREAM", "producer": "PRODUCER"}

// exclusive are flags of which one is wanted: where one is given on the command
// line, the variables of the others do not count.
var exclusive = map[string][]string{
	"webhook": {"webhook", "command"}, "command": {"webhook", "command"},
	"data": {"data", "file"}, "file": {"data", "file"},
	"since": {"since", "from-now"}, "from-now": {"since", "from-now"},
}

// ofTheHandler are the variables by which `leat worker --command` tells a program
// what it handles. Inside of one they are that and no flags: `leat publish` in a
// handler would publish under the ID of the event that is handled.
var ofTheHandler = map[string]bool{
	"LEAT_ID": true, "LEAT_SOURCE": true, "LEAT_TYPE": true, "LEAT_SUBJECT": true, "LEAT_STREAM": true,
}

// variable is the environment variable of a flag.
func variable(flag string) string {
	return "LEAT_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// lookup is the value of a variable that is set, and not empty: an empty one is
// how manifests leave a value out.
func (a *app) lookup(name string) (string, bool) {
	value, ok := a.env(name)
	return value, ok && value != ""
}

// flagVariable is the value that the environment has for a flag.
func (a *app) flagVariable(flag string) (name, value string, ok bool) {
	name = variable(flag)
	_, handling := a.lookup("LEAT_ENTRY_ID")
	if value, ok = a.lookup(name); ok && !(handling && ofTheHandler[name]) {
		return name, value, true
	}
	if name = olderNames[flag]; name == "" {
		return "", "", false
	}
	value, ok = a.lookup(name)
	return name, value, ok
}

// bindEnvironment sets the flags that the command line left open.
func (a *app) bindEnvironment(cmd *cobra.Command) error {
	flags := cmd.Flags()
	given := map[string]bool{}
	flags.Visit(func(f *pflag.Flag) { given[f.Name] = true })
	var errs []error
	flags.VisitAll(func(f *pflag.Flag) {
		if given[f.Name] || f.Name == "help" || f.Name == "version" {
			return
		}
		for _, other := range exclusive[f.Name] {
			if given[other] {
				return
			}
		}
		if name, value, ok := a.flagVariable(f.Name); ok {
			if err := setFrom(flags, f, value); err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", name, err))
			}
		}
	})
	if err := a.olderRedis(flags); err != nil {
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return &usageError{err}
	}
	return nil
}

// setFrom sets a flag from a variable's value. A flag that may be repeated gets
// its values one by one.
func setFrom(flags *pflag.FlagSet, f *pflag.Flag, value string) error {
	if f.Value.Type() != "stringArray" {
		return flags.Set(f.Name, value)
	}
	separator := ","
	if f.Name == "webhook-header" { // whose values have commas
		separator = "\n"
	}
	for one := range strings.SplitSeq(value, separator) {
		if one = strings.TrimSpace(one); one == "" {
			continue
		}
		if err := flags.Set(f.Name, one); err != nil {
			return err
		}
	}
	return nil
}

// olderRedis makes --redis of REDIS_HOSTNAME and REDIS_PORT where nothing else has
// set it.
func (a *app) olderRedis(flags *pflag.FlagSet) error {
	if f := flags.Lookup("redis"); f == nil || f.Changed {
		return nil
	}
	host, hasHost := a.lookup("REDIS_HOSTNAME")
	port, hasPort := a.lookup("REDIS_PORT")
	if strings.HasPrefix(port, "tcp://") {
		// Kubernetes sets that for every Service named redis; nobody meant it.
		hasPort = false
	}
	if !hasHost && !hasPort {
		return nil
	}
	if !hasHost {
		host = "127.0.0.1"
	}
	if !hasPort {
		port = "6379"
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return fmt.Errorf("REDIS_PORT: %q is no port", port)
	}
	if strings.ContainsAny(host, "/@ ") {
		return errors.New("REDIS_HOSTNAME: want a host's name alone; a URL goes into LEAT_REDIS")
	}
	return flags.Set("redis", "redis://"+net.JoinHostPort(strings.Trim(host, "[]"), port))
}
