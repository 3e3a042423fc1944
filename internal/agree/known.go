package agree

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A rule is a known difference between the model, which is Redis 7.0.15, and
// a server of another version. From there on both hold something else, so that
// the sequence ends.
type rule struct {
	reason  string
	applies func(o Operation, model, server string) bool
}

// A mask takes out of a reply what newer servers do otherwise, and what
// changes nothing else.
type mask struct {
	reason string
	apply  func(o Operation, n *node)
}

type rules struct {
	ends  []rule
	masks []mask
}

func (r rules) mask(o Operation, n *node) {
	for _, m := range r.masks {
		m.apply(o, n)
	}
}

// explain finds the rule by which two replies may differ.
func (r rules) explain(o Operation, model, server string) *rule {
	for i := range r.ends {
		if r.ends[i].applies(o, model, server) {
			return &r.ends[i]
		}
	}
	return nil
}

// Newer says whether the server is not of Redis 7.0, as the model is.
func (l *Lab) Newer() bool { return l.Kind != "redis" || !strings.HasPrefix(l.Version, "7.0.") }

var newerMasks = []mask{
	{"XINFO STREAM has more fields (idempotency, Redis 8.6)", dropFields("idmp-duration", "idmp-maxsize", "pids-tracked", "iids-tracked", "iids-added", "iids-duplicates")},
	{"entries-read and lag are worked out better (Redis 7.2.5 and 8.0)", hideFields("entries-read", "lag")},
	{"names of consumers are made by whoever asks, even when there is nothing to get (Redis 7.2); idle is the time since they asked", hideIdleConsumers},
	{"doubles are shown with as few digits as tell them apart (Redis 7.2)", shortenDoubles},
	{"errors in scripts are worded otherwise", sameScriptErrors},
}

var newerEnds = []rule{
	{"XSETID refuses an ID below the greatest one that was deleted (Redis 7.2)", func(_ Operation, _, server string) bool {
		return strings.Contains(server, "smaller than current max_deleted_entry_id")
	}},
	{"what is wrong with a command of a script is told in other words, or something else that is wrong (Valkey)", func(_ Operation, model, server string) bool {
		return strings.Contains(model, "Unknown Redis command called from script") || strings.Contains(model, "Write commands are not allowed from read-only scripts.")
	}},
	{"MULTI inside of MULTI breaks the transaction (Valkey)", func(_ Operation, _, server string) bool {
		return strings.HasSuffix(server, "not allowed inside a transaction")
	}},
	{"a full memory lets everything be queued behind MULTI that needs none", func(_ Operation, model, server string) bool {
		return strings.HasPrefix(model, "-OOM") && server == "+QUEUED"
	}},
	{"a client that is woken runs its command again, and waits on when there is nothing (Redis 7.2)", func(_ Operation, model, server string) bool {
		return server == nothing && strings.HasSuffix(strings.TrimRight(model, "]"), "*[")
	}},
	{"a client whose stream or group is gone is told what its command would say (Redis 7.2)", func(_ Operation, model, server string) bool {
		return (strings.HasPrefix(model, "-UNBLOCKED the stream key") || strings.HasPrefix(model, "-NOGROUP the consumer group")) &&
			(strings.HasPrefix(server, "-NOGROUP") || strings.HasPrefix(server, "-WRONGTYPE"))
	}},
}

// pairsOf calls what for each name and value of a map, or of a list like one.
func pairsOf(n *node, what func(name string, value *node)) {
	for i := 0; i+1 < len(n.items); i += 2 {
		if !n.items[i].isList() {
			what(n.items[i].text, &n.items[i+1])
		}
	}
}

func dropFields(names ...string) func(Operation, *node) {
	return func(_ Operation, n *node) {
		n.each(func(n *node) {
			for i := 0; i+1 < len(n.items); i += 2 {
				if slices.Contains(names, n.items[i].text) {
					n.items = slices.Delete(n.items, i, i+2)
					i -= 2
				}
			}
		})
	}
}

func hideFields(names ...string) func(Operation, *node) {
	return func(_ Operation, n *node) {
		n.each(func(n *node) {
			pairsOf(n, func(name string, value *node) {
				if slices.Contains(names, name) {
					*value = node{kind: '+', text: "#"}
				}
			})
		})
	}
}

// hideIdleConsumers leaves of consumers those that have something pending.
// Names of others are not looked at: XGROUP CREATECONSUMER and leave.lua, which
// would tell of them, are not sent to newer servers.
func hideIdleConsumers(o Operation, n *node) {
	n.each(func(n *node) {
		pairsOf(n, func(name string, value *node) {
			if name == "consumers" || name == "idle" || name == "inactive" {
				*value = node{kind: '+', text: "#"}
			}
		})
	})
	dropFields("inactive")(o, n)
	n.each(func(n *node) {
		n.items = slices.DeleteFunc(n.items, func(item node) bool {
			return len(item.items) == 6 && item.items[0].text == "name" && item.items[2].text == "pending" && item.items[3].text == "0"
		})
	})
}

var double = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+|[0-9]{16})(e[-+][0-9]+)?$`)

func shortenDoubles(_ Operation, n *node) {
	n.each(func(n *node) {
		if double.MatchString(n.text) {
			if f, err := strconv.ParseFloat(n.text, 64); err == nil {
				n.text = strconv.FormatFloat(f, 'g', -1, 64)
			}
		}
	})
}

var scriptTail = regexp.MustCompile(` script: ([0-9a-f]{40}, )?on @user_script:([0-9]+)\.$`)

var valkeyWords = strings.NewReplacer("Valkey command", "Redis command", "ERR Command arguments must be", "ERR Lua redis lib command arguments must be",
	"args calling command from", "args calling Redis command from")

func sameScriptErrors(_ Operation, n *node) {
	n.each(func(n *node) {
		if n.kind == '-' {
			n.text = scriptTail.ReplaceAllString(n.text, " (line $2)")
			n.text = valkeyWords.Replace(n.text)
			if strings.HasPrefix(n.text, "NOSCRIPT ") {
				n.text = "NOSCRIPT"
			}
		}
	})
}
