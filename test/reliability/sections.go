package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/leat-io/leat/internal/agree"
	"github.com/leat-io/leat/test/faults/durability"
	"github.com/leat-io/leat/test/faults/result"
)

func (p *page) opening() error {
	p.line(`# Reliability: what was promised, tried, found and lost

This page is written by a program (%s) from the results of runs, which are in [reliability/](reliability/). Nothing in it is an opinion; each
figure can be had again by a command at its end.

What is promised is in [guarantees.md](guarantees.md). Two machines try to break it. One lets real processes work on real Redis servers and
kills, stops, cuts off and misleads them; the other runs the same code against a model of Redis in simulated time, where a seed decides what
goes wrong when. Each process writes down what it does; a checker compares that with what is in Redis at the end:

| | what must hold |
| --- | --- |
| I1 | what was acknowledged to a producer was handled to completion, is a dead letter, or still pending; nothing is pending or unread when all has been mended for a while. What was refused is not there; what is unknown is there once for each try at the most |
| I2 | an entry ends in one way: it is not settled twice, nor acknowledged and a dead letter |
| I3 | nobody settles, or takes, what another one has under a lease that has not run out |
| I4 | a handler starts again for a reason: a failure, a death, a lease that ran out, a fault that touched the entry; and within the limits |
| I5 | one entry for each key of an idempotent publish *(the producer cannot do that yet)* |
| I6 | order of a key inside a consumer (OrderBy); across a group *(partitions are not there yet)* |
`, "`go run ./test/reliability`")
	return nil
}

// processes is what was done to real processes.
func (p *page) processes() error {
	p.line("## Real processes, real Redis\n")
	var sum result.Sum
	if ok, err := p.load("processes.json", &sum); !ok {
		return err
	}
	a := &sum.All
	p.line("%d rounds, %s: **%s messages** published and acknowledged, **%s kills** of processes (SIGKILL), %s stops (SIGSTOP beyond the lease), %s restarts by\nSIGTERM, **%s faults** of Redis or of the way to it. **Violations: %d.** Rounds that ended with another error: %d.\n",
		a.Rounds, a.Took.Round(time.Minute), many(a.Counts.Published), many(a.Processes.Kills+a.Processes.Suicides), many(a.Processes.Stops), many(a.Processes.Terms),
		many(a.ServerFaults), a.Violations, a.Errors)
	p.line("| scenario | rounds | published | handled | started again | dead letters | kills | stops | SIGTERM | server faults | lost by Redis | violations |")
	p.line("| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |")
	for _, name := range slices.Sorted(maps.Keys(sum.Scenarios)) {
		s := sum.Scenarios[name]
		p.line("| %s | %d | %s | %s | %s | %s | %s | %s | %s | %s | %s | %d |", name, s.Rounds, many(s.Counts.Published), many(s.Counts.Handled),
			many(s.Counts.Again), many(s.Counts.Dead), many(s.Processes.Kills+s.Processes.Suicides), many(s.Processes.Stops), many(s.Processes.Terms),
			many(s.ServerFaults), many(s.Counts.LostByRedis), s.Violations)
	}
	p.line("\nFaults, by kind: %s.\n", counts(a.Faults))
	p.line("*Lost by Redis* is what a power loss, a failover with a replica that lags, FLUSHALL, a trim or the removal of a consumer's name took: it is\ndeclared by whoever caused it, and counted. Of what was handled, %s entries were handled more than once; %s stale acknowledgements of\nworkers that stood still between the last look at the clock and the sending, or that the network held up, reached Redis (G5 says when).\n",
		many(a.Counts.Twice), many(a.Counts.PausedAcks+a.Counts.LateAcks))
	return nil
}

// recovery is how long it took until things went on: on a machine that does nothing else,
// and in all rounds.
func (p *page) recovery() error {
	p.line("## How long it takes to go on\n")
	p.line("From the fault to the first entry that is started again (*takeover*: of a worker that was killed; *outage*: of Redis or the way to it), and\nfrom the time at which all is mended (*resumed*). A dead worker's entries wait for their lease and a look of the reclaimer (an eighth of a\nlease); what a worker that was told to stop hands back does not wait. On a machine that did nothing else:\n")
	var quiet, all result.Sum
	if ok, err := p.load("recovery.json", &quiet); err != nil {
		return err
	} else if ok {
		p.times(quiet.All.Times)
	}
	if ok, err := p.load("processes.json", &all); !ok {
		return err
	}
	p.line("In the rounds above, where everything happens at once:\n")
	p.times(all.All.Times)
	return nil
}

func (p *page) times(all map[string]*result.Times) {
	p.line("| what | samples | p50 | p99 |")
	p.line("| --- | --: | --: | --: |")
	for _, what := range slices.Sorted(maps.Keys(all)) {
		t := all[what]
		p.line("| %s | %s | %s | %s |", what, many(t.Samples), short(t.Quantile(0.5)), short(t.Quantile(0.99)))
	}
	p.line("")
}

// simulated is one of the runs of docs/reliability/simulation.json: seeds from From to below Next.
type simulated struct {
	From, Next, Histories      uint64
	Seconds                    float64
	Simulated                  float64 `json:"simulated_seconds"`
	Events, Starts, Violations int
	Faults                     map[string]int
}

