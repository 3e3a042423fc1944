package embedded

import (
	"maps"
	"slices"
)

// An object is what one key holds: *text, *hash, *sortedSet or *stream, or a
// guest, whose data miniredis keeps.
type object struct {
	value   any
	expires int64 // milliseconds since 1970; 0 for never
}

// A text is a string. It is a pointer everywhere, so that a missing one is nil.
type text struct{ s string }

// kind is what TYPE answers.
func (o *object) kind() string {
	switch v := o.value.(type) {
	case *text:
		return "string"
	case *hash:
		return "hash"
	case *sortedSet:
		return "zset"
	case *stream:
		return "stream"
	case guest:
		return v.kind
	}
	return "none"
}

// find is nil when there is no such key, or when its time is over.
func (b *Broker) find(key string) *object {
	o := b.keys[key]
	if o != nil && o.expires != 0 && b.nowMillis() > o.expires {
		b.remove(key)
		return nil
	}
	return o
}

// lookup finds a value of one type; it is the zero value when there is none,
// and fails when the key holds another type.
func lookup[T any](b *Broker, key string) (value T, fail any) {
	o := b.find(key)
	if o == nil {
		return value, nil
	}
	value, ok := o.value.(T)
	if !ok {
		return value, wrongType
	}
	return value, nil
}

func (b *Broker) stream(key string) (*stream, any) { return lookup[*stream](b, key) }

// group finds a consumer group; it is nil when the stream or it is missing.
func (b *Broker) group(key, name string) (*stream, *group, any) {
	s, fail := b.stream(key)
	if s == nil {
		return nil, nil, fail
	}
	return s, s.groups[name], nil
}

// put makes value what key holds, without an end of its time.
func (b *Broker) put(key string, value any) {
	b.dropGuest(key)
	b.keys[key] = &object{value: value}
	b.signal(key)
}

// overwrite is put that keeps the end of the key's time.
func (b *Broker) overwrite(key string, value any) {
	expires := int64(0)
	if o := b.keys[key]; o != nil {
		expires = o.expires
	}
	b.put(key, value)
	b.keys[key].expires = expires
}

func (b *Broker) remove(key string) bool {
	if b.keys[key] == nil {
		return false
	}
	b.dropGuest(key)
	delete(b.keys, key)
	b.signal(key)
	return true
}

// move renames a key that is there; what was at the new name is gone.
func (b *Broker) move(from, to string) {
	o := b.keys[from]
	if g, ok := o.value.(guest); ok {
		b.remove(to)
		b.dispatch(false, "RENAME", from, to)
		o.value = g
	}
	b.dropGuest(to)
	b.keys[to] = o
	delete(b.keys, from)
	b.signal(from)
	b.signal(to)
}

func (b *Broker) flush() {
	for _, key := range slices.Sorted(maps.Keys(b.waiting)) {
		if b.keys[key] != nil {
			b.signal(key)
		}
	}
	clear(b.keys)
	b.nextExpiry = 0
	b.redis.FlushAll()
}

// sortedKeys are all keys whose time is not over.
func (b *Broker) sortedKeys() []string {
	b.dropExpired(b.nowMillis())
	return slices.Sorted(maps.Keys(b.keys))
}

// dropExpired removes the keys whose time is over. Redis does so now and then.
func (b *Broker) dropExpired(now int64) {
	if b.nextExpiry == 0 || now <= b.nextExpiry {
		return
	}
	b.nextExpiry = 0
	var over []string
	for key, o := range b.keys {
		switch {
		case o.expires == 0:
		case now > o.expires:
			over = append(over, key)
		default:
			b.noteExpiry(o.expires)
		}
	}
	slices.Sort(over)
	for _, key := range over {
		b.remove(key)
	}
}

// expireAt sets the end of a key's time.
func (b *Broker) expireAt(o *object, when int64) {
	o.expires = when
	b.noteExpiry(when)
}

func (b *Broker) noteExpiry(when int64) {
	if b.nextExpiry == 0 || when < b.nextExpiry {
		b.nextExpiry = when
	}
}

// noteWritten breaks the transactions that watch a key named in a command.
// Any argument counts: a spurious retry is right, a missed one is not.
func (b *Broker) noteWritten(name string, args []string) {
	if b.watchers == 0 {
		return
	}
	for _, cn := range b.conns {
		if len(cn.watched) == 0 {
			continue
		}
		if name == "flushall" || name == "flushdb" {
			cn.changed = true
		}
		for _, arg := range args {
			if cn.watched[arg] {
				cn.changed = true
			}
		}
	}
}
