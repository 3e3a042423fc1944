package agree

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
)

// A Difference is where the two do not agree.
type Difference struct {
	Seed       uint64
	Operations []Operation // up to the one that differs
	Client     int         // whose reply it is
	Model      string      // what the model answered, what differs only
	Server     string
}

// nothing stands for a reply that did not come.
const nothing = "(nothing: blocked)"

var (
	clockNumber = regexp.MustCompile(`\b1[0-9]{12}(-[0-9]+)?\b`)
	luaError    = regexp.MustCompile(`^(ERR )?(user_script|@user_script): ?([0-9]+): .*`)
)

// normal shows a reply without what cannot be the same.
func (l *Lab) normal(o Operation, raw []byte) string {
	if raw == nil {
		return nothing
	}
	n, err := parseReply(raw)
	if err != nil {
		return err.Error()
	}
	l.mask(o, &n)
	return n.String()
}

func (l *Lab) mask(o Operation, n *node) {
	if o.name() == "HELLO" && n.kind != '-' {
		*n = node{kind: n.kind, text: "<who the server is>"}
	}
	if o.anyOrder() {
		slices.SortFunc(n.items, func(a, b node) int { return strings.Compare(a.String(), b.String()) })
	}
	n.each(func(n *node) {
		if n.kind == '-' {
			n.text = maskError(n.text)
		}
		// There is no radix tree in the model.
		for i := 0; i+1 < len(n.items); i += 2 {
			if n.items[i].text == "radix-tree-nodes" {
				n.items[i+1].text = "#"
			}
		}
	})
	l.rules.mask(o, n)
	if !l.Exact() {
		maskTimes(o, n)
	}
}

// anyOrder says whether the reply is in the order of a hash table.
func (o Operation) anyOrder() bool {
	switch o.name() {
	case "KEYS", "SMEMBERS", "SDIFF", "SINTER", "SUNION":
		return true
	}
	return false
}

// maskError leaves of an error of the Lua language, which every Lua words in
// its own way, where it was.
func maskError(text string) string {
	if where := luaError.FindStringSubmatch(text); where != nil {
		return "(error of Lua in line " + where[3] + ")"
	}
	// XADD takes one for the other when a sequence number overflows (errno of
	// an earlier call).
	if text == "ERR Elements are too large to be stored" {
		return "ERR The ID specified in XADD is equal or smaller than the target stream top item"
	}
	return text
}

// maskTimes takes out what hangs on a clock that could not be set.
func maskTimes(o Operation, n *node) {
	n.each(func(n *node) {
		n.text = clockNumber.ReplaceAllString(n.text, "<time>")
		if row := n.items; len(row) == 4 && row[1].kind == '$' && row[2].kind == ':' && row[3].kind == ':' {
			row[2].text = "#" // of XPENDING
		}
		if row := n.items; len(row) == 4 && row[0].isList() && row[1].isList() && row[2].kind == ':' && row[3].kind == ':' {
			row[2].text = "#" // of due.lua, which EXEC may answer: the ms until the next is due
		}
		for i := 0; i+1 < len(n.items); i += 2 {
			if name := n.items[i].text; name == "idle" || name == "inactive" {
				n.items[i+1].text = "#"
			}
		}
	})
	switch o.name() {
	case "TIME", "TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME":
		if n.kind == ':' || n.isList() { // no error, and not what MULTI answers
			*n = node{kind: '+', text: "<time>"}
		}
	}
}

// same compares what one client got.
func (l *Lab) same(o Operation, a answer) (model, server string, ok bool) {
	if bytes.Equal(a.model, a.server) && (a.model == nil) == (a.server == nil) {
		return "", "", true
	}
	model, server = l.normal(o, a.model), l.normal(o, a.server)
	return model, server, model == server
}
