package agree

import (
	"fmt"
	"slices"
	"strings"
)

// A Source gives the operations of a sequence one after the other; ok is false
// at its end. It may look at the model to choose what makes sense.
type Source interface {
	Next(model Asker) (o Operation, ok bool)
}

// An Asker answers questions about what the model holds. They change nothing.
type Asker func(args ...string) []string

// A Result is what came of one sequence.
type Result struct {
	Operations []Operation
	Difference *Difference
	Known      string // why the sequence ended before its time: a known difference
	Tallies    map[string]Tally
}

// A Tally is how often one command, or script of leat, was answered, and how
// often with an error. Under "(woken)" are the answers of blocked clients.
type Tally struct {
	Answers int `json:"answers"`
	Errors  int `json:"errors"`
}

func (r *Result) count(o Operation, a answer) {
	name := o.name()
	if a.client != o.Client || len(o.Args) == 0 {
		name = "(woken)"
	} else if o.Script != "" && strings.HasPrefix(name, "EVAL") {
		name = o.Script + ".lua"
	}
	t := r.Tallies[name]
	t.Answers++
	if len(a.server) > 0 && a.server[0] == '-' {
		t.Errors++
	}
	r.Tallies[name] = t
}

// Try runs a sequence on both sides until it ends or they differ.
func (l *Lab) Try(source Source) (r Result, err error) {
	r.Tallies = map[string]Tally{}
	if err := l.reset(); err != nil {
		return r, fmt.Errorf("reset: %w", err)
	}
	for r.Difference == nil && r.Known == "" {
		o, ok := source.Next(l.ask)
		if !ok {
			break
		}
		if len(o.Args) > 0 && l.busy(o.Client) {
			continue // it is blocked, so that nothing can come from it
		}
		r.Operations = append(r.Operations, o)
		if err := l.step(o, &r); err != nil {
			return r, fmt.Errorf("%v: %w", o, err)
		}
	}
	if r.Difference == nil && r.Known == "" {
		err = l.compareState(&r)
	}
	return r, err
}

// busy says whether a client is blocked on either side.
func (l *Lab) busy(client int) bool { return l.waiting[client] != nil || l.wires[client].blocked }

// step carries out one operation and compares.
func (l *Lab) step(o Operation, r *Result) error {
	answers, err := l.do(o)
	if err != nil {
		return err
	}
	for _, a := range answers {
		r.count(o, a)
		model, server, ok := l.same(o, a)
		if ok {
			continue
		}
		if rule := l.rules.explain(o, model, server); rule != nil {
			r.Known = rule.reason
			return nil
		}
		r.Difference = &Difference{Operations: r.Operations, Client: a.client, Model: model, Server: server}
		return nil
	}
	return nil
}

// ask sends a question to the model alone and lists the words of the answer.
func (l *Lab) ask(args ...string) []string {
	reply, blocked := l.operator.Begin(args)
	if blocked != nil || reply == nil {
		return nil
	}
	n, err := parseReply(reply)
	if err != nil {
		return nil
	}
	var list []string
	n.each(func(n *node) {
		if !n.isList() && n.kind != '-' {
			list = append(list, n.text)
		}
	})
	return list
}

// A list is a source that was written down.
type list struct {
	operations []Operation
	at         int
}

func (s *list) Next(Asker) (Operation, bool) {
	if s.at == len(s.operations) {
		return Operation{}, false
	}
	s.at++
	return s.operations[s.at-1], true
}

// Replay runs operations that were written down.
func (l *Lab) Replay(operations []Operation) (Result, error) {
	return l.Try(&list{operations: operations})
}

// Shrink takes out of a difference's operations what it does not need: halves
// of them first, single ones last.
func (l *Lab) Shrink(d *Difference) (*Difference, error) {
	best := d
	for size := len(best.Operations) / 2; size >= 1; size /= 2 {
		for smaller := true; smaller; {
			before := len(best.Operations)
			for at := 0; at < len(best.Operations); {
				end := min(at+size, len(best.Operations))
				r, err := l.Replay(slices.Concat(best.Operations[:at], best.Operations[end:]))
				smallerOne := r.Difference
				if err == nil && smallerOne != nil {
					smallerOne, err = l.confirm(smallerOne)
				}
				if err != nil {
					return best, err
				}
				if smallerOne != nil && len(smallerOne.Operations) < len(best.Operations) {
					best = smallerOne
				} else {
					at = end
				}
			}
			smaller = len(best.Operations) < before
		}
	}
	best.Seed = d.Seed
	return best, nil
}

// String tells what differs, and the commands to see it again.
func (d *Difference) String() string {
	var s strings.Builder
	fmt.Fprintf(&s, "model and server differ (seed %d):\n", d.Seed)
	for _, o := range d.Operations {
		fmt.Fprintf(&s, "  %v\n", o)
	}
	fmt.Fprintf(&s, "client %d got\n  from the model:  %s\n  from the server: %s", d.Client, d.Model, d.Server)
	return s.String()
}