// add adds what another run did.
func (s *simulated) add(o simulated) {
	s.Histories += o.Histories
	s.Seconds, s.Simulated = s.Seconds+o.Seconds, s.Simulated+o.Simulated
	s.Events, s.Starts, s.Violations = s.Events+o.Events, s.Starts+o.Starts, s.Violations+o.Violations
	for name, n := range o.Faults {
		s.Faults[name] += n
	}
}

func (p *page) simulation() error {
	p.line("## Simulated histories\n")
	var runs []simulated
	if ok, err := p.load("simulation.json", &runs); !ok {
		return err
	}
	s, seeds := simulated{Faults: map[string]int{}}, []string{}
	for _, r := range runs {
		s.add(r)
		seeds = append(seeds, fmt.Sprintf("%d to %d: %d", r.From, r.Next-1, r.Violations))
	}
	p.line("The real producer and consumers, the real connections' bytes and the real scripts, on a model of Redis, in simulated time\n([internal/simulate](../internal/simulate/doc.go)). The same seed gives the same history.\n")
	p.line("**%s histories**, %s of simulated time in %s of processor time: %s events, %s starts of handlers. **Violations, by seeds: %s** (the latest last).\n",
		many(int(s.Histories)), hours(s.Simulated), hours(s.Seconds), many(s.Events), many(s.Starts), strings.Join(seeds, "; "))
	p.line("Faults, by kind: %s.\n", counts(s.Faults))
	return nil
}

// mutation is a row of docs/reliability/mutations.json.
type mutation struct {
	Name, What, File string
	Machines         map[string]struct {
		Caught    bool
		Histories uint64
		Seconds   float64
		Rule      string
		Unseen    string
	}
}

func (p *page) mutations() error {
	p.line("## Is anything noticed? Sabotage\n")
	var list []mutation
	if ok, err := p.load("mutations.json", &list); !ok {
		return err
	}
	p.line("Each mechanism was taken out, one at a time, and both machines were let loose on what was left ([test/mutations](../test/mutations/doc.go)).\n")
	p.line("| mutation | what does not hold any more | simulation: histories until it is seen | processes: seconds |")
	p.line("| --- | --- | --- | --- |")
	for _, m := range list {
		row := []string{m.Name, m.What}
		for _, machine := range []string{"simulation", "processes"} {
			o, tried := m.Machines[machine]
			switch {
			case !tried:
				row = append(row, "not tried")
			case o.Unseen != "" && !o.Caught:
				row = append(row, "not seen: "+o.Unseen)
			case !o.Caught:
				row = append(row, "**not seen**")
			case machine == "simulation" && o.Histories > 0:
				row = append(row, strings.TrimSpace(fmt.Sprintf("%d %s", o.Histories, o.Rule)))
			case machine == "simulation":
				row = append(row, "a hang or a crash")
			default:
				row = append(row, strings.TrimSpace(fmt.Sprintf("%.0f %s", o.Seconds, o.Rule)))
			}
		}
		p.line("| %s |", strings.Join(row, " | "))
	}
	p.line("")
	return nil
}

func (p *page) agreement() error {
	p.line("## The model and Redis\n")
	var list []agree.Summary
	if ok, err := p.load("agree.json", &list); !ok {
		return err
	}
	p.line("Random operations, odd and hostile ones among them, and all of leat's scripts, on the model and on a server, compared reply by reply\n([internal/agree](../internal/agree/doc.go)).\n")
	p.line("| server | operations | sequences | differences |")
	p.line("| --- | --: | --: | --: |")
	for _, s := range list {
		p.line("| %s | %s | %s | %d |", s.Server, many(s.Operations), many(s.Sequences), s.Differences)
	}
	p.line("")
	return nil
}

func (p *page) durability() error {
	p.line("## What Redis loses, by level of durability\n")
	var t durability.Table
	if ok, err := p.load("durability.json", &t); !ok {
		return err
	}
	t.WriteMarkdown(p)
	p.line("")
	return nil
}

func (p *page) found() error {
	p.line("## What was found\n")
	return p.text("found.md")
}

func (p *page) peers() error {
	p.line("## The same faults, other libraries\n")
	return p.text("peers.md")
}

func (p *page) again() error {
	p.line("## Again\n")
	p.line("```\nmake faults                                          # ten minutes of everything\nmake soak                                            # hours; goes on where it ended\ngo run ./test/faults/cmd/faults replay -scenario kill -seed 7     # a round again, its histories in ./replay\ngo test ./internal/simulate -run TestSeeds -simulate.seed 4711 -v # a history again\ngo run ./test/mutations                              # sabotage\ngo run ./test/faults/durability/cmd                  # losses by level\nmake agree                                           # model against servers\ncd bench && go run ./faults                          # the peers\ngo run ./test/reliability                            # this page\n```")
	return nil
}

// many is a number with its thousands apart.
func many(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// counts lists how often what happened.
func counts(of map[string]int) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(of)) {
		parts = append(parts, fmt.Sprintf("%s %s", name, many(of[name])))
	}
	return strings.Join(parts, ", ")
}

func short(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.2f s", d.Seconds())
}

func hours(seconds float64) string { return fmt.Sprintf("%.1f hours", seconds/3600) }
