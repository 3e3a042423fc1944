package library

import (
	"bytes"
	"strings"
)

// What is around the ID in a message, so that it is found in whatever a library makes of it.
const (
	before = "<faults:"
	after  = ">"
)

// Encode is a message of this ID, of size bytes at the least.
func Encode(id string, size int) []byte {
	text := before + id + after
	return []byte(text + strings.Repeat("x", max(0, size-len(text))))
}

// Decode finds the ID of a message in text that contains one.
func Decode[T string | []byte](text T) (id string, ok bool) {
	_, rest, ok := bytes.Cut([]byte(text), []byte(before))
	if !ok {
		return "", false
	}
	name, _, ok := bytes.Cut(rest, []byte(after))
	return string(name), ok
}
