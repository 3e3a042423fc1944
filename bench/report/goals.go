package report

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/leat-io/leat/bench/result"
)

// goal is a line of what leat sets out to reach, and what the run says of it.
type goal struct {
	number   int
	text     string
	measured string
	rounds   int // that the measured figure is the median of
	met      bool
}

// wantedRounds is how many rounds a median needs for a goal to be taken as checked.
const wantedRounds = 5

// verdict in plain words. Without a figure there is none.
func (g goal) verdict() string {
	switch {
	case g.rounds == 0:
		return "not measured"
	case g.met:
		return "met" + g.of()
	}
	return "**NOT met**" + g.of()
}

// of says so where there were fewer rounds than a median needs.
func (g goal) of() string {
	if g.rounds >= wantedRounds {
		return ""
	}
	return ", in " + plural(g.rounds, "round", "rounds")
}

// bound is what a figure has to keep to.
type bound struct {
	limit float64
	holds func(v float64) bool
}

func atLeast(limit float64) bound { return bound{limit, func(v float64) bool { return v >= limit }} }

func atMost(limit float64) bound { return bound{limit, func(v float64) bool { return v <= limit }} }
func above(limit float64) bound  { return bound{limit, func(v float64) bool { return v > limit }} }
func below(limit float64) bound  { return bound{limit, func(v float64) bool { return v < limit }} }

// tell a figure. One that is on one side of the limit and would be rounded to the
// limit itself gets a word that says on which.
func (b bound) tell(v float64, format func(float64) string) string {
	text := format(v)
	switch {
	case v < b.limit && text == format(b.limit):
		return "just below " + text
	case v > b.limit && text == format(b.limit):
		return "just above " + text
	}
	return text
}

// check a median against a bound.
func check(number int, text string, s spread, b bound, format func(float64) string) goal {
	g := goal{number: number, text: text, measured: "-", rounds: s.N}
	if s.N == 0 {
		return g
	}
	g.measured = b.tell(s.Median, format)
	if s.N > 1 {
		g.measured += " " + span(s, format)
	}
	g.met = b.holds(s.Median)
	return g
}

// at is the place of a contender in one of the tables' kinds.
func at(contender string, kind result.Kind) result.Job {
	return result.Job{Contender: contender, Kind: kind}
}

// goals are all lines, in their order.
func (r *report) goals() []goal {
	return slices.Concat(r.limitGoals(), r.peerGoals(), r.latencyGoals(), r.growthGoals(), r.memoryGoals(), r.costGoals())
}

// limitGoals compare with what the protocol allows.
func (r *report) limitGoals() []goal {
	f := r.figures
	rateGoal := func(text string, kind result.Kind, limit float64) goal {
		return check(1, fmt.Sprintf("%s: at least %.2f of the bare protocol's rate", text, limit),
			f.ratio(at(ours, kind), at(bare, kind), perSecond), atLeast(limit), share)
	}
	return []goal{
		rateGoal("consume a backlog", result.Consume, 0.85),
		rateGoal("publish", result.Publish, 0.85),
		rateGoal("end to end", result.EndToEnd, 0.80),
		check(1, "at most 0.1 allocations a message when consuming",
			f.spread(at(ours, result.Consume), allocs), atMost(0.1), perMessage),
		check(1, "at most 1 allocation a message when publishing",
			f.spread(at(ours, result.Publish), allocs), atMost(1), perMessage),
	}
}

// peerGoals compare with the other libraries.
func (r *report) peerGoals() []goal {
	consume := func(peer string) spread {
		return r.figures.ratio(at(ours, result.Consume), at(peer, result.Consume), perSecond)
	}
	var goals []goal
	for _, peer := range []struct {
		name  string
		times float64
	}{{"watermill-redisstream", 10}, {"asynq", 15}, {"taskq", 7}, {"redisqueue", 4}} {
		goals = append(goals, check(2, fmt.Sprintf("consume a backlog: at least %gx %s", peer.times, peer.name),
			consume(peer.name), atLeast(peer.times), multiple))
	}
	for _, name := range []string{goRedis, rueidis} {
		goals = append(goals, check(2, "consume a backlog: ahead of "+name+", written well", consume(name), above(1), multiple))
	}
	return append(goals, r.everyRow())
}

