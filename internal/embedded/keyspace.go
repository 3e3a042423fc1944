package embedded

import (
	"strconv"
)

// A stream's data live here, but its key lives in miniredis: there a small
// stream of one entry, the marker, stands for it, so that TYPE, EXISTS, DEL,
// EXPIRE, RENAME, SCAN and FLUSHALL work as for every other key. The marker
// holds the ident under which the data are found.

// stream finds the stream at key; both results are nil when there is none.
func (b *Broker) stream(key string) (*stream, any) {
	marker, err := b.redis.Stream(key)
	if err != nil {
		return nil, wrongType
	}
	if len(marker) == 0 {
		return nil, nil
	}
	s := b.streams[marker[0].Values[0]]
	if s != nil {
		s.key = key // it may have been renamed
	}
	return s, nil
}

// createStream makes an empty stream at a key that is free.
func (b *Broker) createStream(key string) (*stream, any) {
	b.made++
	s := &stream{ident: strconv.FormatInt(b.made, 10), key: key, groups: map[string]*group{}}
	if _, err := b.redis.XAdd(key, "1-1", []string{s.ident, ""}); err != nil {
		return nil, failure("ERR create stream: " + err.Error())
	}
	b.streams[s.ident] = s
	return s, nil
}

// group finds a consumer group; it is nil when the stream or it is missing.
func (b *Broker) group(key, name string) (*stream, *group, any) {
	s, fail := b.stream(key)
	if s == nil {
		return nil, nil, fail
	}
	return s, s.groups[name], nil
}

// dropGoneStreams frees what was deleted, overwritten or has expired. A key
// that was renamed since it was last used is looked for among all keys.
func (b *Broker) dropGoneStreams() {
	var lost []*stream
	for _, s := range b.streams {
		if b.identAt(s.key) != s.ident {
			lost = append(lost, s)
		}
	}
	if len(lost) == 0 {
		return
	}
	at := map[string]string{}
	for _, key := range b.redis.Keys() {
		if ident := b.identAt(key); ident != "" {
			at[ident] = key
		}
	}
	for _, s := range lost {
		if key, ok := at[s.ident]; ok {
			s.key = key
		} else {
			delete(b.streams, s.ident)
		}
	}
}

func (b *Broker) identAt(key string) string {
	marker, err := b.redis.Stream(key)
	if err != nil || len(marker) == 0 {
		return ""
	}
	return marker[0].Values[0]
}

// noteWritten breaks the transactions that watch a key named in a command.
// Any argument counts: a spurious retry is right, a missed one is not.
func (b *Broker) noteWritten(name string, args []string) {
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
