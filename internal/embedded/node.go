package embedded

import "slices"

// Redis' defaults for stream-node-max-entries and stream-node-max-bytes.
const (
	nodeMaxEntries = 100
	nodeMaxBytes   = 4096
)

// A node stands for one of Redis' tree: a listpack of some entries. It holds
// no data, only what decides where the next entry goes and what MAXLEN ~ and
// MINID ~ remove, which is whole nodes.
type node struct {
	first, last entryID
	fields      []string // names and values of its first entry; what has the same names takes less room
	live        int
	count       int // live or deleted
	bytes       int
}

// nodeFor says in which node the next entry goes, and makes room for it there.
func (s *stream) nodeFor(id entryID, fields []string) *node {
	texts := 0
	for _, f := range fields {
		texts += len(f)
	}
	var n *node
	if len(s.nodes) > 0 {
		n = s.nodes[len(s.nodes)-1]
	}
	if n == nil || n.bytes+texts >= nodeMaxBytes || n.count >= nodeMaxEntries {
		n = newNode(id, fields)
		s.nodes = append(s.nodes, n)
	}
	n.add(id, fields)
	return n
}

// newNode is a listpack that has its head only: six bytes, and one at the end;
// then two counters, the names of the fields with their number, and a zero.
func newNode(id entryID, fields []string) *node {
	n := &node{first: id, fields: fields, bytes: 6 + 1}
	n.bytes += 3*listpackInt(0) + listpackInt(int64(len(fields)/2))
	for i := 0; i < len(fields); i += 2 {
		n.bytes += listpackText(fields[i])
	}
	return n
}

// add puts an entry behind the others: its flags, its ID as the difference to
// the first one, its fields, and how many pieces all that was.
func (n *node) add(id entryID, fields []string) {
	n.bytes += listpackInt(0) + listpackInt(int64(id.ms-n.first.ms)) + listpackInt(int64(id.seq-n.first.seq))
	pieces := len(fields)/2 + 3
	same := n.sameNames(fields)
	if !same {
		pieces += len(fields)/2 + 1
		n.bytes += listpackInt(int64(len(fields) / 2))
	}
	for i, f := range fields {
		if i%2 == 1 || !same {
			n.bytes += listpackText(f)
		}
	}
	n.bytes += listpackInt(int64(pieces))
	n.last = id
	n.live++
	n.count++
}

func (n *node) sameNames(fields []string) bool {
	if len(fields) != len(n.fields) {
		return false
	}
	for i := 0; i < len(fields); i += 2 {
		if fields[i] != n.fields[i] {
			return false
		}
	}
	return true
}

// listpackText is how many bytes a text takes in a listpack. One that is an
// integer is kept as one.
func listpackText(s string) int {
	if v, ok := parseInt(s); ok {
		return listpackInt(v)
	}
	size := len(s)
	switch {
	case size < 64:
		size++
	case size < 4096:
		size += 2
	default:
		size += 5
	}
	return size + lengthBytes(size)
}

func listpackInt(v int64) int {
	size := 9
	switch {
	case v >= 0 && v < 1<<7:
		size = 1
	case v >= -1<<12 && v < 1<<12:
		size = 2
	case v >= -1<<15 && v < 1<<15:
		size = 3
	case v >= -1<<23 && v < 1<<23:
		size = 4
	case v >= -1<<31 && v < 1<<31:
		size = 5
	}
	return size + lengthBytes(size)
}

// lengthBytes is what the length of a piece takes behind it.
func lengthBytes(size int) int {
	switch {
	case size <= 127:
		return 1
	case size < 16383:
		return 2
	case size < 2097151:
		return 3
	case size < 268435455:
		return 4
	}
	return 5
}

// dropEntry takes one entry out of its node, and the node out of the tree when
// that was the last one.
func (s *stream) dropEntry(n *node) {
	if n.live--; n.live == 0 {
		i := slices.Index(s.nodes, n)
		s.nodes = slices.Delete(s.nodes, i, i+1)
	}
}

// trim removes old entries, whole nodes first, and says how many.
func (s *stream) trim(t trim) int64 {
	removed := int64(0)
	length := int64(len(s.entries))
	nodes := 0
	for _, n := range s.nodes {
		live := int64(n.live)
		if !t.byID && length <= t.maxLen || t.limit > 0 && removed+live > t.limit {
			break
		}
		if t.byID && n.last.compare(t.minID) < 0 || !t.byID && length-live >= t.maxLen {
			nodes++
			removed += live
			length -= live
			continue
		}
		if !t.approx {
			part := length - t.maxLen
			if t.byID {
				part = int64(s.from(t.minID)) - removed
			}
			n.live -= int(part) // and stays, even with nothing left in it
			removed += part
		}
		break
	}
	s.nodes = slices.Delete(s.nodes, 0, nodes)
	clear(s.entries[:removed]) // lets go of the fields while the array lives on
	s.entries = s.entries[removed:]
	return removed
}
