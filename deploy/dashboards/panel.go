package main

// kind is how a panel shows its queries.
type kind int

const (
	stat  kind = iota // the last value, large, with its course behind it
	graph             // lines over time
	heat              // a histogram over time
	table             // a row for each series, a column for each query
)

// query is what a panel asks Prometheus. Its expression has no matchers for the
// dashboard's variables: they are put in where the metric has the label.
type query struct {
	expr, legend string
	unit         string // of a table's column
	steps        []step // of a table's column
}

// step is a value from which on something has another colour.
type step struct {
	from  float64
	color string
}

// panel is one panel: a title, what it means and when to worry, and its queries.
type panel struct {
	kind          kind
	title, why    string
	unit          string
	queries       []query
	width, height uint32
	steps         []step
	runbooks      []string
	top           *float64 // of the axis
	stacked       bool
	exemplars     bool
	text          bool // a stat whose series' names are what it says
	link          link // from a table's rows
}

// link leads from a row to another dashboard.
type link struct {
	column, uid string
	labels      []string // that are handed over as variables
}

const (
	orange = "orange"
	red    = "red"
	green  = "green"
)

// number is a stat of one query.
func number(title, unit, expr, why string) *panel {
	return &panel{kind: stat, title: title, unit: unit, why: why, queries: []query{{expr: expr}}, width: 4, height: 4}
}

// lines is a graph.
func lines(title, unit, why string, queries ...query) *panel {
	return &panel{kind: graph, title: title, unit: unit, why: why, queries: queries, width: 8, height: 8}
}

// buckets is a heat map of a histogram's classic buckets.
func buckets(title, unit, why, expr string) *panel {
	return &panel{kind: heat, title: title, unit: unit, why: why, queries: []query{{expr: expr, legend: "{{le}}"}}, width: 8, height: 8}
}

// rows is a table whose queries are its columns, named by their legends.
func rows(title, why string, columns ...query) *panel {
	return &panel{kind: table, title: title, why: why, queries: columns, width: 24, height: 9}
}

// line is a query of a graph.
func line(expr, legend string) query { return query{expr: expr, legend: legend} }

// column is a query of a table.
func column(name, unit, expr string, steps ...step) query {
	return query{expr: expr, legend: name, unit: unit, steps: steps}
}

// worry colours a panel from a value on, and more from another one on.
func (p *panel) worry(orangeFrom, redFrom float64) *panel {
	p.steps = []step{{orangeFrom, orange}, {redFrom, red}}
	return p
}

// alarm colours a panel red unless it is 0.
func (p *panel) alarm() *panel {
	p.steps = []step{{1, red}}
	return p
}

// wanted colours a panel red when it is 0.
func (p *panel) wanted() *panel {
	p.steps = []step{{1, green}}
	return p
}

// see names runbooks.
func (p *panel) see(runbooks ...string) *panel {
	p.runbooks = runbooks
	return p
}

// half makes the panel half as wide as the dashboard.
func (p *panel) half() *panel {
	p.width = 12
	return p
}

// stack puts the lines on top of each other.
func (p *panel) stack() *panel {
	p.stacked = true
	return p
}

// upTo ends the axis.
func (p *panel) upTo(most float64) *panel {
	p.top = &most
	return p
}

// examples asks for exemplars, too.
func (p *panel) examples() *panel {
	p.exemplars = true
	return p
}

// names makes a stat say its series' names, not their values.
func (p *panel) names(legend string) *panel {
	p.text = true
	p.queries[0].legend = legend
	return p
}

// leads makes a table's column lead to a dashboard, with labels as its variables.
func (p *panel) leads(column, uid string, labels ...string) *panel {
	p.link = link{column, uid, labels}
	return p
}
