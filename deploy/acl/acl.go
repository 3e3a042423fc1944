package acl

import (
	"embed"
	"fmt"
	"strings"
)

//go:embed *.acl
var files embed.FS

// Role is what a user is for.
type Role string

const (
	// Producer adds events to a stream, and can do nothing else.
	Producer Role = "producer"
	// Consumer works a stream off in its groups. It cannot add to the stream.
	Consumer Role = "consumer"
	// Operator lists groups, pending entries and dead letters, and redrives. It takes nothing from a group.
	Operator Role = "operator"
	// Poller publishes the changes of STAC sources, and keeps what it remembers of them. It takes nothing from a group.
	Poller Role = "poller"
	// KEDA reads how much waits in a group, and nothing of what.
	KEDA Role = "keda"
)

// Roles are all of them.
func Roles() []Role { return []Role{Producer, Consumer, Operator, Poller, KEDA} }

// What the files have in the place of a stream's name and of a password.
const (
	streamMark   = "STREAM"
	passwordMark = "PASSWORD_SHA256"
)

// File is the role's file for that stream, as `aclfile` and redis.conf take it: one line. stream is a name, or a pattern of
// names; passwordSHA256 the hexadecimal digest of the password.
func (r Role) File(stream, passwordSHA256 string) string {
	text, err := files.ReadFile(string(r) + ".acl")
	if err != nil {
		panic(fmt.Sprintf("acl: no such role: %q", string(r)))
	}
	return strings.NewReplacer(streamMark, stream, passwordMark, passwordSHA256).Replace(string(text))
}

// User is the name that the file gives the user.
func (r Role) User() string { return r.words(streamMark)[1] }

// Rules are the rules of the role's file for that stream, a selector being one rule: what ACL SETUSER takes behind the name
// and the password.
func (r Role) Rules(stream string) []string {
	var rules []string
	for _, word := range r.words(stream)[4:] { // user NAME on #PASSWORD
		if n := len(rules); n > 0 && strings.HasPrefix(rules[n-1], "(") && !strings.HasSuffix(rules[n-1], ")") {
			rules[n-1] += " " + word
			continue
		}
		rules = append(rules, word)
	}
	return rules
}

func (r Role) words(stream string) []string { return strings.Fields(r.File(stream, passwordMark)) }
