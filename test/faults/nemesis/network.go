package nemesis

import (
	"context"
	"errors"
	"time"

	"github.com/leat-io/leat/internal/history"
	"github.com/leat-io/leat/test/faults/network"
)

// toxic is a fault of the way through one of the proxies, which some of the children take.
func toxic(kind string, make func(a *Arena) network.Toxic) Fault {
	return Fault{Name: kind, Servers: true, Do: func(ctx context.Context, a *Arena) error {
		proxy := a.World.Proxies[a.Pick(len(a.World.Proxies))]
		return a.line(ctx, kind, func(ctx context.Context) error { return proxy.Add(ctx, make(a)) }, proxy.Heal)
	}}
}

// line breaks a line for up to three leases. What was sent before may arrive much later.
func (a *Arena) line(ctx context.Context, kind string, cut, heal func(context.Context) error) error {
	id, err := a.begin(kind, history.Excuse{Late: true})
	if err != nil {
		return err
	}
	working, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	if err := cut(working); err != nil {
		return errors.Join(err, heal(working))
	}
	wait(ctx, a.leases(0.3, 3))
	return errors.Join(heal(working), a.end(id))
}

// DropReplies loses replies: commands are carried out, and nobody is told.
var DropReplies = toxic("net-drop-replies", func(*Arena) network.Toxic { return network.BlackHole(network.Replies) })

// BlackHole lets nothing through and ends nothing.
var BlackHole = toxic("net-black-hole", func(*Arena) network.Toxic { return network.BlackHole(network.Both) })

// OneWay loses requests: nothing is carried out, and what was asked for before still comes.
var OneWay = toxic("net-drop-requests", func(*Arena) network.Toxic { return network.BlackHole(network.Requests) })

// ResetConnections ends connections soon after they are made.
var ResetConnections = toxic("net-reset", func(a *Arena) network.Toxic {
	return network.Reset(network.Both, a.leases(0, 0.3))
})

// Delay makes everything slow, up to a quarter of a lease each way.
var Delay = toxic("net-latency", func(a *Arena) network.Toxic {
	d := a.leases(0.02, 0.25)
	return network.Latency(network.Both, d, d/2)
})

// LateRequests holds up what some of the processes send for longer than their lease. None of it is lost.
var LateRequests = toxic("net-late-requests", func(a *Arena) network.Toxic { return network.Latency(network.Requests, a.leases(1.2, 2), 0) })

// Trickle lets a few KiB a second through.
var Trickle = toxic("net-trickle", func(a *Arena) network.Toxic { return network.Bandwidth(network.Both, 2+a.Pick(60)) })

// BreakOff ends connections in the middle of a reply.
var BreakOff = toxic("net-break-off", func(a *Arena) network.Toxic { return network.Limit(network.Replies, 100+a.Pick(20_000)) })

// CutLine refuses connections and ends those that there are.
var CutLine = Fault{Name: "net-down", Servers: true, Do: func(ctx context.Context, a *Arena) error {
	proxy := a.World.Proxies[a.Pick(len(a.World.Proxies))]
	return a.line(ctx, "net-down", proxy.Down, proxy.Heal)
}}

// Toxics are all faults of proxies.
var Toxics = []Fault{DropReplies, BlackHole, OneWay, ResetConnections, Delay, Trickle, BreakOff, CutLine}

// SpoilReplies loses, cuts, holds up or delays single replies, by lot, for a while.
var SpoilReplies = Fault{Name: "net-spoil-replies", Servers: true, Do: func(ctx context.Context, a *Arena) error {
	seed, share := uint64(a.Pick(1<<30)), a.float(0.002, 0.1)
	plan := network.Random(seed, share, network.Lose(), network.Cut(1+a.Pick(50)), network.Hang(), network.Late(a.leases(0.1, 1.5)))
	return a.line(ctx, "net-spoil-replies",
		func(context.Context) error { a.World.Tap.Plan(plan); return nil },
		func(context.Context) error { a.World.Tap.Plan(nil); return nil })
}}

// LoseReplies loses many single replies for a while: what they answer was carried out, and is asked for again.
var LoseReplies = Fault{Name: "net-lose-replies", Servers: true, Do: func(ctx context.Context, a *Arena) error {
	plan := network.Random(uint64(a.Pick(1<<30)), a.float(0.05, 0.3), network.Lose(), network.Cut(1+a.Pick(10)))
	id, err := a.begin("net-lose-replies", history.Excuse{})
	if err != nil {
		return err
	}
	a.World.Tap.Plan(plan)
	wait(ctx, a.leases(0.05, 0.2))
	a.World.Tap.Plan(nil)
	return a.end(id)
}}

// cable is a fault of the cable of one of the hosts.
func cable(kind string, cut func(ctx context.Context, h *network.Host) error) Fault {
	return Fault{Name: kind, Servers: true, Do: func(ctx context.Context, a *Arena) error {
		host := a.World.Hosts[a.Pick(len(a.World.Hosts))]
		return a.line(ctx, kind, func(ctx context.Context) error { return cut(ctx, host) }, host.Heal)
	}}
}

// Cables are the faults of cables: nothing comes to a host, nothing gets away from it, both, and packets answered with a reset.
var Cables = []Fault{
	cable("cable-in", func(ctx context.Context, h *network.Host) error { return h.DropIn(ctx) }),
	cable("cable-out", func(ctx context.Context, h *network.Host) error { return h.DropOut(ctx) }),
	cable("cable-cut", func(ctx context.Context, h *network.Host) error { return h.Partition(ctx) }),
	cable("cable-reject", func(ctx context.Context, h *network.Host) error { return h.Reject(ctx) }),
}
