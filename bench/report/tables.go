package report

import (
	"slices"
	"strings"
)

// writeTable is the big table: what every contender did and what it cost.
func (r *report) writeTable(p *page) {
	if len(r.columns) == 0 {
		return
	}
	p.heading("The table")
	p.paragraph("Medians of all rounds, with [minimum - maximum] for rates. *Slow handlers* take 1 ms each: the rate with so many " +
		"of them at once, and its share of the ideal, which is the rate of as many goroutines in the same process that do " +
		"nothing but sleep so long. CPU, allocations and bytes are those of one message, in the client's process; *server CPU* is " +
		"redis-server's. Memory is the peak of the client's process while it consumes. \"-\": not measured.")
	header := []string{"contender"}
	for _, c := range r.columns {
		header = append(header, c.title)
	}
	var rows [][]string
	for _, c := range r.contenders {
		row := []string{strong(c.Name)}
		for _, col := range r.columns {
			row = append(row, r.columnCell(c.Name, col))
		}
		rows = append(rows, row)
	}
	p.table(header, rows)
}

func (r *report) columnCell(contender string, c column) string {
	var cells []string
	for _, m := range c.measures {
		if c.terse {
			cells = append(cells, r.figures.terse(m.job(contender), m.of, m.format))
		} else {
			cells = append(cells, r.cell(contender, m))
		}
	}
	text := strings.Join(cells, " / ")
	j := c.measures[0].job(contender)
	if s := r.figures.spread(j, c.measures[0].of); s.N > 1 && c.span {
		text += "<br>" + span(s, c.measures[0].format)
	}
	if s := r.figures.spread(j, idealShare); s.N > 0 && c.share {
		text += "<br>" + percent(s.Median) + " of the ideal"
	}
	return text
}

// writeRatios are the same figures as multiples of the limit's, and against leat.
func (r *report) writeRatios(p *page) {
	ms := slices.DeleteFunc(r.measures(), func(m measure) bool { return m.noRatio })
	header := []string{"contender"}
	for _, m := range ms {
		header = append(header, m.name)
	}
	p.heading("Against the bare protocol")
	p.paragraph("The contender's figure divided by the bare protocol's in the same round; the median of these ratios. 1 is what a " +
		"hand-written client reaches with the same entries; of rates more is better, of times and costs less.")
	p.table(header, r.ratioRows(ms, r.but(bare), func(contender string, m measure) string {
		return r.ratioCell(r.figures.ratio(m.job(contender), m.job(bare), m.of))
	}))
	p.heading("leat against the others")
	p.paragraph("How many times leat is ahead: its rate divided by theirs, their time or cost divided by its own, within the same " +
		"round; the median of these ratios. Where leat is not ahead the figure is bold.")
	p.table(header, r.ratioRows(ms, r.rivals(), func(contender string, m measure) string {
		lead := r.lead(contender, m)
		if lead.N > 0 && lead.Median <= 1 {
			return "**" + times(lead.Median) + "**"
		}
		return r.ratioCell(lead)
	}))
}

// but are all contenders but one.
func (r *report) but(reference string) []string {
	var names []string
	for _, c := range r.contenders {
		if c.Name != reference {
			names = append(names, c.Name)
		}
	}
	return names
}

func (r *report) ratioRows(ms []measure, contenders []string, cell func(string, measure) string) [][]string {
	var rows [][]string
	for _, name := range contenders {
		row := []string{strong(name)}
		for _, m := range ms {
			row = append(row, cell(name, m))
		}
		rows = append(rows, row)
	}
	return rows
}

func (r *report) ratioCell(s spread) string {
	if s.N == 0 {
		return "-"
	}
	return times(s.Median)
}

// lead is how many times leat is better than another contender: above 1 it is ahead.
func (r *report) lead(rival string, m measure) spread {
	if m.lower {
		return r.figures.ratio(m.job(rival), m.job(ours), m.of)
	}
	return r.figures.ratio(m.job(ours), m.job(rival), m.of)
}

// strong prints our own row so that the eye finds it.
func strong(contender string) string {
	if contender == ours {
		return "**" + ours + "**"
	}
	return plain(contender)
}
