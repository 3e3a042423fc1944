package agree

import (
	"slices"
	"strings"
)

// compareState asks both for all that they hold.
func (l *Lab) compareState(r *Result) error {
	client := -1
	for i := range Clients {
		if !l.busy(i) {
			client = i
		}
	}
	if client < 0 {
		return nil // all are blocked
	}
	// A client inside MULTI must leave it first; an error is the same on both.
	questions := [][]string{{"DISCARD"}, {"KEYS", "*"}}
	keys := l.ask("KEYS", "*")
	slices.Sort(keys)
	for _, key := range keys {
		questions = append(questions, l.questions(key)...)
	}
	n := len(r.Operations)
	for _, args := range questions {
		r.Operations = append(r.Operations, Operation{Client: client, Args: args})
		if err := l.step(r.Operations[len(r.Operations)-1], r); err != nil || r.Difference != nil || r.Known != "" {
			return err
		}
	}
	r.Operations = r.Operations[:n]
	return nil
}

// questions are those about one key.
func (l *Lab) questions(key string) [][]string {
	list := [][]string{{"TYPE", key}, {"PTTL", key}}
	switch strings.Join(l.ask("TYPE", key), "") {
	case "string":
		list = append(list, []string{"GET", key})
	case "hash":
		list = append(list, []string{"HGETALL", key})
	case "zset":
		list = append(list, []string{"ZRANGE", key, "0", "-1", "WITHSCORES"})
	case "list":
		list = append(list, []string{"LRANGE", key, "0", "-1"})
	case "set":
		list = append(list, []string{"SMEMBERS", key})
	case "stream":
		list = append(list, []string{"XRANGE", key, "-", "+"}, []string{"XINFO", "STREAM", key}, []string{"XINFO", "GROUPS", key})
		for _, group := range namesOf(l.ask("XINFO", "GROUPS", key)) {
			list = append(list, []string{"XINFO", "CONSUMERS", key, group}, []string{"XPENDING", key, group}, []string{"XPENDING", key, group, "-", "+", "1000"})
		}
	}
	return list
}
