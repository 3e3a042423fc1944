package stream

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/redis/go-redis/v9"
)

// ErrUnknownOutcome is wrapped by the error of a write that was sent and whose
// reply never came: it may have happened or not. It is never 'failed'.
var ErrUnknownOutcome = errors.New("outcome unknown: the command was sent, its reply did not come")

// ErrLost says that the entry does not belong to the one who settles it any
// more: another consumer has it, or it is settled.
var ErrLost = errors.New("entry is not held by this consumer any more")

// ServerError is an error reply of Redis, its code first: "NOGROUP No such ...".
type ServerError string

// Error is the reply's text.
func (e ServerError) Error() string { return string(e) }

// RedisError marks the error as the server's own, as go-redis' errors are.
func (ServerError) RedisError() {}

// Class says what may be done about an error of a command.
type Class uint8

const (
	// ClassNone is no error.
	ClassNone Class = iota
	// ClassNotExecuted: the server did not execute the command, and may when it
	// is sent again (LOADING, READONLY, OOM, MOVED, no connection, ...).
	ClassNotExecuted
	// ClassUnknown: the command was sent and the reply did not come. Only what
	// is fenced or idempotent may be sent again.
	ClassUnknown
	// ClassNoGroup: the consumer group or its stream is not there (NOGROUP,
	// UNBLOCKED): it was deleted, flushed, or lost in a failover.
	ClassNoGroup
	// ClassRejected: the server will answer the same again (WRONGTYPE, NOPERM,
	// NOAUTH, a syntax error): somebody must mend something.
	ClassRejected
	// ClassCanceled: the caller's context ended before the command was sent.
	ClassCanceled
)

// String is the class as metrics and logs name it.
func (c Class) String() string {
	return [...]string{"none", "not_executed", "unknown", "no_group", "rejected", "canceled"}[c]
}

// notExecuted are the codes of replies by which the server says that it did
// nothing, for a reason that passes.
var notExecuted = map[string]bool{
	"LOADING": true, "READONLY": true, "CLUSTERDOWN": true, "TRYAGAIN": true, "MOVED": true, "ASK": true,
	"OOM": true, "MISCONF": true, "MASTERDOWN": true, "NOREPLICAS": true, "BUSY": true, "NOSCRIPT": true,
}

// Classify tells what may be done about err.
func Classify(err error) Class {
	var opErr *net.OpError
	code := Code(err)
	switch {
	case err == nil:
		return ClassNone
	case errors.Is(err, ErrUnknownOutcome):
		return ClassUnknown
	case code == "NOGROUP", code == "UNBLOCKED":
		return ClassNoGroup
	case notExecuted[code], strings.Contains(err.Error(), "ERR max number of clients"):
		return ClassNotExecuted
	case code != "", errors.Is(err, ErrStreamName), errors.Is(err, errUnusable):
		return ClassRejected
	case errors.As(err, &opErr) && opErr.Op == "dial", errors.Is(err, redis.ErrPoolTimeout),
		errors.Is(err, redis.ErrPoolExhausted), errors.Is(err, errNoNode), errors.Is(err, errLate):
		return ClassNotExecuted
	case errors.Is(err, errNotSent):
		return ClassCanceled
	case errors.Is(err, redis.ErrClosed):
		return ClassRejected
	}
	return ClassUnknown
}

// Code is the first word of a reply that is an error of the server ("NOGROUP",
// "WRONGTYPE", "ERR"), empty for errors of any other kind.
func Code(err error) string {
	var reply redis.Error
	if err == nil || !errors.As(err, &reply) || errors.Is(err, redis.Nil) {
		return ""
	}
	text := reply.Error()
	// A script's failed call is reported behind the script's own prefix.
	if i := strings.Index(text, "ERR Error running script"); i >= 0 {
		for _, inner := range []string{"NOGROUP", "WRONGTYPE", "OOM", "READONLY", "MISCONF"} {
			if strings.Contains(text, inner) {
				return inner
			}
		}
	}
	code, _, _ := strings.Cut(strings.TrimPrefix(text, "-"), " ")
	return code
}

// Label is a short name of an error for metrics: the server's code in lower
// case, or what happened to the connection.
func Label(err error) string {
	var opErr *net.OpError
	var netErr net.Error
	switch code := Code(err); {
	case err == nil:
		return "none"
	case code != "":
		return strings.ToLower(code)
	case errors.As(err, &opErr) && opErr.Op == "dial":
		return "dial"
	case errors.Is(err, context.Canceled):
		return "canceled"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "eof"
	case errors.Is(err, redis.ErrPoolTimeout):
		return "pool_timeout"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &netErr) && netErr.Timeout():
		return "timeout"
	case errors.Is(err, errProtocol):
		return "protocol"
	}
	return "other"
}

var (
	// errNotSent marks a command that was not sent: its context had ended.
	errNotSent = errors.New("not sent")
	// errUnusable marks a Conn that cannot be used at all: see [Wrap].
	errUnusable = errors.New("unusable connection")
	// errLate marks a command whose time to be sent was over before it was.
	errLate = errors.New("not sent: the time until which it meant what it was to mean is over")
	// errNoNode marks a command for which no node of the cluster was known.
	errNoNode = errors.New("no node for this key")
)
