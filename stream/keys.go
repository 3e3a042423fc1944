package stream

import (
	"errors"
	"fmt"
	"strings"
)

// Parked is the consumer name under which entries wait that nobody works on:
// those with a time for their next try, and those handed back by a worker that
// stopped. It has no process, and is never cleaned up.
const Parked = "leat:parked"

// fieldRedriveGroup is the field, the first one, of an entry that redrive added
// anew for one group.
const fieldRedriveGroup = "leat-redrive-group"

// ErrStreamName is wrapped by the errors of stream names that leat cannot use.
var ErrStreamName = errors.New("stream name cannot be used")

// Keys are the names of what belongs to one stream. All of them are in the
// stream's hash slot, so that one script can touch them together on a cluster.
type Keys struct {
	// Stream is the stream's own name.
	Stream string
	prefix string
}

// KeysOf makes the keys of a stream.
//
// What belongs to "orders" begins with "leat:{orders}:". A name with a hash tag
// keeps that tag: what belongs to "eu:{7}:orders" begins with
// "leat:{7}@eu%3A%7B7%7D%3Aorders:", which no other stream's keys can equal.
// A name with a "}" but without a hash tag has a slot that no readable key
// shares; it is refused, as the empty name is.
func KeysOf(stream string) (Keys, error) {
	if stream == "" {
		return Keys{}, fmt.Errorf("%w: it is empty", ErrStreamName)
	}
	if tag, ok := hashTag(stream); ok {
		return Keys{stream, "leat:{" + tag + "}@" + escape(stream) + ":"}, nil
	}
	if strings.Contains(stream, "}") {
		return Keys{}, fmt.Errorf("%w: %q has a '}' but no hash tag {...}, so nothing can be stored in its slot; rename it, or give it a hash tag", ErrStreamName, stream)
	}
	return Keys{stream, "leat:{" + stream + "}:"}, nil
}

// hashTag is what a cluster hashes of the key instead of all of it: the bytes
// between the first "{" and the first "}" after it, if there are any.
func hashTag(key string) (string, bool) {
	open := strings.IndexByte(key, '{')
	if open < 0 {
		return "", false
	}
	end := strings.IndexByte(key[open+1:], '}')
	if end < 1 {
		return "", false
	}
	return key[open+1 : open+1+end], true
}

// SameSlot tells whether two keys are in one hash slot for the reason that they
// have the same hash tag (or are the same).
func SameSlot(a, b string) bool { return hashed(a) == hashed(b) }

func hashed(key string) string {
	if tag, ok := hashTag(key); ok {
		return tag
	}
	return key
}

var escaper = strings.NewReplacer("%", "%25", ":", "%3A", "{", "%7B", "}", "%7D")

func escape(s string) string { return escaper.Replace(s) }

// Retry is the sorted set of a group's parked entries: member the entry ID,
// score the time from which it may be taken, in ms of the server's clock.
func (k Keys) Retry(group string) string { return k.prefix + "retry:" + group }

// Failures is the hash of what failed in a group: field the entry ID, value the
// number of failures, a space and the last error.
func (k Keys) Failures(group string) string { return k.prefix + "failures:" + group }

// Dead is the group's dead-letter stream.
func (k Keys) Dead(group string) string { return k.prefix + "dead:" + group }

// Stac is what a poller keeps of one of its sources: kind is lease, state, seen,
// lags or nodes, or backfill-lease and backfill-state.
func (k Keys) Stac(kind, source string) string { return k.prefix + "stac:" + kind + ":" + source }
