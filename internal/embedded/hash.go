package embedded

import (
	"maps"
	"slices"
	"strconv"
)

// A hash keeps its fields in the order in which they came, as Redis does
// while a hash is small.
type hash struct {
	at     map[string]int // places in fields
	fields []field
	gone   int // removed, but still in fields
}

type field struct {
	name, value string
	gone        bool
}

func newHash() *hash { return &hash{at: map[string]int{}} }

func (h *hash) len() int { return len(h.at) }

func (h *hash) get(name string) (string, bool) {
	i, ok := h.at[name]
	if !ok {
		return "", false
	}
	return h.fields[i].value, true
}

// set says whether the field is new.
func (h *hash) set(name, value string) bool {
	if i, ok := h.at[name]; ok {
		h.fields[i].value = value
		return false
	}
	h.at[name] = len(h.fields)
	h.fields = append(h.fields, field{name: name, value: value})
	return true
}

func (h *hash) remove(name string) bool {
	i, ok := h.at[name]
	if !ok {
		return false
	}
	delete(h.at, name)
	h.fields[i] = field{gone: true}
	if h.gone++; h.gone > len(h.fields)/2 {
		h.fields = slices.DeleteFunc(h.fields, func(f field) bool { return f.gone })
		h.gone = 0
		for i, f := range h.fields {
			h.at[f.name] = i
		}
	}
	return true
}

func (h *hash) clone() *hash {
	return &hash{at: maps.Clone(h.at), fields: slices.Clone(h.fields), gone: h.gone}
}

var hashCommands = map[string]*command{
	"hset":    {run: hset, arity: -4, flags: write | denyOOM, firstKey: 1},
	"hmset":   {run: hset, arity: -4, flags: write | denyOOM, firstKey: 1},
	"hsetnx":  {run: hsetNX, arity: 4, flags: write | denyOOM, firstKey: 1},
	"hget":    {run: hget, arity: 3, flags: readonly, firstKey: 1},
	"hmget":   {run: hmget, arity: -3, flags: readonly, firstKey: 1},
	"hdel":    {run: hdel, arity: -3, flags: write, firstKey: 1},
	"hlen":    {run: hlen, arity: 2, flags: readonly, firstKey: 1},
	"hstrlen": {run: hstrLen, arity: 3, flags: readonly, firstKey: 1},
	"hexists": {run: hexists, arity: 3, flags: readonly, firstKey: 1},
	"hkeys":   {run: hkeys, arity: 2, flags: readonly, firstKey: 1},
	"hvals":   {run: hvals, arity: 2, flags: readonly, firstKey: 1},
	"hgetall": {run: hgetAll, arity: 2, flags: readonly, firstKey: 1},
	"hincrby": {run: hincrBy, arity: 4, flags: write | denyOOM, firstKey: 1},
}

// hashAt finds the hash at key, or makes it.
func (b *Broker) hashAt(key string) (*hash, any) {
	h, fail := lookup[*hash](b, key)
	if h == nil && fail == nil {
		h = newHash()
		b.put(key, h)
	}
	return h, fail
}

// hset: HSET and HMSET
func hset(c *call) any {
	if len(c.args)%2 == 0 {
		return wrongArity(c.name)
	}
	h, fail := c.b.hashAt(c.args[0])
	if fail != nil {
		return fail
	}
	var added int64
	for i := 1; i < len(c.args); i += 2 {
		if h.set(c.args[i], c.args[i+1]) {
			added++
		}
	}
	if c.name == "hmset" {
		return okReply
	}
	return added
}

func hsetNX(c *call) any {
	h, fail := c.b.hashAt(c.args[0])
	if fail != nil {
		return fail
	}
	if _, ok := h.get(c.args[1]); ok {
		return int64(0)
	}
	h.set(c.args[1], c.args[2])
	return int64(1)
}

// value is the field's, or null.
func (h *hash) value(name string) any {
	if h != nil {
		if v, ok := h.get(name); ok {
			return v
		}
	}
	return null{}
}

func hget(c *call) any {
	h, fail := lookup[*hash](c.b, c.args[0])
	if fail != nil {
		return fail
	}
	return h.value(c.args[1])
}

func hmget(c *call) any {
	h, fail := lookup[*hash](c.b, c.args[0])
	if fail != nil {
		return fail
	}
	list := make([]any, len(c.args)-1)
	for i, name := range c.args[1:] {
		list[i] = h.value(name)
	}
	return list
}

func hdel(c *call) any {
	h, fail := lookup[*hash](c.b, c.args[0])
	if h == nil {
		return orZero(fail)
	}
	var n int64
	for _, name := range c.args[1:] {
		if h.remove(name) {
			n++
		}
	}
	if h.len() == 0 {
		c.b.remove(c.args[0])
	}
	return n
}

func hlen(c *call) any {
	h, fail := lookup[*hash](c.b, c.args[0])
	if h == nil {
		return orZero(fail)
	}
	return int64(h.len())
}

func hstrLen(c *call) any {
	h, fail := lookup[*hash](c.b, c.args[0])
	if h == nil {
		return orZero(fail)
	}
	v, _ := h.get(c.args[1])
	return int64(len(v))
}

func hexists(c *call) any {
	h, fail := lookup[*hash](c.b, c.args[0])
	if h == nil {
		return orZero(fail)
	}
	if _, ok := h.get(c.args[1]); !ok {
		return int64(0)
	}
	return int64(1)
}

func hkeys(c *call) any {
	list, fail := hashList(c, func(f field) []any { return []any{f.name} })
	if fail != nil {
		return fail
	}
	return list
}

func hvals(c *call) any {
	list, fail := hashList(c, func(f field) []any { return []any{f.value} })
	if fail != nil {
		return fail
	}
	return list
}

func hgetAll(c *call) any {
	list, fail := hashList(c, func(f field) []any { return []any{f.name, f.value} })
	if fail != nil {
		return fail
	}
	return pairs(list)
}

func hashList(c *call, of func(f field) []any) ([]any, any) {
	h, fail := lookup[*hash](c.b, c.args[0])
	list := []any{}
	if h == nil {
		return list, fail
	}
	for _, f := range h.fields {
		if !f.gone {
			list = append(list, of(f)...)
		}
	}
	return list, nil
}

func hincrBy(c *call) any {
	by, ok := parseInt(c.args[2])
	if !ok {
		return badInt
	}
	h, fail := c.b.hashAt(c.args[0])
	if fail != nil {
		return fail
	}
	old := int64(0)
	if v, there := h.get(c.args[1]); there {
		if old, ok = parseInt(v); !ok {
			return failure("ERR hash value is not an integer")
		}
	}
	n, fail := add(old, by)
	if fail != nil {
		return fail
	}
	h.set(c.args[1], strconv.FormatInt(n, 10))
	return n
}
