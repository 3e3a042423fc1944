package network

import "github.com/leat-io/leat/test/faults/needs"

// ErrUnavailable is needs.ErrUnavailable.
var ErrUnavailable = needs.ErrUnavailable

// Direction is which way a fault works, as a client sees it.
type Direction int

const (
	// Both ways.
	Both Direction = iota
	// Requests is from the client to the server.
	Requests
	// Replies is from the server to the client: the command is carried out, and nobody is told.
	Replies
)

// String returns the direction's name.
func (d Direction) String() string { return [...]string{"both ways", "requests", "replies"}[d] }

// ways is the single directions that d stands for.
func (d Direction) ways() []Direction {
	if d == Both {
		return []Direction{Requests, Replies}
	}
	return []Direction{d}
}
