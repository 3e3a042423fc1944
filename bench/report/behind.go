package report

import "fmt"

// comparison of leat with one rival by one measure.
type comparison struct {
	rival    string
	measure  measure
	lead     spread // above 1: leat is ahead
	possible bool   // there is something to compare
	ahead    bool
}

// compare leat with a rival. A rival that has a figure is ahead where leat only
// failed.
func (r *report) compare(rival string, m measure) comparison {
	c := comparison{rival: rival, measure: m}
	mine, theirs := r.figures.spread(m.job(ours), m.of), r.figures.spread(m.job(rival), m.of)
	if theirs.N == 0 {
		return c
	}
	if mine.N == 0 {
		c.possible = len(r.figures.failed(m.job(ours))) > 0
		return c
	}
	c.possible = true
	c.lead = r.lead(rival, m)
	if c.lead.N == 0 { // no round has both, because each failed in others
		c.ahead = (mine.Median > theirs.Median) != m.lower && mine.Median != theirs.Median
		return c
	}
	c.ahead = c.lead.Median > 1
	return c
}

// behind are the rows where leat is not ahead, in the order of the table.
func (r *report) behind() []comparison {
	var all []comparison
	for _, m := range r.measures() {
		for _, rival := range r.rivals() {
			if c := r.compare(rival, m); c.possible && !c.ahead {
				all = append(all, c)
			}
		}
	}
	return all
}

// writeBehind lists what leat is not best at, and why as far as that is known.
func (r *report) writeBehind(p *page) {
	if len(r.columns) == 0 {
		return
	}
	p.heading("Where leat is not ahead")
	rows := r.behind()
	if len(rows) == 0 {
		p.paragraph("In no row of the table, costs included.")
		return
	}
	p.paragraph("All rows of the table, costs included, in which another library or a plain client does as well as leat or better. " +
		"Where leat was ahead in some rounds and behind in others, the row is level, and no cause is looked for.")
	var cells [][]string
	for _, c := range rows {
		cells = append(cells, []string{
			plain(c.measure.name), plain(c.rival), r.cell(ours, c.measure), r.cell(c.rival, c.measure), behindBy(c), r.explain(c),
		})
	}
	p.table([]string{"row", "contender", "leat's", "theirs", "times that leat is ahead", "why"}, cells)
}

func behindBy(c comparison) string {
	switch c.lead.N {
	case 0:
		return "-"
	case 1:
		return times(c.lead.Median)
	}
	return fmt.Sprintf("%s %s", times(c.lead.Median), span(c.lead, times))
}

// level is what is said instead of a cause where there may be none: who is ahead
// depends on the round.
const level = "level: the rounds' spread includes 1"

// level tells whether it depends on the round who is ahead.
func (c comparison) level() bool { return c.lead.N > 1 && c.lead.Min <= 1 && c.lead.Max >= 1 }

func (r *report) explain(c comparison) string {
	if c.level() {
		return plain(level)
	}
	for _, peer := range []string{c.rival, ""} {
		if why, ok := r.explanations[pairing{c.measure.name, peer}]; ok {
			return plain(why)
		}
	}
	return "not explained yet"
}
