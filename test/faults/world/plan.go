package world

import (
	"context"
	"fmt"
	"os"
	"slices"

	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/test/faults/clock"
	"github.com/leat-io/leat/test/faults/disk"
	"github.com/leat-io/leat/test/faults/network"
	"github.com/leat-io/leat/test/faults/power"
	"github.com/leat-io/leat/test/faults/preload"
)

// Plan is what a world is made of.
type Plan struct {
	// Kind is what servers there are; Memory by default.
	Kind Kind
	// Power and Clock: the power of a standalone server can be cut, its clock be shifted (test/faults/power, test/faults/clock).
	Power, Clock bool
	// SmallDisk: its data are on a disk that can be filled (test/faults/disk).
	SmallDisk bool
	// ProxyCount is how many proxies are before a standalone server, for disturbing the way to it (test/faults/network).
	ProxyCount int
	// Tapped: there is a tap before a standalone server, which loses single replies.
	Tapped bool
	// HostCount is on how many hosts children are, each behind a cable of its own that can be pulled.
	HostCount int
	// Options are further ones of the servers.
	Options []redistest.Option
}

// diskBytes is enough for the AOF of a round.
const diskBytes = 192 << 20

// Start starts the servers. What the machine cannot do is an error that wraps needs.ErrUnavailable.
func Start(ctx context.Context, plan Plan) (*World, error) {
	if plan.Kind == "" {
		plan.Kind = Memory
	}
	w := &World{Plan: plan, host: &Host{}}
	opts, err := w.equip(ctx)
	if err == nil {
		err = Try(func() { w.start(opts) })
	}
	if err == nil {
		err = w.connect(ctx)
	}
	if err != nil {
		w.Close()
		return nil, fmt.Errorf("start the servers of %s: %w", plan.Kind, err)
	}
	return w, nil
}

// equip gets what the servers need before they start.
func (w *World) equip(ctx context.Context) (opts []redistest.Option, err error) {
	opts = slices.Clone(w.Options)
	var libraries []preload.Library
	if w.Power {
		libraries = append(libraries, power.Library)
	}
	if w.Clock {
		libraries = append(libraries, clock.Library)
	}
	if len(libraries) > 0 {
		launcher, err := preload.Launcher(ctx, serverProgram(), libraries...)
		if err != nil {
			return nil, err
		}
		opts = append(opts, redistest.Binary(launcher))
	}
	if w.SmallDisk {
		if w.Disk, err = disk.Mount(diskBytes); err != nil {
			return nil, err
		}
		w.host.Cleanup(func() { _ = w.Disk.Unmount() })
		opts = append(opts, redistest.Config("dir", w.Disk.Dir()))
	}
	if w.HostCount > 0 {
		if err := w.wire(ctx); err != nil {
			return nil, err
		}
		opts = append(opts, redistest.Config("bind", "127.0.0.1 "+w.Segment.Addr()), redistest.Config("protected-mode", "no"))
	}
	return opts, nil
}

// serverProgram is what redistest starts, too.
func serverProgram() string {
	if name := os.Getenv("LEAT_TEST_REDIS_SERVER"); name != "" {
		return name
	}
	return "redis-server"
}

// wire makes the hosts.
func (w *World) wire(ctx context.Context) (err error) {
	if w.Segment, err = network.NewSegment(ctx); err != nil {
		return err
	}
	w.host.Cleanup(func() { _ = w.Segment.Close() })
	for range w.HostCount {
		host, err := w.Segment.NewHost(ctx)
		if err != nil {
			return err
		}
		w.Hosts = append(w.Hosts, host)
	}
	return nil
}

// start starts the servers; it fails the host's test.
func (w *World) start(opts []redistest.Option) {
	switch w.Kind {
	case Sentinel:
		w.Sentinel = redistest.StartSentinel(w.host, opts...)
		w.URL = w.Sentinel.URL()
		return
	case Cluster:
		w.Cluster = redistest.StartCluster(w.host, opts...)
		w.URL = w.Cluster.URL()
		return
	case Always:
		opts = append(opts, redistest.AOF("always"))
	case Everysec:
		opts = append(opts, redistest.AOF("everysec"))
	case Memory:
	}
	w.Server = redistest.Start(w.host, opts...)
	w.URL = w.Server.URL()
}

// connect makes what is between the children and the server.
func (w *World) connect(ctx context.Context) (err error) {
	if w.Tapped {
		if w.Tap, err = network.NewTap(w.Server.Addr()); err != nil {
			return err
		}
		w.host.Cleanup(w.Tap.Close)
	}
	if w.ProxyCount == 0 {
		return nil
	}
	toxiproxy, err := network.StartToxiproxy(ctx)
	if err != nil {
		return err
	}
	w.host.Cleanup(toxiproxy.Close)
	for range w.ProxyCount {
		proxy, err := toxiproxy.Proxy(ctx, w.Server.Addr())
		if err != nil {
			return err
		}
		w.Proxies = append(w.Proxies, proxy)
	}
	return nil
}
