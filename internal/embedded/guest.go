package embedded

import (
	"maps"
	"slices"
	"time"
)

// Lists and sets are guests: their data live in miniredis, which also carries
// out the rarer commands of the types that live here. For those it is lent the
// keys that are named among the arguments, and what it made of them is taken
// back. Keys, types and times are kept here alone.
type guest struct{ kind string }

// notOurs are commands of miniredis that are refused: some would wait while
// holding the one lock, some are of other databases, some are newer than Redis
// 7.0 or keep what cannot be lent.
var notOurs = map[string]bool{
	"blpop": true, "brpop": true, "brpoplpush": true, "blmove": true, "bzpopmin": true, "bzpopmax": true, "bzmpop": true,
	"copy": true, "move": true, "swapdb": true, "auth": true,
	"delex": true, "hexpire": true, "hpersist": true, "hpttl": true, "hsetex": true, "httl": true,
	"pfadd": true, "pfcount": true, "pfmerge": true,
}

// guestNeedsMemory are the commands of miniredis that Redis flags denyoom.
var guestNeedsMemory = map[string]bool{
	"bitop": true, "geoadd": true, "georadius": true, "georadiusbymember": true, "hincrbyfloat": true, "incrbyfloat": true, "linsert": true,
	"lmove": true, "lpush": true, "lpushx": true, "lset": true, "restore": true, "rpoplpush": true, "rpush": true, "rpushx": true, "sadd": true,
	"sdiffstore": true, "setbit": true, "setrange": true, "sinterstore": true, "sunionstore": true, "zinterstore": true, "zunionstore": true,
}

// isGuest says whether miniredis has a command that it may carry out.
func (b *Broker) isGuest(name string) bool {
	return !notOurs[name] && b.redis.Server().IsRegisteredCommand(name)
}

// runGuest has miniredis carry out a command. Its reply is kept encoded.
func (b *Broker) runGuest(c *call) any {
	b.hadGuests = true
	names := distinct(c.args)
	for _, key := range names {
		if o := b.find(key); o != nil {
			b.lend(key, o)
		}
	}
	answer := encoded(b.dispatch(c.client != nil && c.client.resp3, append([]string{c.name}, c.args...)...))
	wrote := b.writes(c.name, nil)
	for _, key := range names {
		b.takeBack(key, wrote)
	}
	if wrote {
		b.noteWritten(c.name, c.args)
	}
	return answer
}

// dispatch calls miniredis and returns the encoded reply.
func (b *Broker) dispatch(resp3 bool, words ...string) string {
	b.innerOut.Reset()
	b.inner.Resp3 = resp3
	b.redis.Server().Dispatch(b.inner, words)
	b.inner.Flush()
	return b.innerOut.String()
}

// distinct keeps the order, so that what happens does not depend on chance.
func distinct(args []string) []string {
	seen, list := map[string]bool{}, []string{}
	for _, arg := range args {
		if !seen[arg] {
			seen[arg] = true
			list = append(list, arg)
		}
	}
	return list
}

// lend puts a copy of what a key holds into miniredis. Of a stream it gets
// one entry only, so that it knows the type.
func (b *Broker) lend(key string, o *object) {
	switch v := o.value.(type) {
	case *text:
		_ = b.redis.Set(key, v.s) // nothing is there that could be of another type
	case *hash:
		for _, f := range v.fields {
			if !f.gone {
				b.redis.HSet(key, f.name, f.value)
			}
		}
	case *sortedSet:
		for _, m := range v.order {
			_, _ = b.redis.ZAdd(key, m.score, m.member)
		}
	case *stream:
		_, _ = b.redis.XAdd(key, "1-1", []string{"", ""})
	}
}

// takeBack makes a key what miniredis has there after a command, and leaves
// only guests with it.
func (b *Broker) takeBack(key string, wrote bool) {
	kind := b.redis.Type(key)
	o := b.keys[key]
	if kind == "" {
		if o != nil {
			b.remove(key)
		}
		return
	}
	if kind == "list" || kind == "set" {
		if o == nil || o.kind() != kind {
			b.keys[key] = &object{value: guest{kind}}
			b.signal(key)
		}
		b.takeTTL(key)
		return
	}
	if wrote && kind != "stream" {
		b.takeValue(key, kind, o)
		if b.keys[key] != nil {
			b.takeTTL(key)
		}
	}
	b.redis.Del(key)
}

func (b *Broker) takeValue(key, kind string, o *object) {
	if o == nil || o.kind() != kind {
		o = &object{}
		b.keys[key] = o
		b.signal(key)
	}
	switch kind {
	case "string":
		s, _ := b.redis.Get(key)
		o.value = &text{s}
	case "hash":
		old, _ := o.value.(*hash)
		o.value = b.takeHash(key, old)
	case "zset":
		scores, _ := b.redis.SortedSet(key)
		z := newSortedSet()
		for _, member := range slices.Sorted(maps.Keys(scores)) {
			z.set(member, scores[member])
		}
		o.value = z
		b.dropEmpty(key, z) // miniredis may leave one that Redis would not
	}
}

// takeHash keeps the order of the fields that were there.
func (b *Broker) takeHash(key string, old *hash) *hash {
	names, _ := b.redis.HKeys(key)
	slices.Sort(names)
	h := newHash()
	if old != nil {
		for _, f := range old.fields {
			if !f.gone && slices.Contains(names, f.name) {
				h.set(f.name, b.redis.HGet(key, f.name))
			}
		}
	}
	for _, name := range names {
		h.set(name, b.redis.HGet(key, name))
	}
	return h
}

// takeTTL is for RESTORE, which may have set one.
func (b *Broker) takeTTL(key string) {
	if ttl := b.redis.TTL(key); ttl > 0 {
		b.expireAt(b.keys[key], b.now().Add(ttl).UnixMilli())
		b.redis.SetTTL(key, time.Duration(0))
	}
}

// dropGuest frees what miniredis has of a key that is about to change hands.
func (b *Broker) dropGuest(key string) {
	if o := b.keys[key]; o != nil {
		if _, ok := o.value.(guest); ok {
			b.redis.Del(key)
		}
	}
}
