package network

import (
	"math/rand/v2"
	"sync/atomic"
	"time"
)

// Reply is what a Plan decides about: a whole reply of the server, before the client has any of it.
type Reply struct {
	Conn    int    // which connection of the tap, from 1
	Number  int    // which reply of that connection, from 1
	Command string // that it answers, in small letters: "xadd", "evalsha"
	Size    int    // bytes
}

// Plan decides what happens to a reply. It is called by several goroutines.
type Plan func(r Reply) Fault

// Fault is what happens to one reply. The zero value lets it through.
type Fault struct {
	kind  faultKind
	bytes int
	delay time.Duration
}

type faultKind int

const (
	pass faultKind = iota
	cut
	hang
	late
)

// Pass lets the reply through.
func Pass() Fault { return Fault{} }

// Lose ends the connection instead of passing the reply on. Replies before it have arrived; those behind it are lost with it.
func Lose() Fault { return Cut(0) }

// Cut passes so many bytes of the reply on, at most all, and ends the connection.
func Cut(bytes int) Fault { return Fault{kind: cut, bytes: bytes} }

// Hang passes neither this reply nor any further one on; the connection stays until the client ends it. Requests still arrive and
// are carried out.
func Hang() Fault { return Fault{kind: hang} }

// Late passes the reply on after d, and those behind it after it.
func Late(d time.Duration) Fault { return Fault{kind: late, delay: d} }

// Nth does f to the n-th reply, from 1, to a command on any connection, and lets all others through. An empty command means any.
// Which reply is the n-th is for the order in which they come, when there are several connections.
func Nth(command string, n int, f Fault) Plan {
	var seen atomic.Int64
	return func(r Reply) Fault {
		if (command == "" || r.Command == command) && seen.Add(1) == int64(n) {
			return f
		}
		return Pass()
	}
}

// Random does one of the faults, by lot, to a share of the replies, from 0 to 1. The lots hang on the seed and on which reply of
// which connection it is, not on what comes first: a connection that asks the same meets the same.
func Random(seed uint64, share float64, faults ...Fault) Plan {
	return func(r Reply) Fault {
		lot := rand.New(rand.NewPCG(seed, uint64(r.Conn)<<32|uint64(r.Number)))
		if lot.Float64() >= share || len(faults) == 0 {
			return Pass()
		}
		return faults[lot.IntN(len(faults))]
	}
}
