package producer

import "slices"

// queue is first in, first out. The memory of what has left is used again.
type queue[T any] struct {
	items []T // from head on
	head  int
}

func (q *queue[T]) len() int { return len(q.items) - q.head }

// first and last are the zero value when there is none.
func (q *queue[T]) first() (v T) {
	if q.len() > 0 {
		v = q.items[q.head]
	}
	return v
}

func (q *queue[T]) last() (v T) {
	if q.len() > 0 {
		v = q.items[len(q.items)-1]
	}
	return v
}

func (q *queue[T]) push(v T) {
	if len(q.items) == cap(q.items) && q.head > len(q.items)/2 {
		n := copy(q.items, q.items[q.head:])
		clear(q.items[n:])
		q.items, q.head = q.items[:n], 0
	}
	q.items = append(q.items, v)
}

// unpop puts v before the first.
func (q *queue[T]) unpop(v T) {
	if q.head == 0 {
		q.items = slices.Insert(q.items, 0, v)
		return
	}
	q.head--
	q.items[q.head] = v
}

// pop removes the first; there must be one.
func (q *queue[T]) pop() (v T) {
	v, q.items[q.head] = q.items[q.head], v
	if q.head++; q.head == len(q.items) {
		q.items, q.head = q.items[:0], 0
	}
	return v
}
