package simulate

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// Plan is a history before it happens: what is published, who works, and what goes
// wrong when. It comes from a seed, and the same plan gives the same history.
type Plan struct {
	Seed    uint64
	Events  int           // published, some of them more than once
	Every   time.Duration // between two calls of the publisher
	Workers int           // at a time; one that dies is replaced

	Lease       time.Duration
	Concurrency int
	Prefetch    int
	MaxAttempts int
	Backoff     time.Duration // between tries
	Ordered     bool          // consumers have OrderBy
	Hopeful     bool          // nearly everything fails at first: many entries are parked
	Sound       bool          // no handler fails
	Reuse       bool          // and Config.Reuse

	Faults []Fault
}

// Fault is one thing that goes wrong.
type Fault struct {
	At   time.Duration // since the begin
	Kind Kind
	// Who is the worker, by the place that it has: 0 to Workers-1; Workers is the
	// publisher.
	Who int
	// For is how long it lasts, how far a clock jumps, or how much is lost, by Kind.
	For time.Duration
	// Command is what the fault waits for, of those about a single exchange.
	Command string
}

// Kind is what goes wrong.
type Kind uint8

// What can go wrong.
const (
	Kill          Kind = iota // a worker dies, another comes For later
	Drain                     // a worker is told to end (SIGTERM), another comes For later
	Hold                      // a process is cut off for For; what it sent comes then
	Slow                      // everything of a process takes For longer, for a second
	LoseRequest               // a connection ends before the Command is carried out
	LoseReply                 // a connection ends behind the Command, before its reply
	CutReply                  // ... in the middle of its reply
	LateReply                 // its reply takes For
	Restart                   // the server ends and comes back For later, with everything
	PowerLoss                 // the same, without what came in the For before
	Stall                     // the server stands still for For
	Loading                   // the server refuses everything for For (LOADING)
	ReadOnly                  // the server refuses writes for For (READONLY): it is a replica
	Full                      // the server has no memory left for For (OOM)
	ClockForward              // the server's clock jumps by For
	ClockBack                 // and back
	DestroyGroup              // somebody deletes the group
	Flush                     // FLUSHALL
	ForgetScripts             // SCRIPT FLUSH
	DeleteEntry               // somebody deletes an entry that is pending
	DeleteName                // somebody deletes the name of a worker (XGROUP DELCONSUMER)
	ClaimByHand               // somebody claims an entry that waits for its next try (XCLAIM)
	kinds
)

var kindNames = [...]string{
	"kill", "drain", "hold", "slow", "lose-request", "lose-reply", "cut-reply", "late-reply", "restart", "power-loss", "stall",
	"loading", "read-only", "full", "clock-forward", "clock-back", "destroy-group", "flush", "forget-scripts", "delete-entry", "delete-name",
	"claim-by-hand",
}

// String is the kind's name.
func (k Kind) String() string { return kindNames[k] }

// kindOf finds the kind in a fault's line, or in what was noted of it.
func kindOf(text string) (Kind, bool) {
	for _, word := range strings.Fields(text) {
		if i := slices.Index(kindNames[:], word); i >= 0 {
			return Kind(i), true
		}
	}
	return 0, false
}

// String is the fault in a line.
func (f Fault) String() string {
	s := fmt.Sprintf("%8s %s", f.At, f.Kind)
	if f.Kind <= LateReply || f.Kind == DeleteName {
		s += fmt.Sprintf(" process=%d", f.Who)
	}
	if f.Command != "" {
		s += " command=" + f.Command
	}
	if f.For > 0 {
		s += " for=" + f.For.String()
	}
	return s
}

// String is the plan as a person reads it.
func (p Plan) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d: %d events every %s, %d workers, lease %s, concurrency %d, prefetch %d, max attempts %d, backoff %s, ordered %t, reuse %t\n",
		p.Seed, p.Events, p.Every, p.Workers, p.Lease, p.Concurrency, p.Prefetch, p.MaxAttempts, p.Backoff, p.Ordered, p.Reuse)
	for _, f := range p.Faults {
		fmt.Fprintf(&b, "  %s\n", f)
	}
	return b.String()
}

// chaos is how long faults go on. After it everything is mended.
const chaos = 700 * time.Millisecond

// commands are those whose exchange can be disturbed.
var commands = []string{"XREADGROUP", "XACK", "EVALSHA", "XADD", "XRANGE", "XPENDING"}

// NewPlan is the plan of a seed.
func NewPlan(seed uint64) Plan {
	r := rand.New(rand.NewPCG(seed, 0x1ea7))
	p := Plan{
		Seed: seed, Events: 3 + r.IntN(10), Every: time.Duration(5+r.IntN(60)) * time.Millisecond, Workers: 1 + r.IntN(3),
		Lease: time.Duration(150+r.IntN(350)) * time.Millisecond, Concurrency: 1 + r.IntN(4), Prefetch: r.IntN(6) - 1, MaxAttempts: 3,
		Ordered: r.IntN(6) == 0, Reuse: r.IntN(4) == 0,
	}
	p.Backoff = p.Lease / 5
	if r.IntN(5) == 0 {
		p.Backoff = 4 * p.Lease
	}
	for range r.IntN(7) {
		p.Faults = append(p.Faults, newFault(r, &p))
	}
	if theme := r.IntN(60); theme < len(themes) {
		themes[theme](r, &p)
	}
	slices.SortStableFunc(p.Faults, func(a, b Fault) int { return int(a.At - b.At) })
	return p
}

func newFault(r *rand.Rand, p *Plan) Fault {
	f := Fault{At: time.Duration(1 + r.Int64N(int64(chaos))), Kind: Kind(r.IntN(int(kinds)))}
	if r.IntN(3) == 0 { // what happens most, out there
		f.Kind = []Kind{Kill, Hold, LoseReply, LoseRequest}[r.IntN(4)]
	}
	f.Who = r.IntN(p.Workers)
	about := func(least, most time.Duration) time.Duration {
		return least + time.Duration(r.Int64N(int64(most-least)))
	}
	switch f.Kind {
	case Kill, Drain:
		f.For = about(time.Millisecond, 300*time.Millisecond)
	case Hold:
		f.Who, f.For = r.IntN(p.Workers+1), about(50*time.Millisecond, 3*p.Lease)
	case Slow:
		f.Who, f.For = r.IntN(p.Workers+1), about(time.Millisecond, p.Lease)
	case LoseRequest, LoseReply, CutReply, LateReply:
		f.Command = commands[r.IntN(len(commands))]
		if f.Command == "XADD" {
			f.Who = p.Workers
		}
		if f.Kind == LateReply {
			f.For = about(10*time.Millisecond, 2*p.Lease)
		}
	case Restart, Stall, Loading, ReadOnly, Full:
		f.For = about(10*time.Millisecond, 2*p.Lease)
	case PowerLoss:
		f.For = about(time.Millisecond, 300*time.Millisecond)
		f.At = max(f.At, f.For)
	case ClockForward, ClockBack:
		f.For = about(100*time.Millisecond, 10*p.Lease)
	}
	return f
}
