package network

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
)

// Host is a network namespace with one address on a Segment, and the faults of its cable. Its processes are reached from this
// machine and the other hosts. It is safe for concurrent use.
type Host struct {
	name string
	addr string
}

// NewHost makes a host; it ends with the segment.
func (s *Segment) NewHost(ctx context.Context) (*Host, error) {
	s.mu.Lock()
	s.hosts++
	number := s.hosts
	s.mu.Unlock()
	if number > hostLimit {
		return nil, fmt.Errorf("network: make a host: there are %d on the segment, and no more addresses", hostLimit)
	}
	name := s.name() + "-" + strconv.Itoa(number)
	h := &Host{name: name, addr: s.prefix + strconv.Itoa(number+1)}
	err := runAll(ctx, [][]string{
		{"ip", "netns", "add", name},
		{"ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name},
		{"ip", "link", "set", name, "master", s.name(), "up"},
		{"ip", "-n", name, "addr", "add", h.addr + "/24", "dev", "eth0"},
		{"ip", "-n", name, "link", "set", "eth0", "up"},
		{"ip", "-n", name, "link", "set", "lo", "up"},
	})
	if err != nil {
		return nil, fmt.Errorf("network: make a host: %w", err)
	}
	return h, nil
}

// Name is that of the namespace, for ip netns exec.
func (h *Host) Name() string { return h.name }

// Addr is the host's address.
func (h *Host) Addr() string { return h.addr }

// Command is a program that runs on the host: its loopback is its own. The process keeps its id when the program takes over from
// ip, so it can be signalled; what still runs when the segment ends is killed.
func (h *Host) Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, "ip", append([]string{"netns", "exec", h.name, name}, args...)...)
}

// DialContext connects from the host, in this process. address is an IP address and port.
func (h *Host) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	var conn net.Conn
	err := h.inside(func() (err error) {
		conn, err = new(net.Dialer).DialContext(ctx, network, address)
		return err
	})
	return conn, err
}

// Listen listens on the host, in this process. address is an IP address and port.
func (h *Host) Listen(ctx context.Context, network, address string) (net.Listener, error) {
	var l net.Listener
	err := h.inside(func() (err error) {
		l, err = new(net.ListenConfig).Listen(ctx, network, address)
		return err
	})
	return l, err
}

// inside calls do on a thread that is on the host: a socket stays where it was made. do may not start goroutines that make any.
func (h *Host) inside(do func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlock: the thread ends with the goroutine, so nothing else runs on the host by mistake
		err := enter(filepath.Join(namesFolder, h.name))
		if err != nil {
			err = fmt.Errorf("network: enter %s: %w", h.name, err)
		} else {
			err = do()
		}
		done <- err
	}()
	return <-done
}

// DropIn loses what comes to the host: its requests are carried out, and it hears nothing. From these addresses only, if there
// are any.
func (h *Host) DropIn(ctx context.Context, from ...string) error {
	return h.filter(ctx, incoming, from, "DROP")
}

// DropOut loses what the host sends: it hears, and is not heard. To these addresses only, if there are any.
func (h *Host) DropOut(ctx context.Context, to ...string) error {
	return h.filter(ctx, outgoing, to, "DROP")
}

// Partition loses both, from and to these addresses, or all. Connections are half open from then on: nobody hears of it.
func (h *Host) Partition(ctx context.Context, peers ...string) error {
	if err := h.DropIn(ctx, peers...); err != nil {
		return err
	}
	return h.DropOut(ctx, peers...)
}

// Reject answers every packet of TCP with a reset, so that connections end for the side that sends, and new ones are refused.
func (h *Host) Reject(ctx context.Context, peers ...string) error {
	if err := h.filter(ctx, incoming, peers, "REJECT"); err != nil {
		return err
	}
	return h.filter(ctx, outgoing, peers, "REJECT")
}

// Heal undoes all of them. What was sent again and again in the meantime may arrive then, long after its sender has given up.
func (h *Host) Heal(ctx context.Context) error {
	if err := h.iptables(ctx, "-F"); err != nil {
		return fmt.Errorf("network: heal %s: %w", h.name, err)
	}
	return nil
}

// chain is one of iptables' chains, and how its rules name the peer and the device.
type chain struct{ name, peer, device string }

var (
	incoming = chain{"INPUT", "-s", "-i"}
	outgoing = chain{"OUTPUT", "-d", "-o"}
)

func (h *Host) filter(ctx context.Context, c chain, peers []string, target string) error {
	if len(peers) == 0 {
		peers = []string{"0.0.0.0/0"}
	}
	for _, peer := range peers {
		rule := []string{"-A", c.name, c.peer, peer, c.device, "eth0", "-j", target}
		if target == "REJECT" {
			// Resets pass, or the one that answers what comes in would not get out.
			rule = append(rule, "--reject-with", "tcp-reset", "-p", "tcp", "!", "--tcp-flags", "RST", "RST")
		}
		if err := h.iptables(ctx, rule...); err != nil {
			return fmt.Errorf("network: cut %s off: %w", h.name, err)
		}
	}
	return nil
}

func (h *Host) iptables(ctx context.Context, args ...string) error {
	return run(ctx, "ip", append([]string{"netns", "exec", h.name, "iptables", "-w"}, args...)...)
}