// everyRow is about rates and latencies; what leat costs more than others is
// listed with the rows where it is not ahead, but is no matter of speed. Where it depends
// on the round who is ahead, neither is.
func (r *report) everyRow() goal {
	g := goal{number: 2, text: "behind no other contender on any other row, unless the rounds disagree who is: publish, end to end, latency, slow handlers", measured: "-"}
	compared, behind, even := 0, 0, 0
	for _, m := range r.measures() {
		if m.kind == result.Consume || (m.kind == result.Publish && m.lower) {
			continue
		}
		for _, rival := range r.rivals() {
			c := r.compare(rival, m)
			if !c.possible {
				continue
			}
			compared++
			switch {
			case c.level():
				even++
			case !c.ahead:
				behind++
			}
			if g.rounds == 0 || (c.lead.N > 0 && c.lead.N < g.rounds) {
				g.rounds = max(c.lead.N, 1)
			}
		}
	}
	if compared > 0 {
		g.measured = fmt.Sprintf("ahead in %d of %s", compared-behind-even, plural(compared, "row", "rows"))
		if even > 0 {
			g.measured += fmt.Sprintf(", level in %d, behind in %d", even, behind)
		}
		g.met = behind == 0
	}
	return g
}

// latencyGoals are about what a single message waits, and about handlers that wait.
func (r *report) latencyGoals() []goal {
	thousand := func(contender string) result.Job {
		return result.Job{Contender: contender, Kind: result.Slow, Concurrency: 1000}
	}
	slow := check(4, "1,000 handlers of 1 ms: at least 0.9 of the ideal, as many goroutines that only sleep",
		r.figures.spread(thousand(ours), idealShare), atLeast(0.9), share)
	if s := r.figures.spread(thousand(bare), idealShare); slow.rounds > 0 && s.N > 0 {
		slow.measured += "; the bare protocol " + share(s.Median)
	}
	return []goal{
		check(3, "latency at 1,000 a second: p99 at most 1.5x that of the bare protocol",
			r.figures.ratio(at(ours, result.Latency), at(bare, result.Latency), p99), atMost(1.5), multiple),
		slow,
		check(4, "the same: at least 0.9 of what the bare protocol reaches",
			r.figures.ratio(thousand(ours), thousand(bare), perSecond), atLeast(0.9), share),
	}
}

// costGoals: CPU time of the client, beside it what the protocol layer takes of it; and
// what client and server spend together.
func (r *report) costGoals() []goal {
	a, b := at(ours, result.Consume), at(bare, result.Consume)
	client := check(7, "client CPU a message, consuming at least once: at most 1.3x the bare protocol's",
		r.figures.ratio(a, b, clientCPU), atMost(1.3), multiple)
	if s := r.figures.ratio(at(layer, result.Consume), b, clientCPU); client.rounds > 0 && s.N > 0 {
		client.measured += "; leat's protocol layer alone, in one goroutine and with Reuse, " + multiple(s.Median)
	}
	return []goal{client, check(7, "CPU a message, client and server together: at most 1.3x of what it is with the bare protocol",
		r.figures.ratio(a, b, bothCPU), atMost(1.3), multiple)}
}

// writeGoals is the table of all lines, and how many are met.
func (r *report) writeGoals(p *page) {
	p.heading("Goals")
	p.paragraph("What leat sets out to reach, and what this run says of it: medians of the rounds, [minimum - maximum] beside them. " +
		"Ratios are taken within a round.")
	var rows [][]string
	met, measured, few := 0, 0, false
	for _, g := range r.goals() {
		rows = append(rows, []string{strconv.Itoa(g.number), plain(g.text), g.measured, strconv.Itoa(g.rounds), g.verdict()})
		if g.rounds > 0 {
			measured++
			few = few || g.rounds < wantedRounds
		}
		if g.met {
			met++
		}
	}
	p.table([]string{"", "goal", "measured", "rounds", "verdict"}, rows)
	text := fmt.Sprintf("Of %d lines %d were measured, and %d of these are met.", len(rows), measured, met)
	if few {
		text += fmt.Sprintf(" The goals ask for medians of at least %d rounds; where there were fewer, the verdict says so.", wantedRounds)
	}
	p.paragraph(text)
}
