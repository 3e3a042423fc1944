package stac

import (
	"errors"
	"fmt"
	"time"
)

// ErrIncomplete is wrapped by errors of iterators that have handed items over
// and know that others are missing. Such a pass cannot tell what was deleted.
var ErrIncomplete = errors.New("items are missing")

// RefusedError is something that this side does not do: an address, a host or a
// scheme that is not allowed, a body that is too long, JSON that is too deep. It
// is not tried again.
type RefusedError struct {
	// URL is what was asked for, without user and query.
	URL string
	// Reason says what is wrong, and what allows it where something does.
	Reason string
}

// Error names the URL and the reason.
func (e *RefusedError) Error() string { return fmt.Sprintf("refused %s: %s", e.URL, e.Reason) }

// StatusError is an answer whose status is not the one that was hoped for, after
// the tries that it was worth.
type StatusError struct {
	// Method and URL are the request's, without user and query.
	Method, URL string
	// Code is the HTTP status.
	Code int
	// RetryAfter is what the server asked to wait; 0 when it did not.
	RetryAfter time.Duration
	// Body is the beginning of the answer on one line, without our credentials.
	Body string
	// Tries is how often it was asked.
	Tries int
}

// Error has the request, the status and what the server said.
func (e *StatusError) Error() string {
	text := fmt.Sprintf("%s %s: status %d", e.Method, e.URL, e.Code)
	if e.Tries > 1 {
		text += fmt.Sprintf(" after %d tries", e.Tries)
	}
	if e.RetryAfter > 0 {
		text += fmt.Sprintf(", wants to be left alone for %s", e.RetryAfter)
	}
	if e.Body != "" {
		text += ": " + e.Body
	}
	return text
}

// SyntaxError is an answer that is no JSON, or not what STAC says it is.
type SyntaxError struct {
	// URL is where the answer came from, without user and query.
	URL string
	// Offset is the byte of the body at which it went wrong.
	Offset int
	// Reason says how.
	Reason string
}

// Error names the URL, the place and what is wrong there.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("decode %s: byte %d: %s", e.URL, e.Offset, e.Reason)
}

// TruncatedError is a search that ended early: the server counted more items
// than it sent, or sent a full page, and has no next link. It wraps
// [ErrIncomplete].
type TruncatedError struct {
	// Interval is the part of time that was asked for.
	Interval Interval
	// Matched is the server's count, -1 where it gave none.
	Matched int
	// Seen is how many items came.
	Seen int
}

// Error has the figures and the interval.
func (e *TruncatedError) Error() string {
	over := ""
	if !e.Interval.IsZero() {
		over = " of " + e.Interval.String()
	}
	if e.Matched < 0 {
		return fmt.Sprintf("server ends after %d items%s with a full page, gives no count and no next link: %s", e.Seen, over, ErrIncomplete)
	}
	return fmt.Sprintf("server ends after %d of %d items%s and gives no next link: %s", e.Seen, e.Matched, over, ErrIncomplete)
}

// Unwrap is [ErrIncomplete].
func (e *TruncatedError) Unwrap() error { return ErrIncomplete }

// LoopError is paging that comes back to where it was, or does not end. It
// wraps [ErrIncomplete].
type LoopError struct {
	// URL is the next link that was not followed, without user and query.
	URL string
	// Page is how many pages had come.
	Page int
	// Reason says what repeats, or which bound was hit.
	Reason string
}

// Error says where it happened and what repeats.
func (e *LoopError) Error() string {
	return fmt.Sprintf("follow next link to %s after page %d: %s: %s", e.URL, e.Page, e.Reason, ErrIncomplete)
}

// Unwrap is [ErrIncomplete].
func (e *LoopError) Unwrap() error { return ErrIncomplete }

// LostPageError is a next link that the server has given and does not know any
// more: the token's item was deleted meanwhile (pgSTAC answers 500), or the token
// has run out. The same link will not do better; the search has to begin anew. It
// wraps [ErrIncomplete] and the answer.
type LostPageError struct {
	// Page is how many pages had come.
	Page int
	// Err is the answer to the next link.
	Err error
}

// Error says where it happened, and what the server said.
func (e *LostPageError) Error() string {
	return fmt.Sprintf("follow next link after page %d: the server does not go on: %v: %s", e.Page, e.Err, ErrIncomplete)
}

// Unwrap is [ErrIncomplete] and the answer.
func (e *LostPageError) Unwrap() []error { return []error{ErrIncomplete, e.Err} }

// NodeError is a catalog, collection or item of a static catalog that could not
// be read.
type NodeError struct {
	// URL is the node's, without user and query; Parent has the link to it.
	URL, Parent string
	// Depth is how many links it is away from the root.
	Depth int
	// Err is why.
	Err error
}

// Error names the node and why.
func (e *NodeError) Error() string {
	return fmt.Sprintf("node %s (linked from %s): %v", e.URL, e.Parent, e.Err)
}

// Unwrap is the cause.
func (e *NodeError) Unwrap() error { return e.Err }

// IncompleteError ends a crawl some of whose nodes could not be read; they were
// in [Page.Failed]. It wraps [ErrIncomplete] and the first of the nodes' errors.
type IncompleteError struct {
	// Failed is how many nodes, Nodes how many there were in all.
	Failed, Nodes int
	// First is the first one.
	First *NodeError
}

// Error has the figures and the first error.
func (e *IncompleteError) Error() string {
	return fmt.Sprintf("crawl catalog: %d of %d nodes cannot be read: %s; the first: %v", e.Failed, e.Nodes, ErrIncomplete, e.First)
}

// Unwrap is [ErrIncomplete] and the first error.
func (e *IncompleteError) Unwrap() []error { return []error{ErrIncomplete, e.First} }
