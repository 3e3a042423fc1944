package network

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/leat-io/leat/test/faults/claim"
	"github.com/leat-io/leat/test/faults/needs"
)

const (
	// kind of the claims on names of segments.
	segmentKind = "net"
	// namePrefix begins the names of bridges, cables and namespaces; nothing without it is ever removed.
	namePrefix = "leat-"
	// namesFolder is where ip keeps the names of network namespaces.
	namesFolder = "/var/run/netns"
	// cleanTimeout bounds what Close and the sweep do.
	cleanTimeout = 30 * time.Second
	// hostLimit is how many hosts have an address on a segment; the first one is this machine's.
	hostLimit = 253
)

// Segment is a network of its own on this machine: a bridge, on which this machine has an address, and hosts, each a network
// namespace. It is safe for concurrent use.
type Segment struct {
	claim  *claim.Claim
	prefix string // "198.18.7."
	mu     sync.Mutex
	hosts  int
}

// NewSegment makes a segment, after it has removed those that dead processes left. It ends with Close. Without Linux, root, ip,
// iptables or the right to make namespaces the error wraps ErrUnavailable.
func NewSegment(ctx context.Context) (*Segment, error) {
	const what, install = "make a network segment", "scripts/install-network.sh"
	if err := needs.Root(what); err != nil {
		return nil, err
	}
	for _, tool := range []string{"ip", "iptables"} {
		if _, err := needs.Tool(what, tool, install); err != nil {
			return nil, err
		}
	}
	if err := claim.Sweep(segmentKind, removeSegment); err != nil {
		return nil, fmt.Errorf("network: %w", err)
	}
	c, err := claim.Take(segmentKind)
	if err != nil {
		return nil, fmt.Errorf("network: %w", err)
	}
	s := &Segment{claim: c}
	if err := s.make(ctx); err != nil {
		_ = s.Close()
		return nil, fmt.Errorf("network: %s: %w", what, err)
	}
	return s, nil
}

// make makes the bridge, and tries out whether there can be hosts on it.
func (s *Segment) make(ctx context.Context) error {
	var err error
	if s.prefix, err = freePrefix(); err != nil {
		return err
	}
	bridge, probe := s.name(), s.name()+"-0"
	return runAll(ctx, [][]string{
		{"ip", "link", "add", bridge, "type", "bridge"},
		{"ip", "addr", "add", s.Addr() + "/24", "dev", bridge},
		{"ip", "link", "set", bridge, "up"},
		{"ip", "netns", "add", probe},
		{"ip", "netns", "exec", probe, "iptables", "-w", "-S"},
		{"ip", "netns", "del", probe},
	})
}

// freePrefix finds addresses that no interface of this machine has. 198.18.0.0/15 is set aside for tests of networks (RFC 2544).
func freePrefix() (string, error) {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return "", fmt.Errorf("list the machine's addresses: %w", err)
	}
	const attempts = 100
	for range attempts {
		prefix := fmt.Sprintf("198.%d.%d.", 18+rand.IntN(2), rand.IntN(256))
		taken := false
		for _, addr := range addrs {
			taken = taken || strings.HasPrefix(addr.String(), prefix)
		}
		if !taken {
			return prefix, nil
		}
	}
	return "", errors.New("no addresses of 198.18.0.0/15 are free")
}

// Addr is the address of this machine on the segment: what listens there, or on all addresses, can be reached by the hosts.
func (s *Segment) Addr() string { return s.prefix + "1" }

// name is the bridge's, and begins those of cables and namespaces. Names of interfaces have 15 letters at most.
func (s *Segment) name() string { return namePrefix + s.claim.Name }

// Close kills what runs in the hosts and removes them and the bridge. It may be called twice.
func (s *Segment) Close() error {
	if err := removeSegment(s.claim.Name); err != nil {
		return fmt.Errorf("network: %w", err)
	}
	s.claim.Release()
	return nil
}

// removeSegment removes what there is of a segment. It does not mind that there is nothing.
func removeSegment(name string) error {
	ctx, cancel := context.WithTimeout(context.Background(), cleanTimeout)
	defer cancel()
	bridge := namePrefix + name
	entries, err := os.ReadDir(namesFolder)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("list network namespaces: %w", err)
	}
	var failed []error
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), bridge+"-") {
			failed = append(failed, removeNamespace(ctx, entry.Name()))
		}
	}
	interfaces, err := net.Interfaces()
	failed = append(failed, err)
	for _, i := range interfaces {
		// The kernel removes a cable with the namespace at its other end, some time after that has gone.
		if i.Name == bridge || strings.HasPrefix(i.Name, bridge+"-") {
			if err := run(ctx, "ip", "link", "del", i.Name); err != nil && !strings.Contains(err.Error(), "Cannot find device") {
				failed = append(failed, err)
			}
		}
	}
	return errors.Join(failed...)
}

// removeNamespace kills what runs in a namespace and removes its name; the kernel removes it when nobody is in it any more.
func removeNamespace(ctx context.Context, name string) error {
	pids, err := exec.CommandContext(ctx, "ip", "netns", "pids", name).Output()
	if err != nil {
		return fmt.Errorf("list the processes in %s: %w", name, err)
	}
	for _, field := range strings.Fields(string(pids)) {
		var pid int
		if _, err := fmt.Sscan(field, &pid); err == nil && pid > 1 && pid != os.Getpid() {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
	return run(ctx, "ip", "netns", "del", name)
}

func runAll(ctx context.Context, commands [][]string) error {
	for _, c := range commands {
		if err := run(ctx, c[0], c[1:]...); err != nil {
			return err
		}
	}
	return nil
}

// refusals are what the tools say where containers, or kernels without a feature, do not allow it.
var refusals = []string{"not permitted", "ermission denied", "not supported", "Unknown device type", "No chain/target/match"}

// run runs a tool, whose words are in the error.
func run(ctx context.Context, name string, args ...string) error {
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if err == nil {
		return nil
	}
	what, said := name+" "+strings.Join(args, " "), strings.TrimSpace(string(out))
	for _, refusal := range refusals {
		if strings.Contains(said, refusal) {
			return needs.Unavailable(what, "rights or a kernel that allow it ("+said+")")
		}
	}
	return fmt.Errorf("%s: %w: %s", what, err, said)
}
