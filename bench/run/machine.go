package run

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/leat-io/leat/bench/result"
)

const unknown = "unknown"

// machine is what this run is made on. What a system does not tell is "unknown" or
// 0.
func machine() result.Machine {
	m := result.Machine{
		CPU: lineOf("/proc/cpuinfo", "model name"), Cores: runtime.NumCPU(), Kernel: kernel(), Go: runtime.Version(),
		LoadAvg: unknown,
	}
	var kilobytes int64
	if _, err := fmt.Sscan(lineOf("/proc/meminfo", "MemTotal"), &kilobytes); err == nil {
		m.Memory = kilobytes << 10
	}
	if load, err := os.ReadFile("/proc/loadavg"); err == nil {
		// The averages of 1, 5 and 15 minutes; what follows is of no interest.
		if f := strings.Fields(string(load)); len(f) >= 3 {
			m.LoadAvg = strings.Join(f[:3], " ")
		}
	}
	return m
}

// lineOf is the value of the first line "name : value" of a file.
func lineOf(path, name string) string {
	f, err := os.Open(path)
	if err != nil {
		return unknown
	}
	defer f.Close() //nolint:errcheck // all that was asked has been answered by then
	for lines := bufio.NewScanner(f); lines.Scan(); {
		key, value, ok := strings.Cut(lines.Text(), ":")
		if ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return unknown
}

// kernel is the system's name and release, as uname gives them.
func kernel() string {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return unknown
	}
	return unix.ByteSliceToString(u.Sysname[:]) + " " + unix.ByteSliceToString(u.Release[:])
}

// commit is the commit of the working tree, with "-dirty" behind it when files have
// changed since.
func commit(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*").Output()
	if err != nil {
		return unknown
	}
	return strings.TrimSpace(string(out))
}

// describe says what the report says of contenders.
func describe(contenders []Entry, commit string) []result.Contender {
	info, _ := debug.ReadBuildInfo()
	var all []result.Contender
	for _, e := range contenders {
		i := e.Contender.Info()
		all = append(all, result.Contender{
			Name: i.Name, Module: i.Module, Version: version(info, i.Module, commit), Settings: i.Settings, Peer: i.Peer,
		})
	}
	return all
}

// version is that of a module in this program: the commit for code of this
// repository. A test binary does not know those of others.
func version(info *debug.BuildInfo, module, commit string) string {
	if module == "" {
		return commit
	}
	if info == nil {
		return unknown
	}
	for _, m := range info.Deps {
		switch {
		case m.Path != module:
		case m.Replace != nil: // by the code of this working tree
			return commit
		default:
			return m.Version
		}
	}
	return unknown
}
